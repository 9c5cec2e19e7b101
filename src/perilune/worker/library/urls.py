"""URLs: parsing, building, joining and escaping (RFC 3986), as in Go's net/url.

What is accepted and the texts of errors are those of Go.  Texts hold one byte
per character (Latin-1) in here, since guests have bytes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote_from_bytes, quote_plus, unquote_to_bytes

import msgspec

from perilune.worker.library.errors import LibraryError

MAX_URL_BYTES = 1024 * 1024
MAX_TEXT_BYTES = 16 * 1024 * 1024
"""Longest text to escape; a result has at most three times as many bytes."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_PORT = re.compile(r"(?::[0-9]*)?")
_USERINFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_NO_HOST_CHARACTER = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"%\x80-\xff]")
_ESCAPE = re.compile(r"%(..)")
# What may be escaped: an escape must not hide what could not be written plainly.
_HOST_ESCAPED = re.compile(r"[%\x80-\xff]")
_ZONE_ESCAPED = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"% ]")
# RFC 3986, appendix B.
_PARTS = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL
)

# What stays as it is, besides letters, digits and `-_.~`.
_SEGMENT_SAFE = "$&+=:@"
_PATH_SAFE = "/:@!$&'()*+,;="
_FRAGMENT_SAFE = _PATH_SAFE + "?"
_HOST_SAFE = "!$&'()*+,;=:[]<>\""


@dataclass(frozen=True, slots=True)
class _Url:
    """The parts of a URL, decoded except for the query."""

    scheme: str = ""
    username: str = ""
    password: str = ""
    host: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""


def parse_url(text: bytes) -> bytes:
    """Return the parts of a URL as packed table; absent ones are empty, the user is left out.

    Raises:
        LibraryError: it is none.
    """
    url = _parse(text.decode("latin-1"))
    table: dict[bytes, Any] = {
        b"scheme": url.scheme.encode("latin-1"),
        b"host": url.host.encode("latin-1"),
        b"path": url.path.encode("latin-1"),
        b"query": _parse_query(url.query.encode("latin-1")),
        b"fragment": url.fragment.encode("latin-1"),
    }
    if url.username:
        table[b"username"] = url.username.encode("latin-1")
    if url.password:
        table[b"password"] = url.password.encode("latin-1")
    return msgspec.msgpack.encode(table)


def build_url(packed: bytes) -> bytes:
    """Return the URL with these parts; parsing it gives them again.

    A path that follows a scheme without a slash, as in `mailto:`, is not parsed.

    Args:
        packed: a list: scheme, username, password, host, path, fragment, then
            the names and values of the query in turn.

    Raises:
        LibraryError: there is no such URL.
    """
    scheme, username, password, host, path, fragment, *pairs = msgspec.msgpack.decode(packed)
    if scheme and not _SCHEME.fullmatch(scheme.decode("latin-1")):
        raise LibraryError("invalid scheme")
    url = scheme.decode("latin-1") + ":" if scheme else ""
    url += _build_hierarchy(username, password, host, path, bool(scheme))
    names = zip(pairs[::2], pairs[1::2], strict=True)
    query = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in sorted(names))
    url += "?" + query if query else ""
    url += "#" + quote_from_bytes(fragment, _FRAGMENT_SAFE) if fragment else ""
    _parse(url)  # refuses a host that is none
    return url.encode("latin-1")


def join_urls(base: bytes, reference: bytes) -> bytes:
    """Return what a reference means within a base URL (RFC 3986, section 5.2).

    Raises:
        LibraryError: one of the two is no URL.
    """
    return _join(base.decode("latin-1"), reference.decode("latin-1")).encode("latin-1")


def encode_query(text: bytes) -> bytes:
    """Escape a name or a value of a query; blanks become `+`."""
    _check_size(text, MAX_TEXT_BYTES)
    return quote_plus(text).encode()


def decode_query(text: bytes) -> bytes:
    """Undo `encode_query`.

    Raises:
        LibraryError: an escape is broken.
    """
    _check_size(text, MAX_TEXT_BYTES)
    _check_escapes(text.decode("latin-1"))
    return unquote_to_bytes(text.replace(b"+", b" "))


def encode_path_segment(text: bytes) -> bytes:
    """Escape text that is to be one segment of a path; a slash in it is no separator."""
    _check_size(text, MAX_TEXT_BYTES)
    return quote_from_bytes(text, _SEGMENT_SAFE).encode()


# Parsing


def _parse(raw: str) -> _Url:
    _check_size(raw, MAX_URL_BYTES)
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


def _parse_without_fragment(text: str) -> _Url:
    if _CONTROL.search(text):
        raise LibraryError("net/url: invalid control character in URL")
    if text.startswith(":"):
        raise LibraryError("missing protocol scheme")
    found = _SCHEME.match(text)
    scheme, rest = "", text
    if found and text[found.end() : found.end() + 1] == ":":
        scheme, rest = found[0].lower(), text[found.end() + 1 :]
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return _Url(scheme=scheme, query=query)  # the rest is opaque, as in mailto:a@b.c
        if ":" in rest.partition("/")[0]:
            raise LibraryError("first path segment in URL cannot contain colon")
    username = password = host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        username, password, host = _parse_authority(authority)
    return _Url(scheme, username, password, host, _unescape(rest), query)


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
    _check_escapes(text)
    for escape in _ESCAPE.finditer(text):
        if not may_be_escaped.match(chr(int(escape[1], 16))):
            raise LibraryError(f"invalid URL escape {_quoted(escape[0])}")
    found = _NO_HOST_CHARACTER.search(text)
    if found:
        raise LibraryError(f"invalid character {_quoted(found[0])} in host name")
    return _unescape(text)


def _unescape(text: str) -> str:
    _check_escapes(text)
    return unquote_to_bytes(text.encode("latin-1")).decode("latin-1")


def _check_escapes(text: str) -> None:
    found = _BAD_ESCAPE.search(text)
    if found:
        raise LibraryError(f"invalid URL escape {_quoted(found[0])}")


def _parse_query(query: bytes) -> dict[bytes, bytes | list[bytes]]:
    """Return the values by name; pairs that can't be read are left out."""
    values: dict[bytes, list[bytes]] = {}
    for pair in query.split(b"&"):
        if not pair or b";" in pair:
            continue
        name, _, value = pair.partition(b"=")
        try:
            name, value = decode_query(name), decode_query(value)
        except LibraryError:
            continue
        values.setdefault(name, []).append(value)
    return {name: many if len(many) > 1 else many[0] for name, many in values.items()}


# Building and joining


def _build_hierarchy(
    username: bytes, password: bytes, host: bytes, path: bytes, has_scheme: bool
) -> str:
    """Return what comes between scheme and query: authority and path."""
    user = quote_from_bytes(username, "") + (
        ":" + quote_from_bytes(password, "") if password else ""
    )
    escaped = quote_from_bytes(path, _PATH_SAFE)
    if user or host or (has_scheme and escaped.startswith("/")):
        authority = (user + "@" if user else "") + quote_from_bytes(host, _HOST_SAFE)
        separator = "/" if escaped and not escaped.startswith("/") else ""
        return f"//{authority}{separator}{escaped}"
    if escaped.startswith("//"):
        return "/%2F" + escaped[2:]  # else it would be taken for a host
    if has_scheme:
        return escaped
    first, slash, rest = escaped.partition("/")
    return first.replace(":", "%3A") + slash + rest  # else it would be taken for a scheme


def _join(base: str, reference: str) -> str:
    _parse(base)
    _parse(reference)
    scheme, authority, path, query, fragment = _split(reference)
    base_scheme, base_authority, base_path, base_query, _ = _split(base)
    if authority is not None or path.startswith("/"):
        path = _without_dot_segments(path)
    elif scheme is None and path:
        path = _without_dot_segments(_merged(base_authority, base_path, path))
    elif scheme is None:
        path, query = base_path, base_query if query is None else query
    if scheme is None:
        scheme = base_scheme
        authority = base_authority if authority is None else authority
    if authority is None and path.startswith("//"):
        path = "/." + path  # else it would be taken for a host
    if scheme is None and authority is None and ":" in path.partition("/")[0]:
        path = "./" + path  # else it would be taken for a scheme
    return "".join(
        (
            "" if scheme is None else scheme.lower() + ":",
            "" if authority is None else "//" + authority,
            path,
            "" if query is None else "?" + query,
            "" if fragment is None else "#" + fragment,
        )
    )


def _split(url: str) -> tuple[str | None, str | None, str, str | None, str | None]:
    """Return scheme, authority, path, query and fragment, None for what is absent."""
    found = _PARTS.fullmatch(url)
    assert found is not None, "every text matches"
    scheme, authority, path, query, fragment = found.groups()
    return scheme, authority, path, query, fragment


def _merged(authority: str | None, base_path: str, path: str) -> str:
    if authority is not None and not base_path:
        return "/" + path
    return base_path[: base_path.rfind("/") + 1] + path


def _without_dot_segments(path: str) -> str:
    segments = path.removeprefix("/").split("/")
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            kept[-1:] = []
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return ("/" if path.startswith("/") else "") + "/".join(kept)


def _check_size(text: str | bytes, limit: int) -> None:
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


NATIVE: dict[str, Callable[..., Any]] = {
    "parse_url": parse_url,
    "build_url": build_url,
    "join_urls": join_urls,
    "encode_query": encode_query,
    "decode_query": decode_query,
    "encode_path_segment": encode_path_segment,
}
