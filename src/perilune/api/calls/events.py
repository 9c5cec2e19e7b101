"""From a request to the event a function sees.  No I/O.

This is the hottest code of the product: it runs for every call of every
function, and each microsecond counts.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol
from urllib.parse import unquote_to_bytes

import msgspec

from perilune.api.connections.request import Request
from perilune.api.headers import SESSION_COOKIE
from perilune.events import HTTPEvent

PREFIX = "/fn/"
MAPPED_IPV4 = "::ffff:"

MAX_RECENT_BYTES = 256

_CREDENTIALS = ("Authorization", "Proxy-Authorization", "X-Api-Key")
"""Headers in which a client may send the management key by mistake."""
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class CallTarget(msgspec.Struct, frozen=True):
    """What a request's path names."""

    function: str
    """Its id or its address."""
    path: str
    relative_path: str
    raw_relative_path: str = ""
    """As it was sent; empty when nothing in it is escaped."""


class SecretHolder(Protocol):
    """Knows the management key, which functions must never see (KD-02)."""

    def holds(self, authorization: bytes) -> bool:
        """Whether the value of a header that carries credentials carries the key."""
        ...


def parse_target(raw_path: bytes) -> CallTarget | None:
    """Return what a path below `/fn/` names, decoded and raw, or None if it names no function."""
    if b"%" in raw_path:
        return _parse_escaped(raw_path)
    path = raw_path.decode("latin-1")
    end = path.find("/", 4)
    if end < 0:
        return CallTarget(path[4:], path, "/") if len(path) > 4 else None
    return CallTarget(path[4:end], path, path[end:]) if end > 4 else None


recent_target = lru_cache(maxsize=1024)(parse_target)
"""Does the same for paths of at most `MAX_RECENT_BYTES`, most of which come again and again."""


def mount_of(raw_path: bytes) -> bytes:
    """Return the part of a path below `/fn/` that names the function, as browsers compare it.

    A `;` is escaped: it would end the `Path` of a cookie.
    """
    return b"/".join(raw_path.split(b"/", 3)[:3]).replace(b";", b"%3B")


def hide_credentials(
    headers: dict[str, str], several: dict[str, list[str]], secret: SecretHolder
) -> None:
    """Take out of a request's headers what is the management's, and make one of its cookies."""
    if "Cookie" in headers:
        _filter_values(headers, several, "Cookie", _without_session)
        if "Cookie" in several:
            # As one field, in which HTTP/2 lets them be split (RFC 9113, 8.2.3).
            headers["Cookie"] = "; ".join(several["Cookie"])
    for name in _CREDENTIALS:
        if name in headers:

            def kept(value: str) -> str:
                return "" if secret.holds(value.encode("utf-8", "surrogateescape")) else value

            _filter_values(headers, several, name, kept)


def parse_query(raw: bytes) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the first value of each name, and all values of names that came more than once.

    Pairs with a broken escape or a `;` are dropped, as form decoding demands.
    """
    first: dict[str, str] = {}
    several: dict[str, list[str]] = {}
    is_plain = b"%" not in raw and b"+" not in raw
    for pair in raw.split(b"&"):
        if not pair or b";" in pair:
            continue
        raw_name, _, raw_value = pair.partition(b"=")
        if not is_plain:
            if _BAD_ESCAPE.search(pair):
                continue
            raw_name = unquote_to_bytes(raw_name.replace(b"+", b" "))
            raw_value = unquote_to_bytes(raw_value.replace(b"+", b" "))
        name = raw_name.decode("utf-8", "surrogateescape")
        value = raw_value.decode("utf-8", "surrogateescape")
        if name not in first:
            first[name] = value
        else:
            several.setdefault(name, [first[name]]).append(value)
    return first, several


def build_event(request: Request, target: CallTarget, body: bytes) -> HTTPEvent:
    """Return the event of a request whose parts have been parsed."""
    raw_query = request.query
    query: dict[str, str] = {}
    multi_query: dict[str, list[str]] = {}
    if raw_query:
        query, multi_query = parse_query(raw_query)
    return HTTPEvent(
        method=request.method,
        path=target.path,
        relative_path=target.relative_path,
        raw_relative_path=target.raw_relative_path,
        headers=request.headers,
        body=body,
        query=query,
        multi_headers=request.multi_headers,
        multi_query=multi_query,
        raw_query=raw_query.decode("utf-8", "surrogateescape"),
        host=request.host,
        scheme=request.scheme,
        remote_addr=request.client[0].removeprefix(MAPPED_IPV4),
        trigger="http",
    )


def _parse_escaped(raw: bytes) -> CallTarget | None:
    """Find the function's name before decoding: an escaped slash separates nothing."""
    parts = raw.split(b"/", 3)
    if len(parts) < 3 or unquote_to_bytes(parts[1]) != b"fn" or not parts[2]:
        return None
    try:
        function = unquote_to_bytes(parts[2]).decode()
    except UnicodeDecodeError:
        return None
    rest = b"/" + parts[3] if len(parts) > 3 else b"/"
    return CallTarget(function, _decoded(raw), _decoded(rest), rest.decode("latin-1"))


def _decoded(raw: bytes) -> str:
    return unquote_to_bytes(raw).decode("utf-8", "surrogateescape")


def _without_session(value: str) -> str:
    if SESSION_COOKIE not in value:
        return value
    kept = [
        part.strip()
        for part in value.split(";")
        if part.partition("=")[0].strip() != SESSION_COOKIE
    ]
    return "; ".join(part for part in kept if part)


def _filter_values(
    headers: dict[str, str],
    several: dict[str, list[str]],
    name: str,
    kept: Callable[[str], str],
) -> None:
    """Apply *kept* to every value of *name*; values that become empty are removed."""
    values = [value for value in map(kept, several.pop(name, [headers[name]])) if value]
    if not values:
        del headers[name]
        return
    headers[name] = values[0]
    if len(values) > 1:
        several[name] = values
