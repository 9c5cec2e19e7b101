"""When schedules are due, found out the slow way: one minute after the other.

Shares nothing with the code under test.  Numbers only, no names, no `7`.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


def unix(zone: ZoneInfo, text: str, *, fold: int = 0) -> int:
    """Return the instant of a local time such as `2026-03-29 03:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp())


def clock_changes(zone: ZoneInfo, first: int, last: int) -> list[int]:
    """Return a full hour close to every change of the offset."""
    hours = range(first, last, 3600)
    offsets = [datetime.fromtimestamp(hour, zone).utcoffset() for hour in hours]
    return [hours[at] for at in range(1, len(hours)) if offsets[at] != offsets[at - 1]]


def due_times(expression: str, zone: ZoneInfo, first: int, last: int) -> list[int]:
    """Return the due times from *first* to *last*, both full minutes and included."""
    fields = _Fields(expression)
    due = []
    before = _wall(zone, first - 60)
    for instant in range(first, last + 60, 60):
        here = datetime.fromtimestamp(instant, zone)
        wall = here.replace(tzinfo=None, fold=0)
        is_due = fields.match(wall)
        if fields.are_of_fixed_hour:
            skipped = range(1, (wall - before) // MINUTE)
            is_due = is_due and here.fold == 0
            is_due = is_due or any(fields.match(before + MINUTE * n) for n in skipped)
        if is_due:
            due.append(instant)
        before = wall
    return due


def _wall(zone: ZoneInfo, instant: int) -> datetime:
    return datetime.fromtimestamp(instant, zone).replace(tzinfo=None, fold=0)


class _Fields:
    def __init__(self, expression: str) -> None:
        minute, hour, day, month, weekday = expression.split()
        self.are_of_fixed_hour = not any(item[0] in "*?" for item in hour.split(","))
        self._are_days_open = _is_open(day) or _is_open(weekday)
        self._minutes = {one for one in range(60) if _allows(minute, one, 0, 59)}
        self._hours = {one for one in range(24) if _allows(hour, one, 0, 23)}
        self._days = {one for one in range(1, 32) if _allows(day, one, 1, 31)}
        self._months = {one for one in range(1, 13) if _allows(month, one, 1, 12)}
        self._weekdays = {one for one in range(7) if _allows(weekday, one, 0, 6)}

    def match(self, wall: datetime) -> bool:
        if wall.minute not in self._minutes or wall.hour not in self._hours:
            return False
        by_day = wall.day in self._days
        by_weekday = wall.isoweekday() % 7 in self._weekdays
        by_either = by_day and by_weekday if self._are_days_open else by_day or by_weekday
        return by_either and wall.month in self._months


def _is_open(field: str) -> bool:
    return any(item in ("*", "?", "*/1", "?/1") for item in field.split(","))


def _allows(field: str, value: int, lowest: int, highest: int) -> bool:
    for item in field.split(","):
        bounds, slash, step = item.partition("/")
        first, hyphen, last = bounds.partition("-")
        if first in ("*", "?"):
            start, end = lowest, highest
        else:
            start = int(first)
            end = int(last) if hyphen else highest if slash else start
        if start <= value <= end and (value - start) % int(step or 1) == 0:
            return True
    return False
