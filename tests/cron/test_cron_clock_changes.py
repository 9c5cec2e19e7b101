"""What becomes of schedules where clocks are put forward or back."""

from datetime import UTC, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from perilune.cron import parse
from tests.cron.reference import clock_changes, due_times, unix

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
SIX_HOURS_S = 21_600


def due(expression: str, zone: str, after: str, count: int) -> list[str]:
    """Return due times as local time and offset."""
    schedule = parse(expression, ZoneInfo(zone))
    instants = schedule.upcoming(unix(schedule.zone, after), count)
    return [f"{datetime.fromtimestamp(one, schedule.zone):%d %H:%M %z}" for one in instants]


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        pytest.param(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28 12:00",
            ["29 03:00 +0200", "30 02:30 +0200"],
            id="skipped: at the first minute after the gap",
        ),
        pytest.param(
            "*/10 2,3 * * *",
            "Europe/Berlin",
            "2026-03-29 01:00",
            ["29 03:00 +0200", "29 03:10 +0200"],
            id="skipped: once, however often it was due, and not beside what is due anyway",
        ),
        pytest.param(
            "30 2 29 3 *",
            "Europe/Berlin",
            "2026-03-01 00:00",
            ["29 03:00 +0200", "29 02:30 +0200"],
            id="skipped: the day is that of the skipped time",
        ),
        pytest.param(
            "0 * * * *",
            "Europe/Berlin",
            "2026-03-29 00:30",
            ["29 01:00 +0100", "29 03:00 +0200", "29 04:00 +0200"],
            id="skipped: hourly goes on",
        ),
        pytest.param(
            "0 */2 * * *",
            "Europe/Berlin",
            "2026-03-28 23:30",
            ["29 00:00 +0100", "29 04:00 +0200"],
            id="skipped: a step of hours leaves it out",
        ),
        pytest.param(
            "0 0/2 * * *",
            "Europe/Berlin",
            "2026-03-28 23:30",
            ["29 00:00 +0100", "29 03:00 +0200", "29 04:00 +0200"],
            id="skipped: hours from a number on are fixed",
        ),
        pytest.param(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-25 00:00",
            ["25 02:30 +0200", "26 02:30 +0100"],
            id="repeated: once, the first time",
        ),
        pytest.param(
            "*/30 2 * * *",
            "Europe/Berlin",
            "2026-10-25 00:00",
            ["25 02:00 +0200", "25 02:30 +0200", "26 02:00 +0100"],
            id="repeated: the hour decides, not the minute",
        ),
        pytest.param(
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-10-25 01:30",
            [
                "25 02:00 +0200",
                "25 02:30 +0200",
                "25 02:00 +0100",
                "25 02:30 +0100",
                "25 03:00 +0100",
            ],
            id="repeated: every half hour is due twice",
        ),
        pytest.param(
            "15 */2 25 10 *",
            "Europe/Berlin",
            "2026-10-25 02:30",
            ["25 02:15 +0100", "25 04:15 +0100"],
            id="repeated: what lies behind on the clock is yet to come",
        ),
        pytest.param(
            "30 2 * * *",
            "America/New_York",
            "2026-03-07 12:00",
            ["08 03:00 -0400", "09 02:30 -0400"],
            id="New York: skipped",
        ),
        pytest.param(
            "30 1 * * *",
            "America/New_York",
            "2026-10-31 12:00",
            ["01 01:30 -0400", "02 01:30 -0500"],
            id="New York: repeated",
        ),
        pytest.param(
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03 12:00",
            ["04 02:30 +1100", "05 02:15 +1100"],
            id="Lord Howe: half an hour skipped",
        ),
        pytest.param(
            "15,45 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03 12:00",
            ["04 02:30 +1100", "04 02:45 +1100", "05 02:15 +1100"],
            id="Lord Howe: the other half is not",
        ),
        pytest.param(
            "15,45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-05 00:00",
            ["05 01:15 +1100", "05 01:45 +1100", "06 01:15 +1030"],
            id="Lord Howe: half an hour repeated, fixed",
        ),
        pytest.param(
            "15,45 * * * *",
            "Australia/Lord_Howe",
            "2026-04-05 01:00",
            ["05 01:15 +1100", "05 01:45 +1100", "05 01:45 +1030", "05 02:15 +1030"],
            id="Lord Howe: half an hour repeated, wildcard",
        ),
        pytest.param(
            "0 0 * * *",
            "Africa/Cairo",
            "2026-04-23 12:00",
            ["24 01:00 +0300", "25 00:00 +0300"],
            id="Cairo: there is no midnight",
        ),
        pytest.param(
            "30 2 * * *",
            "UTC",
            "2026-03-28 12:00",
            ["29 02:30 +0000", "30 02:30 +0000"],
            id="UTC: never changed",
        ),
    ],
)
def test_clock_changes(expression, zone, after, expected):
    assert due(expression, zone, after, len(expected)) == expected


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "expression",
    [
        "0 * * 3,4,10,11 *",
        "30 */2 * * *",
        "45 */5 * * 0",
        "0 0 * * *",
        "30 1 * * *",
        "59 23 * * *",
        "5,15,45 2 * * *",
        "0-40/20 1-3 * 3,4,10,11 *",
        "0 9-17 * * 1-5",
        "15 2 1,15 * 0",
        "30 2 29 3 *",
        "0 3/6 */7 * *",
    ],
)
def test_a_year_is_that_of_another_implementation(zone, expression):
    """cronsim follows Debian's cron, which we do where no minute field begins with a star."""
    here = ZoneInfo(zone)
    begin, end = unix(here, "2026-01-01 00:00"), unix(here, "2027-01-01 00:00")
    theirs = (
        int(one.astimezone(UTC).timestamp())
        for one in CronSim(expression, datetime.fromtimestamp(begin, here))
    )
    expected = list(takewhile(lambda instant: instant < end, theirs))

    assert expected
    assert parse(expression, here).upcoming(begin, len(expected)) == expected


@pytest.mark.parametrize(
    ("zone", "year"),
    [
        *(pytest.param(zone, 2026, id=zone) for zone in ZONES),
        pytest.param("Africa/Cairo", 2026, id="midnight is skipped"),
        pytest.param("America/Havana", 2026, id="midnight comes twice"),
        pytest.param("America/Nuuk", 2026, id="the hour before midnight"),
        pytest.param("Antarctica/Troll", 2026, id="two hours"),
        pytest.param("America/St_Johns", 2010, id="a minute past midnight"),
        pytest.param("Pacific/Apia", 2011, id="a whole day is skipped"),
    ],
)
@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *",
        "*/7 * * * *",
        "15,45 */2 * * *",
        "10 */24 * * *",
        "20 *,1 * * 0,6",
        "30 0 * * *",
        "30 2 * * *",
        "*/15 1-2 * * *",
        "* 0-3,23 * * *",
        "0 0 30 12 *",
        "59 23 * * 4-6",
        "5 0/3 1-30/2 * *",
    ],
)
def test_around_each_clock_change_no_minute_is_missed(expression, zone, year):
    here = ZoneInfo(zone)
    new_year = unix(here, f"{year}-01-01 00:00")
    changes = clock_changes(here, new_year, unix(here, f"{year + 1}-01-01 12:00"))
    schedule = parse(expression, here)

    for change in changes or [new_year]:
        begin, end = change - SIX_HOURS_S, change + SIX_HOURS_S
        expected = due_times(expression, here, begin, end)

        found = schedule.upcoming(begin - 1, len(expected) + 1)

        assert found[:-1] == expected
        assert found[-1] > end
