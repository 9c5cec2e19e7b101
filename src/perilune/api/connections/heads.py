"""What the head of a request has to be before anybody looks at it; no I/O.

llhttp checks the syntax of fields and the framing by `Content-Length`; this module settles
what it leaves open: the target, the host and the transfer coding (RFC 9112, 3.2 and 6.1).
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from perilune.api.error_answer import ErrorAnswer
from perilune.api.errors import BAD_MESSAGE, HEAD_TOO_LARGE, TARGET_TOO_LONG, UNKNOWN_CODING

MAX_HEAD_BYTES = 64 * 1024
MAX_PORT = 65535

_NOTED = frozenset({b"host", b"transfer-encoding", b"content-length", b"expect"})
_HOST = re.compile(rb"([A-Za-z0-9\-._~%!$&'()*+,;=]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?")
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE)


class RefusedHead(Exception):
    """A head that is not served; has the answer."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(answer.message)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is for."""

    path: str
    """Decoded."""
    raw_path: bytes
    query: bytes
    authority: bytes
    """The host of a target in absolute form; empty if it has none."""


class RequestHead:
    """What has arrived of a head, and what it comes to."""

    __slots__ = ("_noted", "headers", "size", "target")

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self._noted: dict[bytes, list[bytes]] = {}
        self.size = 0
        """Bytes of target and fields, about as they came."""

    def add_target(self, part: bytes) -> None:
        """Take in a part of the target."""
        self.size += len(part)
        self.target += part

    def add(self, name: bytes, value: bytes) -> None:
        """Take in a field."""
        name = name.lower()
        self.size += len(name) + len(value) + 4
        if name in _NOTED:
            self._noted.setdefault(name, []).append(value)
        self.headers.append((name, value))

    def too_large(self) -> ErrorAnswer:
        """Return the answer when this is more than a head may be."""
        is_target = 2 * len(self.target) > MAX_HEAD_BYTES
        return TARGET_TOO_LONG if is_target else HEAD_TOO_LARGE

    def settle(self, version: str, method: str) -> Target:
        """Return the target; from here on `Host` is the one host that the request is for.

        Raises:
            RefusedHead: this can't be served.
        """
        if version not in ("1.0", "1.1") or method == "CONNECT":
            raise RefusedHead(BAD_MESSAGE)
        if self.target == b"*" and method != "OPTIONS":
            raise RefusedHead(BAD_MESSAGE)
        if codings := self._noted.get(b"transfer-encoding"):
            check_coding(version, codings)
        target = parse_target(self.target)
        hosts = self._noted.get(b"host", [])
        host = effective_host(version, hosts, target.authority)
        if hosts and hosts[0] != host:
            self.headers = [(n, host if n == b"host" else v) for n, v in self.headers]
        return target

    @property
    def declared(self) -> int | None:
        """The size of the body; None if it is chunked."""
        if b"transfer-encoding" in self._noted:
            return None
        lengths = self._noted.get(b"content-length")
        return int(lengths[0] or 0) if lengths else 0

    @property
    def expects_continue(self) -> bool:
        """Whether the body is sent only when it is asked for."""
        return [value.lower() for value in self._noted.get(b"expect", ())] == [b"100-continue"]


def parse_target(target: bytes) -> Target:
    """Take a request's target apart.

    Raises:
        RefusedHead: it has none of the forms that a server gets, or is for a tunnel.
    """
    authority = b""
    if target.startswith(b"/"):
        raw_path, _, query = target.partition(b"#")[0].partition(b"?")
    elif target == b"*":
        raw_path, query = target, b""
    else:
        raw_path, query, authority = _absolute(target)
    path = raw_path.decode("latin-1")
    if "%" in path:
        path = unquote(path)
    return Target(path, raw_path, query, authority)


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


def _absolute(target: bytes) -> tuple[bytes, bytes, bytes]:
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        raise RefusedHead(BAD_MESSAGE)
    authority, path, query = found.groups(default=b"")
    return path or b"/", query, authority.removesuffix(b":")
