"""URLs: taking apart, building, joining and escaping (RFC 3986), as in Go's net/url."""

import re
from collections.abc import Callable
from operator import itemgetter
from typing import Any
from urllib.parse import quote_from_bytes, quote_plus, unquote_to_bytes

import msgspec

from perilune.worker.library.errors import LibraryError
from perilune.worker.library.url_parser import (
    MAX_URL_BYTES,
    SCHEME,
    check_escapes,
    check_size,
    parse,
)

MAX_TEXT_BYTES = 16 * 1024 * 1024
"""Longest text to escape; a result has at most three times as many bytes."""

# RFC 3986, appendix B.  Each part has its delimiter, and is empty if it is absent.
_PARTS = re.compile(
    r"((?:[A-Za-z][A-Za-z0-9+.-]*:)?)((?://[^/?#]*)?)([^?#]*)((?:\?[^#]*)?)((?:#.*)?)", re.DOTALL
)

# What stays as it is, besides letters, digits and `-_.~`.
_SEGMENT_SAFE = "$&+=:@"
_PATH_SAFE = "/:@!$&'()*+,;="
_FRAGMENT_SAFE = _PATH_SAFE + "?"
_HOST_SAFE = "!$&'()*+,;=:[]<>\""


def parse_url(text: bytes) -> bytes:
    """Return the parts of a URL as packed table; absent ones are empty, the user is left out.

    Raises:
        LibraryError: it is none.
    """
    url = parse(text.decode("latin-1"))
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
    check_size(packed, MAX_URL_BYTES)
    scheme, username, password, host, path, fragment, *pairs = msgspec.msgpack.decode(packed)
    if scheme and not SCHEME.fullmatch(scheme.decode("latin-1")):
        raise LibraryError("invalid scheme")
    url = scheme.decode("latin-1") + ":" if scheme else ""
    url += _build_hierarchy(username, password, host, path, bool(scheme))
    names = zip(pairs[::2], pairs[1::2], strict=True)
    query = "&".join(
        f"{quote_plus(name)}={quote_plus(value)}"
        for name, value in sorted(names, key=itemgetter(0))
    )
    url += "?" + query if query else ""
    url += "#" + quote_from_bytes(fragment, _FRAGMENT_SAFE) if fragment else ""
    parse(url)  # refuses a host that is none
    return url.encode("latin-1")


def join_urls(base: bytes, reference: bytes) -> bytes:
    """Return what a reference means within a base URL (RFC 3986, section 5.2).

    Raises:
        LibraryError: one of the two is no URL.
    """
    return _join(base.decode("latin-1"), reference.decode("latin-1")).encode("latin-1")


def encode_query(text: bytes) -> bytes:
    """Escape a name or a value of a query; blanks become `+`."""
    check_size(text, MAX_TEXT_BYTES)
    return quote_plus(text).encode()


def decode_query(text: bytes) -> bytes:
    """Undo `encode_query`.

    Raises:
        LibraryError: an escape is broken.
    """
    check_size(text, MAX_TEXT_BYTES)
    check_escapes(text.decode("latin-1"))
    return unquote_to_bytes(text.replace(b"+", b" "))


def encode_path_segment(text: bytes) -> bytes:
    """Escape text that is to be one segment of a path; a slash in it is no separator."""
    check_size(text, MAX_TEXT_BYTES)
    return quote_from_bytes(text, _SEGMENT_SAFE).encode()


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
    parse(base)
    parse(reference)
    scheme, authority, path, query, fragment = _PARTS.findall(reference)[0]
    base_scheme, base_authority, base_path, base_query, _ = _PARTS.findall(base)[0]
    if authority or path.startswith("/"):
        path = _without_dot_segments(path)
    elif path and not scheme:
        path = _without_dot_segments(_merged(base_authority, base_path, path))
    elif not scheme:
        path, query = base_path, query or base_query
    if not scheme:
        scheme, authority = base_scheme, authority or base_authority
    if not authority and path.startswith("//"):
        path = "/." + path  # else it would be taken for a host
    if not scheme and not authority and ":" in path.partition("/")[0]:
        path = "./" + path  # else it would be taken for a scheme
    joined: str = scheme.lower() + authority + path + query + fragment
    return joined


def _merged(authority: str, base_path: str, path: str) -> str:
    if authority and not base_path:
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


NATIVE: dict[str, Callable[..., Any]] = {
    "parse_url": parse_url,
    "build_url": build_url,
    "join_urls": join_urls,
    "encode_query": encode_query,
    "decode_query": decode_query,
    "encode_path_segment": encode_path_segment,
}
