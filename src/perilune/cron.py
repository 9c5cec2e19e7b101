"""Cron expressions: what they mean and when they are due.  Nobody's clock is read here.

Five fields - minute, hour, day of month, month, day of week - in the dialect of
the Go package robfig/cron (v3, standard parser), whose messages are kept, and
beyond it `7` for Sunday, ranges of names across the end of the week or the year
(`fri-mon`, `mon-sun`, `nov-feb`) and the descriptors `@hourly` to `@yearly`.

A schedule is *fixed-hour* when no item of its hour field is `*` or `?`, with or
without a step: `30 2 * * *`, `0 9-17 * * *` and `0 0/6 * * *` are, `0 * * * *`
and `0 */6 * * *` are not.  Where a zone's clocks are changed,

* a fixed-hour schedule follows the clock on the wall: times that are skipped are
  made up for once, in the first minute after the gap; of a time that comes twice
  only the first counts;
* any other schedule follows the real line of time: what is skipped is left out,
  and what comes twice is due twice.

That is the rule of Vixie cron as Debian ships it (`cron(8)`: jobs "that run at a
specific time" are treated so), except that there a `*` in the minute field also
puts a schedule on the real line, while here the hour field alone decides.
"""

# Own code: cronsim has no `?`, combines the days otherwise where one is `*/2` and accepts `L`
# and `#`, croniter accepts far more still, and neither has the messages clients know.

import calendar
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from perilune.errors import PeriluneError

__all__ = ["MAX_EXPRESSION_CHARS", "CronError", "Schedule", "load_zone", "parse", "until_human"]

MAX_EXPRESSION_CHARS: Final = 100

# From 29 February 2096 to the next one, in 2104.
_LONGEST_WAIT_YEARS: Final = 8
_MOST_DAYS: Final = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_DESCRIPTORS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

_QUARTZ_ITEM: Final = re.compile(r"LW?|\d+[LW]|[a-z]{3}L|\w*#\w*", re.IGNORECASE)
"""What Quartz and others take beside numbers and names."""


class CronError(PeriluneError):
    """An expression is not of the dialect, or is never due; the message says why."""

    code = "invalid_cron_expression"


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times something is due; `parse` makes it."""

    zone: ZoneInfo
    """Whose local time the fields are."""

    _minutes: tuple[int, ...]
    _hours: tuple[int, ...]
    _days: frozenset[int]
    _months: tuple[int, ...]
    _weekdays: frozenset[int]  # 0 = Sunday
    _either_day: bool  # day of month or day of week suffices
    _fixed_hour: bool

    def next_after(self, unix_seconds: int) -> int | None:
        """Return the first due time later than *unix_seconds*: a full minute, in Unix seconds.

        `None`: there is none within eight years.  The calendar alone cannot cause
        that, since `parse` refuses such schedules.
        """
        repetition = None
        for first, second in self._due_from(unix_seconds):
            if first > unix_seconds:
                return first if repetition is None else min(first, repetition)
            if repetition is None and second > unix_seconds:
                repetition = second
        return repetition

    def upcoming(self, unix_seconds: int, count: int) -> list[int]:
        """Return the next *count* due times later than *unix_seconds*, in Unix seconds."""
        due: list[int] = []
        following = self.next_after(unix_seconds)
        while following is not None and len(due) < count:
            due.append(following)
            following = self.next_after(following)
        return due

    def latest(self, after: int, until: int) -> int | None:
        """Return the last due time later than *after* and not later than *until*, if any.

        It takes some thirty steps, however many due times lie between the two.
        """
        # `next_after` never falls when its argument grows, so the second from which on it lies
        # behind *until* is the last due time itself.
        seconds = range(after, until + 1)
        last = after + bisect_left(
            seconds, True, key=lambda second: self._is_none_due(second, until)
        )
        return last if last > after else None

    def count(self, after: int, until: int, most: int) -> int:
        """Return how many due times lie strictly between the two; *most* stands for more."""
        found: set[int] = set()
        for first, second in self._due_from(after):
            if first >= until or len(found) >= most:
                break
            found.update(one for one in (first, second) if after < one < until)
        return min(len(found), most)

    def _is_none_due(self, after: int, until: int) -> bool:
        following = self.next_after(after)
        return following is None or following > until

    def _due_from(self, unix_seconds: int) -> Iterator[tuple[int, int]]:
        """Yield when each matching local time comes first and second, mostly the same.

        All due times later than *unix_seconds* are among them, and few others.
        """
        now = datetime.fromtimestamp(unix_seconds, self.zone)
        # When this hour will be repeated, local times that lie behind are still to come.
        repeated_s = now.replace(fold=1).timestamp() - now.timestamp()
        earliest = now.replace(second=0, tzinfo=None, fold=0) - timedelta(seconds=repeated_s)
        for local in self._local_times_from(earliest):
            here = local.replace(tzinfo=self.zone)
            first, second = int(here.timestamp()), int(here.replace(fold=1).timestamp())
            if first < second and self._fixed_hour:
                yield first, first
            elif first <= second:
                yield first, second
            elif self._fixed_hour:  # skipped: PEP 495 has the folds change places there
                gap_end = self._gap_end(second, first)
                yield gap_end, gap_end

    def _gap_end(self, before: int, after: int) -> int:
        """Return the first full minute of local time after the gap between two instants."""
        new_offset = datetime.fromtimestamp(after, self.zone).utcoffset()
        minutes = range(before, after + 60, 60)
        return minutes[
            bisect_left(
                minutes,
                True,
                key=lambda at: datetime.fromtimestamp(at, self.zone).utcoffset() == new_offset,
            )
        ]

    def _local_times_from(self, earliest: datetime) -> Iterator[datetime]:
        """Yield what matches the fields, without a zone, in the order of a clock never changed."""
        first_day = earliest.date()
        for day in self._dates_from(first_day):
            first_minute = earliest.hour * 60 + earliest.minute if day == first_day else 0
            for hour in self._hours[bisect_left(self._hours, first_minute // 60) :]:
                for minute in self._minutes:
                    if hour * 60 + minute >= first_minute:
                        yield datetime(day.year, day.month, day.day, hour, minute)

    def _dates_from(self, first: date) -> Iterator[date]:
        for year in range(first.year, first.year + _LONGEST_WAIT_YEARS + 1):
            for month in self._months:
                if (year, month) < (first.year, first.month):
                    continue
                weekday_of_first, length = calendar.monthrange(year, month)  # 0 = Monday
                for day in range(1, length + 1):
                    if self._is_due_on(day, (weekday_of_first + day) % 7):
                        due = date(year, month, day)
                        if due >= first:
                            yield due

    def _is_due_on(self, day: int, weekday: int) -> bool:
        if self._either_day:
            return day in self._days or weekday in self._weekdays
        return day in self._days and weekday in self._weekdays


def parse(expression: str, default_zone: ZoneInfo) -> Schedule:
    """Return the schedule *expression* describes.

    Args:
        expression: five fields or a descriptor, after `TZ=Zone` or `CRON_TZ=Zone`
            if it has a zone of its own.
        default_zone: the zone of all others.

    Raises:
        CronError: it is malformed or too long, names an unknown zone or is never due.
    """
    if len(expression) > MAX_EXPRESSION_CHARS:
        raise CronError(f"expression cannot be longer than {MAX_EXPRESSION_CHARS} characters")
    words = expression.split()
    zone = default_zone
    if words and words[0].startswith(("TZ=", "CRON_TZ=")):
        zone = load_zone(words.pop(0).partition("=")[2])
    if words and words[0].startswith("@"):
        words = _described(" ".join(words)).split()
    if len(words) != len(_FIELDS):
        found = f"{len(words)}: [{' '.join(words)}]"
        hint = "; seconds and years are not supported" if len(words) in (6, 7) else ""
        raise CronError(f"expected exactly {len(_FIELDS)} fields, found {found}{hint}")
    minutes, hours, days, months, weekdays = (
        one.read(word) for one, word in zip(_FIELDS, words, strict=True)
    )
    either_day = not (days.is_any or weekdays.is_any)
    longest_month = max(_MOST_DAYS[month] for month in months.values)
    if not either_day and min(days.values) > longest_month:
        raise CronError("schedule never fires")
    return Schedule(
        zone=zone,
        _minutes=tuple(sorted(minutes.values)),
        _hours=tuple(sorted(hours.values)),
        _days=days.values,
        _months=tuple(sorted(months.values)),
        _weekdays=weekdays.values,
        _either_day=either_day,
        _fixed_hour=not hours.has_wildcard,
    )


def load_zone(name: str) -> ZoneInfo:
    """Return the zone with the IANA name *name*.  Raises `CronError` if there is none."""
    try:
        return ZoneInfo(name)
    # KeyError: unknown; ValueError: not a name or not a zone file; OSError: a folder.
    except (KeyError, ValueError, OSError) as problem:
        raise CronError(f"provided bad location {name}: unknown time zone {name}") from problem


def until_human(next_run: int, now: float) -> str:
    """Say in words how far *next_run* is from *now*, both in Unix seconds; rounded down."""
    seconds = next_run - now
    if seconds < 0:
        return "overdue"
    for unit, length_s in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length_s)
        if count:
            return f"in {count} {unit}" if count == 1 else f"in {count} {unit}s"
    return "in less than a minute"


@dataclass(frozen=True, slots=True)
class _Values:
    """What a field of an expression allows."""

    values: frozenset[int]
    has_wildcard: bool  # `*` or `?`, with or without a step
    is_any: bool  # the same without a step above one


@dataclass(frozen=True, slots=True)
class _Field:
    """What may stand in a field."""

    minimum: int
    last: int
    names: Mapping[str, int] = field(default_factory=dict)
    extra: int = 0
    """How many numbers beyond the last one name the first ones again."""

    def read(self, text: str) -> _Values:
        """Return what *text*, a comma list, allows.  Raises `CronError`."""
        values: set[int] = set()
        has_wildcard = is_any = False
        for item in text.split(","):
            if not item:
                raise CronError(f"empty list item: {text}")
            allowed = self._item(item)
            values.update(self._folded(number) for number in allowed)
            if item[0] in "*?":
                has_wildcard = True
                is_any = is_any or allowed.step == 1
        return _Values(frozenset(values), has_wildcard, is_any)

    def _item(self, item: str) -> range:
        bounds, *steps = item.split("/")
        numbers = bounds.split("-")
        maximum = self.last + self.extra
        if bounds in ("*", "?"):
            start, end = self.minimum, self.last
        else:
            start = self._number(numbers[0])
            if len(numbers) > 2:
                raise CronError(f"too many hyphens: {item}")
            end = self._number(numbers[-1])
        if len(steps) > 1:
            raise CronError(f"too many slashes: {item}")
        step = _whole_number(steps[0]) if steps else 1
        if steps and len(numbers) == 1:
            end = max(end, self.last)
        if start < self.minimum:
            raise CronError(f"beginning of range ({start}) below minimum ({self.minimum}): {item}")
        if end > maximum:
            raise CronError(f"end of range ({end}) above maximum ({maximum}): {item}")
        if start > end and numbers[-1].lower() in self.names:
            end += self._count
        if start > end:
            raise CronError(f"beginning of range ({start}) beyond end of range ({end}): {item}")
        if step == 0:
            raise CronError(f"step of range should be a positive number: {item}")
        return range(start, end + 1, step)

    def _number(self, text: str) -> int:
        named = self.names.get(text.lower())
        return _whole_number(text) if named is None else named

    @property
    def _count(self) -> int:
        return self.last + 1 - self.minimum

    def _folded(self, number: int) -> int:
        """Return the value that a number beyond the last one stands for."""
        return self.minimum + (number - self.minimum) % self._count


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        hint = "; L, W and # are not supported" if _QUARTZ_ITEM.fullmatch(text) else ""
        raise CronError(f"failed to parse int from {text}: invalid syntax{hint}")
    return int(text)


def _described(descriptor: str) -> str:
    try:
        return _DESCRIPTORS[descriptor]
    except KeyError:
        known = ", ".join(_DESCRIPTORS)
        raise CronError(
            f"parser does not accept descriptors: {descriptor} is not supported, only {known}"
        ) from None


_YEAR: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEK: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

_FIELDS: Final = (
    _Field(0, 59),
    _Field(0, 23),
    _Field(1, 31),
    _Field(1, 12, {name: number for number, name in enumerate(_YEAR, start=1)}),
    # 7 is Sunday again, but `*` and `5/2` end with 6.
    _Field(0, 6, {name: number for number, name in enumerate(_WEEK)}, extra=1),
)
