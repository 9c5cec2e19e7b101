"""What the head of a request has to be before anybody looks at it; no I/O.

llhttp checks the syntax of fields and the framing by `Content-Length`; this module settles
what it leaves open: the target, the host and the transfer coding (RFC 9112, 3.2 and 6.1).
"""

import re
from typing import Any
from urllib.parse import unquote

from perilune.api.error_answer import ErrorAnswer
from perilune.api.errors import BAD_MESSAGE, HEAD_TOO_LARGE, TARGET_TOO_LONG, UNKNOWN_CODING

Address = tuple[str, int]

MAX_HEAD_BYTES = 64 * 1024
MAX_PORT = 65535

_ASGI = {"version": "3.0", "spec_version": "2.3"}
_VERSIONS = ("1.1", "1.0")
_NOTED = frozenset({b"host", b"transfer-encoding", b"content-length", b"expect"})
_HOST = re.compile(rb"([A-Za-z0-9\-._~%!$&'()*+,;=]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?")
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)(.*)", re.IGNORECASE)


class RefusedHead(Exception):
    """A head that is not served; has the answer."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(answer.message)
        self.answer = answer


class Request:
    """The head of a request: what has arrived of it, and what it comes to.

    The parser's callbacks fill in `target` and `headers`; everything else is there when the
    head has been settled.
    """

    __slots__ = (
        "client",
        "declared",
        "expects_continue",
        "headers",
        "is_last",
        "method",
        "path",
        "query",
        "raw_path",
        "scheme",
        "server",
        "target",
        "version",
    )

    method: str
    version: str
    """Of HTTP: 1.0 or 1.1."""
    path: str
    """Decoded."""
    raw_path: bytes
    query: bytes
    declared: int | None
    """The size of the body; None if it is chunked."""
    expects_continue: bool
    """Whether the body is sent only when it is asked for."""
    is_last: bool
    """Whether the client wants no other answer on this connection."""

    def __init__(self, client: Address, server: Address | None, scheme: str) -> None:
        """Begin with nothing, on a connection of *client*."""
        self.client = client
        self.server = server
        self.scheme = scheme
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        """Names in lower case."""

    def too_large(self) -> ErrorAnswer:
        """Return the answer when this is more than a head may be."""
        is_target = 2 * len(self.target) > MAX_HEAD_BYTES
        return TARGET_TOO_LONG if is_target else HEAD_TOO_LARGE

    def settle(self, version: str, method: str) -> None:
        """Work out what is asked; from here on `Host` is the one host that the request is for.

        Raises:
            RefusedHead: this can't be served.
        """
        size = len(self.target)
        noted: dict[bytes, list[bytes]] = {}
        for name, value in self.headers:
            size += len(name) + len(value) + 4
            if name in _NOTED:
                noted.setdefault(name, []).append(value)
        if size > MAX_HEAD_BYTES:
            raise RefusedHead(self.too_large())
        if version not in _VERSIONS or method == "CONNECT":
            raise RefusedHead(BAD_MESSAGE)
        if self.target == b"*" and method != "OPTIONS":
            raise RefusedHead(BAD_MESSAGE)
        self.version, self.method = version, method
        target, authority = self.target, b""
        if not target.startswith(b"/") and target != b"*":
            target, authority = _absolute(target)
        self.raw_path, _, self.query = target.partition(b"#")[0].partition(b"?")
        path = self.raw_path.decode("latin-1")
        self.path = unquote(path) if "%" in path else path
        hosts = noted.get(b"host", [])
        host = effective_host(version, hosts, authority)
        if hosts and hosts[0] != host:
            self.headers = [(n, host if n == b"host" else v) for n, v in self.headers]
        self.declared, self.expects_continue = 0, False
        if len(noted) > 1 or not hosts:
            self._settle_body(noted)

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
            "headers": self.headers,
            "client": self.client,
            "server": self.server,
        }

    def _settle_body(self, noted: dict[bytes, list[bytes]]) -> None:
        """Find out how the body arrives."""
        if codings := noted.get(b"transfer-encoding"):
            check_coding(self.version, codings)
            self.declared = None
        elif lengths := noted.get(b"content-length"):
            self.declared = int(lengths[0] or 0)
        expected = [value.lower() for value in noted.get(b"expect", ())]
        self.expects_continue = expected == [b"100-continue"]


def effective_host(version: str, fields: list[bytes], authority: bytes) -> bytes:
    """Return the one host that a request is for; empty if it names none (RFC 9112, 3.2).

    Args:
        version: of HTTP.
        fields: the values of all `Host` fields.
        authority: of the target, which wins.

    Raises:
        RefusedHead: there is not exactly one `Host`, or it is not the name of a host.
    """
    if len(fields) != 1 and (fields or version != "1.0"):
        raise RefusedHead(BAD_MESSAGE)
    host = authority or (fields[0] if fields else b"")
    found = _HOST.fullmatch(host)
    if found is None or int((found[2] or b":0")[1:] or b"0") > MAX_PORT:
        raise RefusedHead(BAD_MESSAGE)
    return host


def check_coding(version: str, codings: list[bytes]) -> None:
    """Accept a body that is chunked and nothing else.

    Raises:
        RefusedHead: it has a coding that nobody would take off again.
    """
    if version == "1.0":
        raise RefusedHead(BAD_MESSAGE)
    if b",".join(codings).lower().strip() != b"chunked":
        raise RefusedHead(UNKNOWN_CODING)


def _absolute(target: bytes) -> tuple[bytes, bytes]:
    """Return path and query of a target in absolute form, and its authority."""
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        raise RefusedHead(BAD_MESSAGE)
    authority, rest = found.groups()
    return rest if rest.startswith(b"/") else b"/" + rest, authority.removesuffix(b":")
