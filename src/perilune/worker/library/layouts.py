"""Go's reference layouts: what they consist of, and writing times by them.

A layout is a sample of the reference time, Mon Jan 2 15:04:05 MST 2006: what
looks like a part of it is a token, everything else is literal.

Texts hold one byte per character (Latin-1), since guests have bytes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from perilune.worker.library.eras import split_time
from perilune.worker.library.errors import LibraryError
from perilune.worker.library.zones import Rule, Zone

MAX_BYTES = 16 * 1024
"""Longest layout, and longest text to parse."""

TOKEN = re.compile(
    r"""
    January | Jan(?![a-z]) | Monday | Mon(?![a-z]) | MST | PM | pm
    | 2006 | 0[1-6] | 002 | 15 | [1-5] | _2(?!006) | __2
    | [-Z]07(?: :00(?: :00)? | 00(?:00)? )?
    | [.,](?: 0++ | 9++ )(?![0-9])
    """,
    re.VERBOSE,
)

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def format_time(unix_s: int, layout: str, zone: Zone) -> str:
    """Write a moment in *zone* by *layout*; fractions of a second are zero.

    Raises:
        LibraryError: the layout is too long.
    """
    check_size(layout, "layout")
    rule = zone.rule_at(unix_s)
    moment = _Moment(*split_time(unix_s + rule.offset_s), rule)
    return TOKEN.sub(lambda found: _write(found[0], moment), layout)


def check_size(text: str, what: str) -> None:
    """Raise a `LibraryError` if a layout or a text is too long to be worked on."""
    if len(text) > MAX_BYTES:
        raise LibraryError(f"{what} of {len(text)} bytes exceeds the limit of {MAX_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class _Moment:
    year: int
    when: datetime
    """The like of the moment within the years of `split_time`."""
    rule: Rule


def _write(token: str, moment: _Moment) -> str:
    writer = _WRITERS.get(token)
    if writer is not None:
        return writer(moment)
    if token[0] in ".,":
        return token if token[1] == "0" else ""
    return _offset_text(token, moment.rule.offset_s)


def _offset_text(token: str, offset_s: int) -> str:
    if token[0] == "Z" and offset_s == 0:
        return "Z"
    minutes, seconds = divmod(abs(offset_s), 60)
    hours, minutes = divmod(minutes, 60)
    separator = ":" if ":" in token else ""
    numbers = (hours, minutes, seconds)[: len(token.replace(":", "")) // 2]
    sign = "-" if offset_s < 0 else "+"
    return sign + separator.join(f"{number:02}" for number in numbers)


def _zone_text(moment: _Moment) -> str:
    return moment.rule.name or _offset_text("-0700", moment.rule.offset_s)


def _year_text(moment: _Moment) -> str:
    return f"{'-' if moment.year < 0 else ''}{abs(moment.year):04}"


def _day_of_year(moment: _Moment) -> int:
    return moment.when.timetuple().tm_yday


_WRITERS: dict[str, Callable[[_Moment], str]] = {
    "2006": _year_text,
    "06": lambda m: f"{max(m.year, 0) % 100:02}",
    "January": lambda m: MONTHS[m.when.month - 1],
    "Jan": lambda m: MONTHS[m.when.month - 1][:3],
    "01": lambda m: f"{m.when.month:02}",
    "1": lambda m: f"{m.when.month}",
    "Monday": lambda m: WEEKDAYS[m.when.weekday()],
    "Mon": lambda m: WEEKDAYS[m.when.weekday()][:3],
    "02": lambda m: f"{m.when.day:02}",
    "_2": lambda m: f"{m.when.day:2}",
    "2": lambda m: f"{m.when.day}",
    "002": lambda m: f"{_day_of_year(m):03}",
    "__2": lambda m: f"{_day_of_year(m):3}",
    "15": lambda m: f"{m.when.hour:02}",
    "03": lambda m: f"{m.when.hour % 12 or 12:02}",
    "3": lambda m: f"{m.when.hour % 12 or 12}",
    "PM": lambda m: "PM" if m.when.hour >= 12 else "AM",
    "pm": lambda m: "pm" if m.when.hour >= 12 else "am",
    "04": lambda m: f"{m.when.minute:02}",
    "4": lambda m: f"{m.when.minute}",
    "05": lambda m: f"{m.when.second:02}",
    "5": lambda m: f"{m.when.second}",
    "MST": _zone_text,
}
