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

Address = tuple[str, int]

Headers = list[tuple[bytes, bytes]]
"""Names in lower case."""

Ends = tuple[Address, Address | None, str]
"""Client, server and scheme of a connection."""

MAX_HEAD_BYTES = 64 * 1024
MAX_PORT = 65535
SHORT_BYTES = 256
"""Longest name of a host that is remembered."""

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
    """The head of a request: what it comes to."""

    __slots__ = (
        "client",
        "declared",
        "expects_continue",
        "headers",
        "host",
        "method",
        "path",
        "query",
        "raw_path",
        "scheme",
        "server",
        "version",
    )

    path: str
    """Decoded."""
    raw_path: bytes
    query: bytes

    def __init__(
        self, ends: Ends, version: str, method: str, target: bytes, headers: Headers
    ) -> None:
        """Work out what is asked.

        Args:
            ends: of its connection.
            version: of HTTP.
            method: in upper case.
            target: as it was sent.
            headers: all of them; `Host` becomes the one host that the request is for.

        Raises:
            RefusedHead: this can't be served.
        """
        if version not in _VERSIONS or method == "CONNECT":
            raise RefusedHead(BAD_MESSAGE)
        authority = b""
        if not target.startswith(b"/"):
            target, authority = _other_form(target, method)
        if b"#" in target:
            target = target.partition(b"#")[0]
        self.client, self.server, self.scheme = ends
        self.version, self.method, self.headers = version, method, headers
        self.raw_path, _, self.query = target.partition(b"?")
        path = self.raw_path.decode("latin-1")
        self.path = unquote(path) if "%" in path else path
        hosts: list[bytes] = []
        framing: Headers = []
        for field in headers:
            if field[0] in _NOTED:
                if field[0] == b"host":
                    hosts.append(field[1])
                else:
                    framing.append(field)
        if len(hosts) != 1 and (hosts or version != "1.0"):
            raise RefusedHead(BAD_MESSAGE)
        host = authority or (hosts[0] if hosts else b"")
        if not (_is_known_host(host) if len(host) <= SHORT_BYTES else is_host(host)):
            raise RefusedHead(BAD_MESSAGE)
        if hosts and hosts[0] != host:
            self.headers = [(n, host if n == b"host" else v) for n, v in headers]
        self.host = host
        """The one that the request is for (RFC 9112, 3.2); empty if it names none."""
        self.declared: int | None = 0
        """The size of the body; None if it is chunked."""
        self.expects_continue = False
        """Whether the body is sent only when it is asked for."""
        if framing:
            self._settle_body(framing)

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

    def _settle_body(self, framing: Headers) -> None:
        """Find out how the body arrives."""
        codings, lengths, expected = (
            [value for name, value in framing if name == wanted]
            for wanted in (b"transfer-encoding", b"content-length", b"expect")
        )
        if codings:
            check_coding(self.version, codings)
            self.declared = None
        elif lengths:
            self.declared = int(lengths[0] or 0)
        self.expects_continue = [one.lower() for one in expected] == [b"100-continue"]


def check_size(target: bytes, headers: Headers) -> None:
    """Accept a head that is not too large.  Raises `RefusedHead`."""
    size = len(target) + sum(len(name) + len(value) + 4 for name, value in headers)
    if size > MAX_HEAD_BYTES:
        raise RefusedHead(too_large(target))


def too_large(target: bytes) -> ErrorAnswer:
    """Return the answer to a head, with this target, that is larger than it may be."""
    return TARGET_TOO_LONG if 2 * len(target) > MAX_HEAD_BYTES else HEAD_TOO_LARGE


def is_host(text: bytes) -> bool:
    """Whether *text* is the name of a host, with or without a port; an empty one is."""
    found = _HOST.fullmatch(text)
    return found is not None and int((found[2] or b":0")[1:] or b"0") <= MAX_PORT


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


def _other_form(target: bytes, method: str) -> tuple[bytes, bytes]:
    """Return a target in asterisk or absolute form without its authority, and this."""
    if target == b"*" and method == "OPTIONS":
        return target, b""
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        raise RefusedHead(BAD_MESSAGE)
    authority, rest = found.groups()
    return rest if rest.startswith(b"/") else b"/" + rest, authority.removesuffix(b":")
