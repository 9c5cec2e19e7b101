"""The HTTP client of guest code: one pool of connections under the egress policy."""

import asyncio
import errno
import os
import re
import socket
import ssl
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

import aiohttp
from yarl import URL

from perilune import __version__
from perilune.services.http.body import BodyReader
from perilune.services.http.egress import CheckingResolver, EgressPolicy
from perilune.services.http.target import Target, parse_target
from perilune.services.http.types import HTTPClientError, Request, Response

MIB = 1024 * 1024
USER_AGENT = f"Perilune/{__version__}"

_METHODS = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")
_NAMES = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OWN_HEADERS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""How a message is framed and who is asked is decided here alone."""
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "www-authenticate"})
_BODY_HEADERS = frozenset({"content-type", "content-encoding", "content-language"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_AUTO_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPLimits:
    """What one request may take; a request can ask for less, never for more."""

    timeout_s: float = 30.0
    """For the whole exchange, redirects and body included."""
    max_bytes: int = 10 * MIB
    """Longest response body, after decompression."""
    redirects: int = 10


@dataclass(frozen=True, slots=True)
class _Shared:
    """What clients with different limits have in common."""

    session: aiohttp.ClientSession
    large_bodies: asyncio.Semaphore


class Client:
    """Sends requests to addresses that the policy allows.

    An async context manager that owns a pool of connections.  Proxies of the
    environment, cookies and credentials of the machine are never used.
    """

    def __init__(self, policy: EgressPolicy, limits: HTTPLimits | None = None) -> None:
        self._policy = policy
        self._limits = limits or HTTPLimits()
        self._shared: _Shared | None = None

    async def __aenter__(self) -> "Client":
        connector = aiohttp.TCPConnector(
            resolver=CheckingResolver(self._policy),
            limit=100,
            limit_per_host=100,
            keepalive_timeout=90,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_NO_AUTO_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
        )
        self._shared = _Shared(session, asyncio.Semaphore(4))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._shared is not None:
            await self._shared.session.close()
            self._shared = None

    def with_limits(self, limits: HTTPLimits) -> "Client":
        """Return a client with other limits on the same connections; it needs no closing."""
        other = Client(self._policy, limits)
        other._shared = self._shared
        return other

    async def get(self, request: Request) -> Response:
        """Send a GET request."""
        return await self.request(replace(request, method="GET", body=""))

    async def post(self, request: Request) -> Response:
        """Send a POST request."""
        return await self.request(replace(request, method="POST"))

    async def put(self, request: Request) -> Response:
        """Send a PUT request."""
        return await self.request(replace(request, method="PUT"))

    async def patch(self, request: Request) -> Response:
        """Send a PATCH request."""
        return await self.request(replace(request, method="PATCH"))

    async def delete(self, request: Request) -> Response:
        """Send a DELETE request."""
        return await self.request(replace(request, method="DELETE"))

    async def request(self, request: Request) -> Response:
        """Send a request with the method it names.

        Raises:
            HTTPClientError: there is no response; the message says why.
        """
        target = parse_target(request.url).with_query(request.query)
        method = request.method.upper() or "GET"
        if not _METHODS.fullmatch(method):
            raise HTTPClientError(f"failed to create request: net/http: invalid method {method!r}")
        timeout_s = _smaller(request.timeout_s, self._limits.timeout_s)
        hop = _Hop(method, target, request.url)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(hop, request)
        except TimeoutError:
            raise hop.failure(f"time limit of {timeout_s:g} s exceeded") from None

    async def _follow(self, hop: "_Hop", request: Request) -> Response:
        headers = _checked_headers(hop, request)
        body = (
            request.body.encode("utf-8", "surrogateescape")
            if isinstance(request.body, str)
            else request.body
        )
        for _ in range(self._limits.redirects + 1):
            self._check(hop)
            try:
                response, location = await self._exchange(hop, headers, body, request)
            except HTTPClientError as error:
                if str(error).startswith(("failed", "HTTP request failed")):
                    raise
                raise hop.failure(str(error)) from error
            if not location:
                return response
            previous, hop.target = hop.target, hop.target.joined(location)
            hop.shown = location
            if response.status_code not in (307, 308) and hop.method not in ("GET", "HEAD"):
                hop.method, body = "GET", b""
                headers = _without(headers, _BODY_HEADERS)
            if hop.target.origin != previous.origin:
                headers = _without(headers, _SECRET_HEADERS)
            headers = _without(headers, frozenset({"referer"}))
            if not (previous.scheme == "https" and hop.target.scheme == "http"):
                headers["Referer"] = previous.url
        raise hop.failure(f"stopped after {self._limits.redirects} redirects")

    def _check(self, hop: "_Hop") -> None:
        """Refuse what is never sent, and addresses that stand in the URL itself."""
        target = hop.target
        if target.scheme not in ("http", "https"):
            raise hop.failure(f'unsupported protocol scheme "{target.scheme}"')
        if not target.host:
            raise hop.failure("http: no Host in request URL")
        try:
            self._policy.check_literal(target.host)
        except HTTPClientError as error:
            raise hop.failure(str(error)) from error

    async def _exchange(
        self, hop: "_Hop", headers: dict[str, str], body: bytes, request: Request
    ) -> tuple[Response, str]:
        """Send one request; return its response and, if it is to be followed, the location."""
        if self._shared is None:
            raise HTTPClientError("the HTTP client is closed")
        credentials = hop.target.credentials
        sent = dict(headers)
        if credentials and not any(name.lower() == "authorization" for name in headers):
            sent["Authorization"] = aiohttp.encode_basic_auth(*credentials, encoding="utf-8")
        wants_gzip = not any(name.lower() == "accept-encoding" for name in headers)
        if wants_gzip and hop.method != "HEAD":
            sent["Accept-Encoding"] = "gzip"
        try:
            async with self._shared.session.request(
                hop.method,
                URL(hop.target.url, encoded=True),
                headers=sent,
                data=body or None,
                allow_redirects=False,
            ) as answer:
                location = answer.headers.get("Location", "")
                if answer.status in _REDIRECTS and request.follow_redirects and location:
                    return Response(status_code=answer.status), location
                reader = BodyReader(
                    _smaller(request.max_bytes, self._limits.max_bytes), self._shared.large_bodies
                )
                is_gzip = (
                    wants_gzip and answer.headers.get("Content-Encoding", "").lower() == "gzip"
                )
                data = await reader.read(answer.content, is_gzip=is_gzip)
                return _response(answer, hop.target.url, data, decoded=is_gzip), ""
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise HTTPClientError(_reason(error, hop.target)) from error


@dataclass(slots=True)
class _Hop:
    """The request that is under way; a redirect changes it."""

    method: str
    target: Target
    shown: str

    def failure(self, reason: str) -> HTTPClientError:
        """Return the error that says what failed, without user information."""
        shown = re.sub(r"//[^/?#]*@", "//", self.shown)
        return HTTPClientError(f'HTTP request failed: {self.method.title()} "{shown}": {reason}')


def _checked_headers(hop: _Hop, request: Request) -> dict[str, str]:
    headers = {}
    for name, value in request.headers.items():
        if not _NAMES.fullmatch(name):
            raise hop.failure(f'net/http: invalid header field name "{name}"')
        if _BAD_VALUE.search(value):
            raise hop.failure(f'net/http: invalid header field value for "{name}"')
        try:
            value.encode()
        except UnicodeEncodeError:
            raise hop.failure(f'header field value for "{name}" is not UTF-8') from None
        if name.lower() not in _OWN_HEADERS:
            headers[name] = value
    if not any(name.lower() == "user-agent" for name in headers):
        headers["User-Agent"] = USER_AGENT
    return headers


def _without(headers: dict[str, str], names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in names}


def _response(answer: aiohttp.ClientResponse, url: str, data: bytes, *, decoded: bool) -> Response:
    lines: dict[str, list[str]] = {}
    for raw_name, raw_value in answer.raw_headers:
        name = "-".join(part.capitalize() for part in raw_name.decode("latin-1").split("-"))
        if decoded and name in ("Content-Encoding", "Content-Length"):
            continue
        lines.setdefault(name, []).append(raw_value.decode("utf-8", "surrogateescape"))
    first = {name: values[0] for name, values in lines.items()}
    return Response(
        status_code=answer.status, headers=first, body=data, multi_headers=lines, url=url
    )


def _reason(error: Exception, target: Target) -> str:
    """Say what went wrong on the network, in the words that functions may look for."""
    where = f"{target.host}:{target.origin[2]}"
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return f"tls: failed to verify certificate of {where}: {_cause(error)}"
        case aiohttp.ClientConnectorDNSError():
            return f"dial tcp: lookup {target.host}: no such host"
        case aiohttp.ClientConnectorError():
            return f"dial tcp {where}: connect: {_cause(error)}"
        case aiohttp.ServerDisconnectedError():
            return "EOF"
        case aiohttp.ClientPayloadError():
            return "failed to read response body: unexpected EOF"
        case aiohttp.ClientResponseError():
            return f"malformed HTTP response: {error.message.splitlines()[0][:200]}"
        case socket.gaierror():
            return f"dial tcp: lookup {target.host}: no such host"
        case _:
            return f"{type(error).__name__}: {error}"[:300]


def _cause(error: Any) -> str:
    """Return the system's own words for a connection error.  Any: what aiohttp wraps."""
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    if isinstance(cause, ssl.SSLError):
        return str(getattr(cause, "verify_message", "") or cause.reason or cause)[:200]
    number = getattr(cause, "errno", None)
    if isinstance(number, int) and number in errno.errorcode:
        return os.strerror(number).lower()
    return str(cause)[:200]


def _smaller(wanted: Any, limit: Any) -> Any:
    """Return the smaller of two numbers of one type; None means not given."""
    return limit if wanted is None else max(0, min(wanted, limit))
