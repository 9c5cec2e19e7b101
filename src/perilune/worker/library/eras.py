"""The proleptic Gregorian calendar for any year.

`datetime` knows the years 1 to 9999.  The calendar repeats every 400 years,
weekdays included, so every moment has its like in the era that starts in 2000.
"""

from datetime import date, datetime, timedelta

ERA_YEARS = 400
DAY_S = 86_400
ERA_S = 146_097 * DAY_S

_FIRST_YEAR = 2000
_START = datetime(_FIRST_YEAR, 1, 1)
_START_S = 946_684_800


def split_time(wall_s: int) -> tuple[int, datetime]:
    """Return the year of a moment, and its like in the years 2000 to 2399.

    The moment is in seconds since 1970 by the clock that is to be shown.
    """
    era, rest_s = divmod(wall_s - _START_S, ERA_S)
    like = _START + timedelta(seconds=rest_s)
    return like.year + era * ERA_YEARS, like


def days_since_1970(year: int, month: int, day: int) -> int:
    """Return the number of a date's day.

    Raises:
        ValueError: there is no such date.
    """
    era, year_of_era = divmod(year - _FIRST_YEAR, ERA_YEARS)
    days = date(_FIRST_YEAR + year_of_era, month, day) - _START.date()
    return days.days + (_START_S + era * ERA_S) // DAY_S
