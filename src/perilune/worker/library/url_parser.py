"""Parsing of URLs as in Go's net/url: what is accepted, and the texts of errors.

Texts hold one byte per character (Latin-1), since guests have bytes.
"""

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote_to_bytes

from perilune.worker.library.errors import LibraryError

MAX_URL_BYTES = 1024 * 1024

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_PORT = re.compile(r"(?::[0-9]*)?")
_USERINFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_NO_HOST_CHARACTER = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"%\x80-\xff]")
_ESCAPE = re.compile(r"%(..)")
# What may be escaped: an escape must not hide what could not be written plainly.
_HOST_ESCAPED = re.compile(r"[%\x80-\xff]")
_ZONE_ESCAPED = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"% ]")


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of a URL, decoded except for the query."""

    scheme: str = ""
    username: str = ""
    password: str = ""
    host: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""


def parse(raw: str) -> Url:
    """Take a URL apart.

    Raises:
        LibraryError: it is none, or it is too long.
    """
    check_size(raw, MAX_URL_BYTES)
    before_fragment, _, fragment = raw.partition("#")
    try:
        url = _parse_without_fragment(before_fragment)
    except LibraryError as error:
        raise _unparsable(before_fragment, error) from None
    try:
        return replace(url, fragment=_unescape(fragment))
    except LibraryError as error:
        raise _unparsable(raw, error) from None


def _unparsable(raw: str, reason: LibraryError) -> LibraryError:
    return LibraryError(f"parse {_quoted(raw)}: {reason}")


def _parse_without_fragment(text: str) -> Url:
    if _CONTROL.search(text):
        raise LibraryError("net/url: invalid control character in URL")
    if text.startswith(":"):
        raise LibraryError("missing protocol scheme")
    found = SCHEME.match(text)
    scheme, rest = "", text
    if found and text[found.end() : found.end() + 1] == ":":
        scheme, rest = found[0].lower(), text[found.end() + 1 :]
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme=scheme, query=query)  # the rest is opaque, as in mailto:a@b.c
        if ":" in rest.partition("/")[0]:
            raise LibraryError("first path segment in URL cannot contain colon")
    username = password = host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        username, password, host = _parse_authority(authority)
    return Url(scheme, username, password, host, _unescape(rest), query)


def _parse_authority(authority: str) -> tuple[str, str, str]:
    """Return user name, password and host with port."""
    userinfo, _, raw_host = authority.rpartition("@")
    host = _parse_host(raw_host)
    if not _USERINFO.fullmatch(userinfo):
        raise LibraryError("net/url: invalid userinfo")
    username, _, password = userinfo.partition(":")
    return _unescape(username), _unescape(password), host


def _parse_host(host: str) -> str:
    is_literal = host.startswith("[")
    end = host.rfind("]") + 1 if is_literal else host.rfind(":")
    if is_literal and not end:
        raise LibraryError("missing ']' in host")
    port = host[end:] if end >= 0 else ""
    if not _PORT.fullmatch(port):
        raise LibraryError(f"invalid port {_quoted(port)} after host")
    zone_at = host.find("%25", 0, end) if is_literal else -1
    if zone_at < 0:
        return _unescape_host(host, _HOST_ESCAPED)
    return (
        _unescape_host(host[:zone_at], _HOST_ESCAPED)
        + _unescape_host(host[zone_at : end - 1], _ZONE_ESCAPED)
        + _unescape_host(host[end - 1 :], _HOST_ESCAPED)
    )


def _unescape_host(text: str, may_be_escaped: re.Pattern[str]) -> str:
    check_escapes(text)
    for escape in _ESCAPE.finditer(text):
        if not may_be_escaped.match(chr(int(escape[1], 16))):
            raise LibraryError(f"invalid URL escape {_quoted(escape[0])}")
    found = _NO_HOST_CHARACTER.search(text)
    if found:
        raise LibraryError(f"invalid character {_quoted(found[0])} in host name")
    return _unescape(text)


def _unescape(text: str) -> str:
    check_escapes(text)
    return unquote_to_bytes(text.encode("latin-1")).decode("latin-1")


def check_escapes(text: str) -> None:
    """Raise a `LibraryError` if a percent sign does not start an escape."""
    found = _BAD_ESCAPE.search(text)
    if found:
        raise LibraryError(f"invalid URL escape {_quoted(found[0])}")


def check_size(text: str | bytes, limit: int) -> None:
    """Raise a `LibraryError` if *text* has more than *limit* bytes."""
    if len(text) > limit:
        raise LibraryError(f"text of {len(text)} bytes exceeds the limit of {limit} bytes")


# Go's names of control characters in quoted text.
_SHORT_ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    '"': r"\"",
    "\\": r"\\",
}


def _quoted(text: str) -> str:
    """Return *text* as Go's `%q` shows it: UTF-8 stays, what can't be shown is escaped."""
    decoded = text.encode("latin-1").decode("utf-8", "surrogateescape")
    return '"' + "".join(map(_shown, decoded)) + '"'


def _shown(char: str) -> str:
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    if char.isprintable():
        return char
    point = ord(char)
    if 0xDC80 <= point <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{point - 0xDC00:02x}"
    if point < 0x20 or point == 0x7F:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
