"""Cookies: the request's `Cookie` header field and lines of `Set-Cookie` (RFC 6265)."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec

from perilune.worker.library.errors import LibraryError
from perilune.worker.library.times import format_time

MAX_COOKIE_BYTES = 4096
"""Length of name and value together; browsers drop longer ones."""

_TOKEN = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# What a value may have besides letters, digits and `-_.~`; `%` is escaped, since it escapes.
_VALUE_SAFE = "!#$&'()*+/:<=>?@[]^`{|}"
_ATTRIBUTE = re.compile(rb"[ -:<-~]+")
_SAME_SITE = {b"strict": "Strict", b"lax": "Lax", b"none": "None"}
_LAST_SECOND = 253402300799
"""The last one of the year 9999."""


def parse_cookies(header: bytes) -> bytes:
    """Return the cookies of a `Cookie` field as packed table, escapes in values undone.

    Of several with one name the first counts: browsers send the one of the longest path first.
    """
    values: dict[bytes, bytes] = {}
    for pair in header.split(b";"):
        name, separator, value = (one.strip(b" \t") for one in pair.partition(b"="))
        if not separator or not name:
            continue
        if len(value) > 1 and value.startswith(b'"') and value.endswith(b'"'):
            value = value[1:-1]
        values.setdefault(name, unquote_to_bytes(value))
    return msgspec.msgpack.encode(values)


def build_cookie(name: bytes, value: bytes, packed: bytes) -> bytes:
    """Return the value of a `Set-Cookie` field; what can't stand in a value is escaped.

    Args:
        name: the name, a token.
        value: any bytes.
        packed: the options by name: `path`, `domain`, `maxAge`, `expires`, `secure`,
            `httpOnly`, `sameSite`.  Cookies are `HttpOnly` and `SameSite=Lax` without them.

    Raises:
        LibraryError: browsers would not take such a cookie, or there is no such option.
    """
    if not _TOKEN.fullmatch(name):
        raise LibraryError("the name of a cookie consists of letters, digits and !#$%&'*+-.^_`|~")
    escaped = quote_from_bytes(value, _VALUE_SAFE).encode()
    if len(name) + len(escaped) > MAX_COOKIE_BYTES:
        raise LibraryError(f"a cookie has at most {MAX_COOKIE_BYTES} bytes of name and value")
    return b"; ".join([name + b"=" + escaped, *_attributes(msgspec.msgpack.decode(packed) or {})])


def _attributes(given: Any) -> list[bytes]:
    if not isinstance(given, dict):
        raise LibraryError("the options have names")
    options = {_shown(key): one for key, one in given.items() if one is not None}
    unknown = sorted(options.keys() - _OPTIONS.keys())
    if unknown:
        raise LibraryError(f"there is no option {unknown[0]}, only {', '.join(_OPTIONS)}")
    options = {"httpOnly": True, "sameSite": b"Lax"} | options
    attributes = [_OPTIONS[key](key, options[key]) for key in _OPTIONS if key in options]
    if "SameSite=None" in attributes and "Secure" not in attributes:
        raise LibraryError("sameSite None needs the option secure")
    return [one.encode() for one in attributes if one]


def _shown(key: Any) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)


def _title(option: str) -> str:
    return option[0].upper() + option[1:]


def _text(option: str, value: Any) -> str:
    if not isinstance(value, bytes) or not _ATTRIBUTE.fullmatch(value):
        raise LibraryError(f"{option} must be ASCII text without a semicolon")
    return f"{_title(option)}={value.decode()}"


def _number(option: str, value: Any) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not -_LAST_SECOND <= value <= _LAST_SECOND:
        raise LibraryError(f"{option} must be a number of seconds")
    return int(value)


def _expires(option: str, value: Any) -> str:
    date = format_time(max(0, _number(option, value)), b"Mon, 02 Jan 2006 15:04:05 GMT", b"UTC")
    return f"Expires={date.decode()}"


def _flag(option: str, value: Any) -> str:
    if not isinstance(value, bool):
        raise LibraryError(f"{option} must be true or false")
    return _title(option) if value else ""


def _same_site(option: str, value: Any) -> str:
    known = _SAME_SITE.get(value.lower()) if isinstance(value, bytes) else None
    if known is None:
        raise LibraryError(f"{option} must be Strict, Lax or None")
    return f"SameSite={known}"


_OPTIONS: Mapping[str, Callable[[str, Any], str]] = {
    "path": _text,
    "domain": _text,
    "maxAge": lambda option, value: f"Max-Age={_number(option, value)}",
    "expires": _expires,
    "secure": _flag,
    "httpOnly": _flag,
    "sameSite": _same_site,
}
"""What makes the attribute of each option, in their order in the line."""

NATIVE: dict[str, Callable[..., Any]] = {
    "parse_cookies": parse_cookies,
    "build_cookie": build_cookie,
}
