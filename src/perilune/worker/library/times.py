"""Times as text by Go reference layouts, and the clock of a time zone."""

from collections.abc import Callable
from typing import Any

from perilune.worker.library import layout_parser, layouts
from perilune.worker.library.eras import DAY_S, days_since_1970
from perilune.worker.library.zones import SERVER, UTC_ZONE, Zone, find_zone

_FURTHEST_S = 2**63
"""No time is further from 1970 than this, some 292 billion years, as in Go."""


def format_time(unix_s: float, layout: bytes, zone: bytes | None = None) -> bytes:
    """Write a time in a zone, the server's unless given.

    Raises:
        LibraryError: the zone is unknown, or the layout too long.
    """
    where = SERVER if zone is None else _named(zone)
    text = layouts.format_time(_whole_seconds(unix_s), layout.decode("latin-1"), where)
    return text.encode("latin-1")


def parse_time(text: bytes, layout: bytes, zone: bytes | None = None) -> int:
    """Read a time as Unix seconds, in UTC unless the text or *zone* says otherwise.

    Raises:
        LibraryError: the text does not fit the layout, or the zone is unknown.
    """
    where = UTC_ZONE if zone is None else _named(zone)
    names = SERVER if zone is None else where
    return layout_parser.parse_time(text.decode("latin-1"), layout.decode("latin-1"), where, names)


def server_rule(unix_s: float) -> tuple[int, bytes, bool]:
    """Return the server's offset from UTC, its zone abbreviation, and whether it is summer time."""
    rule = SERVER.rule_at(_whole_seconds(unix_s))
    return rule.offset_s, rule.name.encode("latin-1", "replace"), rule.is_dst


def server_time(months: float, seconds: float, is_dst: bool | None) -> int:
    """Return the Unix seconds of a time by the server's clock, as C's mktime does.

    Args:
        months: to the start of the time's month, since January of year 0.
        seconds: since the start of that month.
        is_dst: whether summer time is meant; None for what is in force then.
    """
    year, month = divmod(_whole_seconds(months), 12)
    wall_s = days_since_1970(year, month + 1, 1) * DAY_S + _whole_seconds(seconds)
    if is_dst is not None:
        offset_s = SERVER.offset_near(wall_s, lambda rule: rule.is_dst == is_dst)
        if offset_s is not None:
            return wall_s - offset_s
    return SERVER.unix_s(wall_s)


def _named(zone: bytes) -> Zone:
    return find_zone(zone.decode("utf-8", "surrogateescape"))


def _whole_seconds(number: float) -> int:
    if -_FURTHEST_S < number < _FURTHEST_S:
        return int(number)
    return -_FURTHEST_S if number < 0 else _FURTHEST_S  # the latter for what is no number, too


NATIVE: dict[str, Callable[..., Any]] = {
    "format_time": format_time,
    "parse_time": parse_time,
    "server_rule": server_rule,
    "server_time": server_time,
}
