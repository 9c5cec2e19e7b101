"""A request on its way: checked when it is made, changed by each redirect.  No I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from perilune import __version__
from perilune.services.http.remembered import remembered
from perilune.services.http.target import RequestTarget, parse_target, quoted
from perilune.services.http.types import HTTPClientError, Request

USER_AGENT = f"Perilune/{__version__}"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_METHOD_CHARS = 32
_OWN_HEADERS = frozenset(
    {
        "Connection",
        "Content-Length",
        "Expect",
        "Host",
        "Keep-Alive",
        "Proxy-Connection",
        "Te",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    }
)
"""How a message is framed and who is asked is decided here alone."""
_SECRET_HEADERS = frozenset({"Authorization", "Cookie", "Proxy-Authorization", "Www-Authenticate"})
_BODY_HEADERS = frozenset({"Content-Type", "Content-Encoding", "Content-Language"})
_REDIRECTS_AS_THEY_ARE = (307, 308)
_UPGRADE = (("http", 80), ("https", 443))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """One request as it is sent."""

    method: str
    target: RequestTarget
    shown: str
    """The URL for error messages."""
    headers: Mapping[str, str]
    """Canonical names, those of the caller only."""
    body: bytes

    @property
    def takes_gzip(self) -> bool:
        """Whether the answer may come compressed without its receiver knowing."""
        is_plain = "Accept-Encoding" not in self.headers and "Range" not in self.headers
        return is_plain and self.method != "HEAD"

    def wire_headers(self) -> dict[str, str]:
        """Return the headers to send: those of the caller and our own."""
        headers = {"User-Agent": USER_AGENT, **self.headers}
        if self.takes_gzip:
            headers["Accept-Encoding"] = "gzip"
        if self.target.authorization:
            headers.setdefault("Authorization", self.target.authorization)
        return headers

    def redirected(self, status: int, location: str) -> "OutgoingRequest":
        """Return the request that follows a redirect with *status* to *location*.

        Raises:
            HTTPClientError: *location* is no URL.
        """
        try:
            target = self.target.joined(location)
        except HTTPClientError as error:
            raise self.failure(f"failed to follow {quoted(location)}: {error}") from error
        method, body, dropped = self.method, self.body, {"Referer"}
        if status not in _REDIRECTS_AS_THEY_ARE:
            method, body = ("HEAD" if method == "HEAD" else "GET"), b""
            dropped |= _BODY_HEADERS
        if not _may_share_secrets(self.target, target):
            dropped |= _SECRET_HEADERS
        headers = {name: value for name, value in self.headers.items() if name not in dropped}
        # Referrer Policy, strict-origin-when-cross-origin: queries carry keys and signatures.
        if self.target.origin == target.origin:
            headers["Referer"] = self.target.url
        elif not (self.target.scheme == "https" and target.scheme == "http"):
            headers["Referer"] = f"{self.target.origin}/"
        return OutgoingRequest(
            method=method, target=target, shown=target.url, headers=headers, body=body
        )

    def failure(self, reason: str) -> HTTPClientError:
        """Return the error for a request that got no response."""
        name = self.method.capitalize()
        return HTTPClientError(f"HTTP request failed: {name} {quoted(self.shown)}: {reason}")


def build_request(request: Request) -> OutgoingRequest:
    """Check *request* and make ready what is sent.

    Raises:
        HTTPClientError: it can't be sent.
    """
    method = request.method.upper() or "GET"
    # CONNECT asks for a tunnel, which nobody here could use.
    if not _TOKEN.fullmatch(method) or len(method) > _MAX_METHOD_CHARS or method == "CONNECT":
        raise HTTPClientError(
            f"failed to create request: net/http: invalid method {quoted(request.method)}"
        )
    try:
        target = parse_target(request.url).with_query(request.query)
        body = request.body
        data = body.encode("utf-8", "surrogateescape") if isinstance(body, str) else body
    except UnicodeEncodeError:
        raise HTTPClientError("failed to create request: it has text that is not UTF-8") from None
    headers: dict[str, str] = {}
    outgoing = OutgoingRequest(
        method=method, target=target, shown=request.url, headers=headers, body=data
    )
    for name, value in request.headers.items():
        problem = _problem_of(name, value)
        if problem:
            raise outgoing.failure(problem)
        if (line := canonical(name)) not in _OWN_HEADERS:
            headers[line] = value
    return outgoing


@remembered
def canonical(name: str) -> str:
    """Return a header name with capital letters where its words begin."""
    return "-".join(word.capitalize() for word in name.split("-"))


def _problem_of(name: str, value: str) -> str:
    if not _TOKEN.fullmatch(name):
        return f"net/http: invalid header field name {quoted(name)}"
    if _BAD_VALUE.search(value):
        return f"net/http: invalid header field value for {quoted(name)}"
    try:
        value.encode()
    except UnicodeEncodeError:
        return f"header field value for {quoted(name)} is not UTF-8"
    return ""


def _may_share_secrets(first: RequestTarget, then: RequestTarget) -> bool:
    """Whether *then* is the same server; from http to https it may become safer."""
    if first.host.lower() != then.host.lower():
        return False
    ways = ((first.scheme, first.actual_port), (then.scheme, then.actual_port))
    return ways[0] == ways[1] or ways == _UPGRADE
