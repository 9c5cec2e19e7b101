"""How the texts of settings become values.

A parser raises `ValueError` saying what is wrong.
"""

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from perilune.clock import find_zone

MIB = 1024 * 1024

Parse = Callable[[str], Any]

_DURATION = re.compile(r"([0-9]{1,9})(s|m|h)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_SIZE = re.compile(r"([0-9]{1,12})(KiB|MiB|GiB)?")
_BYTES = {"KiB": 1024, "MiB": MIB, "GiB": 1024 * MIB}


def whole(least: int, most: int) -> Parse:
    """Return a parser of decimal integers from *least* to *most*."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return parse


def duration(least_s: int, most_s: int) -> Parse:
    """Return a parser of durations (`30`, `30s`, `5m`, `1h`) that gives seconds."""

    def parse(text: str) -> float:
        match = _DURATION.fullmatch(text)
        if match is None:
            raise ValueError(f"must be whole seconds or like 30s, 5m or 1h, not {text!r}")
        seconds = int(match[1]) * _SECONDS[match[2] or "s"]
        if not least_s <= seconds <= most_s:
            raise ValueError(f"must be from {least_s} to {most_s} seconds, not {text!r}")
        return float(seconds)

    return parse


def size(least: int, most: int) -> Parse:
    """Return a parser of sizes (`1048576`, `512KiB`, `1MiB`) that gives bytes."""

    def parse(text: str) -> int:
        match = _SIZE.fullmatch(text)
        if match is None:
            raise ValueError(f"must be bytes or like 512KiB, 6MiB or 1GiB, not {text!r}")
        value = int(match[1]) * (_BYTES[match[2]] if match[2] else 1)
        if not least <= value <= most:
            raise ValueError(f"must be from {least} to {most} bytes, not {text!r}")
        return value

    return parse


def choice(*words: str) -> Parse:
    """Return a parser that accepts exactly these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}, not {text!r}")
        return text

    return parse


def choices(*words: str) -> Parse:
    """Return a parser of comma-separated lists of these words."""

    def parse(text: str) -> tuple[str, ...]:
        return tuple(choice(*words)(name) for name in names(text))

    return parse


def absolute_url(text: str) -> str:
    """Return *text* unchanged if it is an absolute http or https URL without a query."""
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not text.isascii() or re.search(r"[\s?#@]", text):
        raise ValueError(f"must be an absolute URL like https://example.org, not {text!r}")
    return text


def postgres_url(text: str) -> str:
    """Return *text* unchanged if it begins like the URL of a PostgreSQL database."""
    if not text.startswith(("postgresql://", "postgres://")):
        # It may hold a password all the same.
        raise ValueError("must be a URL like postgresql://USER:PASSWORD@HOST/NAME")
    return text


def host_name(text: str) -> str:
    """Return *text* in lower case if it is a host name without port and scheme."""
    if not _HOST.fullmatch(text):
        raise ValueError(f"must be a host name like fn.example.org, without a port, not {text!r}")
    return text.lower()


def time_zone(text: str) -> str:
    """Return *text* unchanged if it names a time zone."""
    find_zone(text)
    return text


def names(text: str) -> tuple[str, ...]:
    """Return the comma-separated names in *text*."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def origins(text: str) -> tuple[str, ...]:
    """Return the comma-separated web origins in *text*, in the form in which browsers send them."""
    found = []
    for name in names(text):
        parts = urlsplit(absolute_url(name))
        if parts.path not in ("", "/"):
            raise ValueError(f"must be origins like https://example.org, without a path: {name!r}")
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
        if (parts.scheme, parts.port) in (("http", 443), ("https", 80)):
            port = f":{parts.port}"
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        found.append(f"{parts.scheme}://{host}{port}")
    return tuple(found)


def networks(text: str) -> tuple[str, ...]:
    """Return the comma-separated IP addresses and networks in *text*."""
    for name in names(text):
        try:
            ipaddress.ip_network(name)
        except ValueError as problem:
            raise ValueError(f"must be addresses or networks like 10.0.0.0/8: {problem}") from None
    return names(text)
