"""What the head of a request has to be before anybody looks at it; no I/O.

llhttp checks the syntax of fields and the framing by `Content-Length`; this module settles
what it leaves open: the target, the host and the transfer coding (RFC 9112, 3.2 and 6.1).
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from perilune.api.error_answer import ErrorAnswer
from perilune.api.errors import BAD_MESSAGE, HEAD_TOO_LARGE, TARGET_TOO_LONG, UNKNOWN_CODING
from perilune.api.headers import RequestNames, parse_headers

Address = tuple[str, int]

Headers = list[tuple[bytes, bytes]]

Ends = tuple[Address, Address | None, str]
"""Client, server and scheme of a connection."""

MAX_HEAD_BYTES = 64 * 1024
MAX_PORT = 65535
SHORT_CHARS = 256
"""Longest name of a host that is remembered."""

_ASGI = {"version": "3.0", "spec_version": "2.3"}
_VERSIONS = ("1.1", "1.0")
_HOST = re.compile(r"([A-Za-z0-9\-._~%!$&'()*+,;=]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?")
_NAMES = RequestNames()
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)(.*)", re.IGNORECASE)


class RefusedHead(Exception):
    """A head that is not served; has the answer."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(answer.message)
        self.answer = answer


class Request:
    """The head of a request: what it comes to."""

    __slots__ = (
        "client",
        "declared",
        "expects_continue",
        "headers",
        "host",
        "method",
        "multi_headers",
        "path",
        "query",
        "raw_path",
        "received",
        "scheme",
        "server",
        "version",
    )

    headers: dict[str, str]
    """The first value of each name, as functions know them; `Host` is not one of them."""
    multi_headers: dict[str, list[str]]
    """All values of names that came more than once."""
    host: str
    """The one that the request is for (RFC 9112, 3.2); empty if it names none."""

    path: str
    """Decoded."""
    raw_path: bytes
    query: bytes

    def __init__(
        self, ends: Ends, version: str, method: str, target: bytes, received: Headers
    ) -> None:
        """Work out what is asked.

        Args:
            ends: of its connection.
            version: of HTTP.
            method: in upper case.
            target: as it was sent.
            received: all header fields.

        Raises:
            RefusedHead: this can't be served.
        """
        if version not in _VERSIONS or method == "CONNECT":
            raise RefusedHead(BAD_MESSAGE)
        text, authority, self.query = target.decode("latin-1"), "", b""
        if text[:1] != "/" or "?" in text or "#" in text:
            target, authority, self.query = _parts(target, method)
            text = target.decode("latin-1")
        self.raw_path, self.path = target, unquote(text) if "%" in text else text
        self.client, self.server, self.scheme = ends
        self.version, self.method, self.received = version, method, received
        headers, several = self.headers, self.multi_headers = parse_headers(received, _NAMES)
        if "Host" in headers:
            host = headers.pop("Host")
            if "Host" in several:
                raise RefusedHead(BAD_MESSAGE)
        elif version == "1.0":
            host = ""
        else:
            raise RefusedHead(BAD_MESSAGE)
        self.host = host = authority or host
        if not (_is_known_host(host) if len(host) <= SHORT_CHARS else is_host(host)):
            raise RefusedHead(BAD_MESSAGE)
        self.declared: int | None = 0
        """The size of the body; None if it is chunked."""
        self.expects_continue = False
        """Whether the body is sent only when it is asked for."""
        if "Content-Length" in headers or "Transfer-Encoding" in headers or "Expect" in headers:
            self._settle_body()

    @property
    def raw_headers(self) -> Headers:
        """All header fields, with names in lower case; of `Host` the one that counts."""
        host = self.host.encode("ascii")
        pairs = [(name.lower(), value) for name, value in self.received]
        return [(name, host if name == b"host" else value) for name, value in pairs]

    def scope(self) -> dict[str, Any]:
        """Return the request as ASGI describes it."""
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": self.version,
            "method": self.method,
            "scheme": self.scheme,
            "path": self.path,
            "raw_path": self.raw_path,
            "query_string": self.query,
            "root_path": "",
            "headers": self.raw_headers,
            "client": self.client,
            "server": self.server,
        }

    def _settle_body(self) -> None:
        """Find out how the body arrives."""
        headers, several = self.headers, self.multi_headers
        if "Transfer-Encoding" in headers:
            codings = [v for name, v in self.received if name.lower() == b"transfer-encoding"]
            check_coding(self.version, codings)
            self.declared = None
            del headers["Transfer-Encoding"]
            several.pop("Transfer-Encoding", None)
        elif "Content-Length" in headers:
            self.declared = int(headers["Content-Length"] or 0)
        is_wanted = headers.get("Expect", "").lower() == "100-continue"
        self.expects_continue = is_wanted and "Expect" not in several


def check_size(target: bytes, headers: Headers) -> None:
    """Accept a head that is not too large.  Raises `RefusedHead`."""
    size = len(target) + sum(len(name) + len(value) + 4 for name, value in headers)
    if size > MAX_HEAD_BYTES:
        raise RefusedHead(too_large(target))


def too_large(target: bytes) -> ErrorAnswer:
    """Return the answer to a head, with this target, that is larger than it may be."""
    return TARGET_TOO_LONG if 2 * len(target) > MAX_HEAD_BYTES else HEAD_TOO_LARGE


def is_host(text: str) -> bool:
    """Whether *text* is the name of a host, with or without a port; an empty one is."""
    found = _HOST.fullmatch(text)
    return found is not None and int((found[2] or ":0")[1:] or "0") <= MAX_PORT


_is_known_host = lru_cache(maxsize=256)(is_host)


def check_coding(version: str, codings: list[bytes]) -> None:
    """Accept a body that is chunked and nothing else.

    Raises:
        RefusedHead: it has a coding that nobody would take off again.
    """
    if version == "1.0":
        raise RefusedHead(BAD_MESSAGE)
    if b",".join(codings).lower().strip() != b"chunked":
        raise RefusedHead(UNKNOWN_CODING)


def _parts(target: bytes, method: str) -> tuple[bytes, str, bytes]:
    """Return the path of a target, the authority if it names one, and the query."""
    authority = b""
    if not target.startswith(b"/") and not (target == b"*" and method == "OPTIONS"):
        found = _ABSOLUTE.fullmatch(target)
        if found is None:
            raise RefusedHead(BAD_MESSAGE)
        authority, rest = found.groups()
        target = rest if rest.startswith(b"/") else b"/" + rest
    path, _, query = target.partition(b"#")[0].partition(b"?")
    return path, authority.decode("latin-1").removesuffix(":"), query
