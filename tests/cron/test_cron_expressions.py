"""What is a cron expression, what is none, and what clients are told."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from perilune.cron import MAX_EXPRESSION_CHARS, CronError, parse, until_human
from perilune.errors import PeriluneError
from tests.cron.reference import unix

UTC = ZoneInfo("UTC")
START = unix(UTC, "2026-01-01 00:00") - 1  # a Thursday is about to begin


NO_DESCRIPTOR = (
    "parser does not accept descriptors: {} is not supported, only @yearly, @annually, @monthly,"
    " @weekly, @daily, @midnight, @hourly"
)
NO_SECONDS = "; seconds and years are not supported"
NO_MARKS = "; L, W and # are not supported"


def due(expression: str, count: int, zone: ZoneInfo = UTC) -> list[str]:
    schedule = parse(expression, zone)
    instants = schedule.upcoming(START, count)
    return [f"{datetime.fromtimestamp(one, schedule.zone):%a %m-%d %H:%M}" for one in instants]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("* * * * *", ["Thu 01-01 00:00", "Thu 01-01 00:01"], id="every minute"),
        pytest.param("? ? ? ? ?", ["Thu 01-01 00:00", "Thu 01-01 00:01"], id="question marks"),
        pytest.param("  7\t8 \n9 10  *  ", ["Fri 10-09 08:07"], id="any white space"),
        pytest.param("5,59,5 * * * *", ["Thu 01-01 00:05", "Thu 01-01 00:59"], id="list"),
        pytest.param(
            "58-59 23 * * *", ["Thu 01-01 23:58", "Thu 01-01 23:59", "Fri 01-02 23:58"], id="range"
        ),
        pytest.param(
            "*/25 * * * *",
            ["Thu 01-01 00:00", "Thu 01-01 00:25", "Thu 01-01 00:50", "Thu 01-01 01:00"],
            id="step from the minimum",
        ),
        pytest.param(
            "50/5 0 * * *",
            ["Thu 01-01 00:50", "Thu 01-01 00:55", "Fri 01-02 00:50"],
            id="step from a number to the maximum",
        ),
        pytest.param(
            "1-9/4 0 * * *",
            ["Thu 01-01 00:01", "Thu 01-01 00:05", "Thu 01-01 00:09", "Fri 01-02 00:01"],
            id="step in a range",
        ),
        pytest.param("5/99 * * * *", ["Thu 01-01 00:05", "Thu 01-01 01:05"], id="step too large"),
        pytest.param("0 0 */16 * *", ["Thu 01-01 00:00", "Sat 01-17 00:00"], id="days from 1"),
        pytest.param("0 0 1 2/6 *", ["Sun 02-01 00:00", "Sat 08-01 00:00"], id="months"),
        pytest.param("0 0 1 FEB,dec *", ["Sun 02-01 00:00", "Tue 12-01 00:00"], id="month names"),
        pytest.param("0 0 1 oct-12/2 *", ["Thu 10-01 00:00", "Tue 12-01 00:00"], id="mixed range"),
        pytest.param("0 0 * * Mon-tUE", ["Mon 01-05 00:00", "Tue 01-06 00:00"], id="day names"),
        pytest.param("0 0 * * 0", ["Sun 01-04 00:00", "Sun 01-11 00:00"], id="Sunday is 0"),
        pytest.param("0 0 * * 7", ["Sun 01-04 00:00", "Sun 01-11 00:00"], id="Sunday is 7 (KD-89)"),
        pytest.param("0 0 * * 6-7", ["Sat 01-03 00:00", "Sun 01-04 00:00"], id="week end"),
        pytest.param(
            "0 0 * * mon-sun",
            [
                f"{d} 00:00"
                for d in ("Thu 01-01", "Fri 01-02", "Sat 01-03", "Sun 01-04", "Mon 01-05")
            ],
            id="whole week by names",
        ),
        pytest.param(
            "0 0 * * FRI-mon",
            [
                "Fri 01-02 00:00",
                "Sat 01-03 00:00",
                "Sun 01-04 00:00",
                "Mon 01-05 00:00",
                "Fri 01-09 00:00",
            ],
            id="across the end of the week",
        ),
        pytest.param(
            "0 0 * * 5-sun",
            ["Fri 01-02 00:00", "Sat 01-03 00:00", "Sun 01-04 00:00", "Fri 01-09 00:00"],
            id="from a number to a name",
        ),
        pytest.param("0 0 * * sun-sun", ["Sun 01-04 00:00", "Sun 01-11 00:00"], id="one name"),
        pytest.param(
            "0 0 * * thu-tue/2",
            ["Thu 01-01 00:00", "Sat 01-03 00:00", "Mon 01-05 00:00", "Thu 01-08 00:00"],
            id="step across the end of the week",
        ),
        pytest.param(
            "0 0 1 nov-feb *",
            [
                "Thu 01-01 00:00",
                "Sun 02-01 00:00",
                "Sun 11-01 00:00",
                "Tue 12-01 00:00",
                "Fri 01-01 00:00",
            ],
            id="across the end of the year",
        ),
        pytest.param("0 0 * * 7/3", ["Sun 01-04 00:00", "Sun 01-11 00:00"], id="7 with step"),
        pytest.param("0 0 * * 5/2", ["Fri 01-02 00:00", "Fri 01-09 00:00"], id="week ends with 6"),
        pytest.param("@yearly", ["Thu 01-01 00:00"], id="yearly"),
        pytest.param("@annually", ["Thu 01-01 00:00"], id="annually"),
        pytest.param("@monthly", ["Thu 01-01 00:00", "Sun 02-01 00:00"], id="monthly"),
        pytest.param("@weekly", ["Sun 01-04 00:00", "Sun 01-11 00:00"], id="weekly"),
        pytest.param("@daily", ["Thu 01-01 00:00", "Fri 01-02 00:00"], id="daily"),
        pytest.param(" @midnight ", ["Thu 01-01 00:00", "Fri 01-02 00:00"], id="midnight"),
        pytest.param("@hourly", ["Thu 01-01 00:00", "Thu 01-01 01:00"], id="hourly"),
    ],
)
def test_fields_and_descriptors(expression, expected):
    assert due(expression, len(expected)) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param("13 * 5", ["Fri 01-02", "Fri 01-09", "Tue 01-13"], id="either suffices"),
        pytest.param("13 * *", ["Tue 01-13", "Fri 02-13", "Fri 03-13"], id="day of month"),
        pytest.param("? * 5", ["Fri 01-02", "Fri 01-09", "Fri 01-16"], id="day of week"),
        pytest.param("*/1 * 5", ["Fri 01-02", "Fri 01-09", "Fri 01-16"], id="step of one is none"),
        pytest.param("*/12 * 5", ["Thu 01-01", "Fri 01-02", "Fri 01-09"], id="step restricts"),
        pytest.param("13 * */3", ["Sat 01-03", "Sun 01-04", "Wed 01-07"], id="weekday step"),
        pytest.param("13 * ?/1", ["Tue 01-13", "Fri 02-13", "Fri 03-13"], id="weekday step one"),
        pytest.param("5,* * 1", ["Mon 01-05", "Mon 01-12", "Mon 01-19"], id="star in a list"),
        pytest.param("1-31 * 1", ["Thu 01-01", "Fri 01-02", "Sat 01-03"], id="all by numbers"),
        pytest.param("31 * *", ["Sat 01-31", "Tue 03-31", "Sun 05-31"], id="short months"),
    ],
)
def test_day_of_month_and_day_of_week(days, expected):
    assert due(f"0 0 {days}", len(expected)) == [f"{day} 00:00" for day in expected]


@pytest.mark.parametrize("prefix", ["TZ", "CRON_TZ"])
@pytest.mark.parametrize("rest", ["0 9 * * *", "  0 9 * * * "])
def test_an_expression_may_name_its_zone(prefix, rest):
    schedule = parse(f"{prefix}=Asia/Kolkata {rest}", ZoneInfo("Europe/Berlin"))

    assert schedule.zone == ZoneInfo("Asia/Kolkata")
    assert schedule.next_after(START) == unix(UTC, "2026-01-01 03:30")


def test_descriptors_obey_the_zone():
    assert parse("TZ=Asia/Tokyo @daily", UTC).next_after(START) == unix(UTC, "2026-01-01 15:00")


def test_without_a_name_the_default_zone_counts():
    schedule = parse("0 9 * * *", ZoneInfo("America/New_York"))

    assert schedule.zone == ZoneInfo("America/New_York")
    assert schedule.next_after(START) == unix(UTC, "2026-01-01 14:00")


@pytest.mark.parametrize(
    ("expression", "detail"),
    [
        pytest.param("* * *", "expected exactly 5 fields, found 3: [* * *]", id="few"),
        pytest.param(
            "0 * * * * *",
            "expected exactly 5 fields, found 6: [0 * * * * *]" + NO_SECONDS,
            id="seconds",
        ),
        pytest.param(
            "0 0 * * * * *",
            "expected exactly 5 fields, found 7: [0 0 * * * * *]" + NO_SECONDS,
            id="seconds and year",
        ),
        pytest.param("0 " * 8, "expected exactly 5 fields, found 8: [0 0 0 0 0 0 0 0]", id="many"),
        pytest.param("", "expected exactly 5 fields, found 0: []", id="empty"),
        pytest.param("TZ=UTC", "expected exactly 5 fields, found 0: []", id="zone alone (KD-87)"),
        pytest.param("@every 1h", NO_DESCRIPTOR.format("@every 1h"), id="every"),
        pytest.param("@reboot", NO_DESCRIPTOR.format("@reboot"), id="reboot"),
        pytest.param("@HOURLY", NO_DESCRIPTOR.format("@HOURLY"), id="capitals"),
        pytest.param("@daily 1", NO_DESCRIPTOR.format("@daily 1"), id="and more"),
        pytest.param("60 * * * *", "end of range (60) above maximum (59): 60", id="minute"),
        pytest.param("* 24 * * *", "end of range (24) above maximum (23): 24", id="hour"),
        pytest.param("* * 0 * *", "beginning of range (0) below minimum (1): 0", id="day"),
        pytest.param("* * * 1-13 *", "end of range (13) above maximum (12): 1-13", id="month"),
        pytest.param("* * * * 8", "end of range (8) above maximum (7): 8", id="weekday"),
        pytest.param(
            "5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1", id="reversed"
        ),
        pytest.param(
            "0 22-2 * * *", "beginning of range (22) beyond end of range (2): 22-2", id="night"
        ),
        pytest.param(
            "* * * * fri-0",
            "beginning of range (5) beyond end of range (0): fri-0",
            id="from a name to a number",
        ),
        pytest.param("*/0 * * * *", "step of range should be a positive number: */0", id="step 0"),
        pytest.param("1-2-3 * * * *", "too many hyphens: 1-2-3", id="hyphens"),
        pytest.param("1/2/3 * * * *", "too many slashes: 1/2/3", id="slashes"),
        pytest.param("a * * * *", "failed to parse int from a: invalid syntax", id="word"),
        pytest.param("*/x * * * *", "failed to parse int from x: invalid syntax", id="step word"),
        pytest.param("-5 * * * *", "failed to parse int from : invalid syntax", id="negative"),
        pytest.param("+5 * * * *", "failed to parse int from +5: invalid syntax", id="plus"),
        pytest.param("²,٣ * * * *", "failed to parse int from ²: invalid syntax", id="digits"),
        pytest.param("jan * * * *", "failed to parse int from jan: invalid syntax", id="field"),
        pytest.param("jul * * * *", "failed to parse int from jul: invalid syntax", id="no L"),
        *(
            pytest.param(
                f"* * {item} * {weekday}",
                f"failed to parse int from {at_fault}: invalid syntax" + NO_MARKS,
                id=item + weekday,
            )
            for item, weekday, at_fault in [
                ("L", "*", "L"),
                ("LW", "*", "LW"),
                ("L-3", "*", "L"),
                ("15W", "*", "15W"),
                ("*", "5L", "5L"),
                ("*", "friL", "friL"),
                ("*", "1#2", "1#2"),
                ("*", "mon#1", "mon#1"),
            ]
        ),
        pytest.param(
            "*-5 * * * *", "failed to parse int from *: invalid syntax", id="star range (KD-88)"
        ),
        pytest.param(", * * * *", "empty list item: ,", id="empty items (KD-88)"),
        pytest.param("1,,2 * * * *", "empty list item: 1,,2", id="empty item"),
        pytest.param("* * * 1, *", "empty list item: 1,", id="empty last item"),
        pytest.param(
            "TZ=Nope/Zone * * * * *",
            "provided bad location Nope/Zone: unknown time zone Nope/Zone",
            id="zone",
        ),
        pytest.param(
            "CRON_TZ= * * * * *", "provided bad location : unknown time zone ", id="no zone"
        ),
        pytest.param("0 0 31 2 *", "schedule never fires", id="31 February (KD-88)"),
        pytest.param("0 0 30 2 ?", "schedule never fires", id="30 February"),
        pytest.param("* * 31 4,6,9,11 *", "schedule never fires", id="31 of short months"),
        pytest.param("61 24 * * *", "end of range (61) above maximum (59): 61", id="first error"),
    ],
)
def test_errors_are_named(expression, detail):
    with pytest.raises(CronError) as caught:
        parse(expression, UTC)

    assert str(caught.value) == detail
    assert caught.value.code == "invalid_cron_expression"
    assert isinstance(caught.value, PeriluneError)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "America", "zone.tab", ".", "a\0b", "\ud800", "Local"],
)
def test_a_zone_is_a_name_of_the_zone_database_never_a_file(name):
    with pytest.raises(CronError, match=r"^provided bad location "):
        parse(f"TZ={name} * * * * *", UTC)


def test_the_length_is_limited():
    """KD-117."""
    longest = "0 0 1 1 " + "1," * ((MAX_EXPRESSION_CHARS - 8) // 2)
    longest = longest[:-1].ljust(MAX_EXPRESSION_CHARS)

    assert parse(longest, UTC).next_after(START) is not None
    with pytest.raises(CronError) as caught:
        parse(longest + " ", UTC)
    assert str(caught.value) == "expression cannot be longer than 100 characters"


def test_a_weekday_makes_up_for_a_day_that_never_comes():
    assert due("0 0 31 2 1", 2) == ["Mon 02-02 00:00", "Mon 02-09 00:00"]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param("2026-01-01 00:00", "2028-02-29 00:00", id="four years"),
        pytest.param("2096-02-29 00:00", "2104-02-29 00:00", id="2100 is no leap year"),
    ],
)
def test_29_february_is_worth_waiting_for(after, expected):
    assert parse("0 0 29 2 *", UTC).next_after(unix(UTC, after)) == unix(UTC, expected)


def test_due_times_are_later_than_now_and_full_minutes():
    schedule, noon = parse("0 12 * * *", UTC), unix(UTC, "2026-01-01 12:00")

    assert schedule.next_after(noon - 1) == noon
    assert schedule.next_after(noon) == noon + 86_400
    assert schedule.next_after(noon + 1) == noon + 86_400


def test_no_upcoming_times_when_none_are_asked_for():
    assert parse("* * * * *", UTC).upcoming(START, 0) == []


@pytest.mark.parametrize(
    ("distance_s", "text"),
    [
        pytest.param(-1, "overdue", id="past"),
        pytest.param(0, "in less than a minute", id="now"),
        pytest.param(59.9, "in less than a minute", id="seconds"),
        pytest.param(60, "in 1 minute", id="minute"),
        pytest.param(119, "in 1 minute", id="rounded down"),
        pytest.param(120, "in 2 minutes", id="minutes"),
        pytest.param(3599, "in 59 minutes", id="almost an hour"),
        pytest.param(3600, "in 1 hour", id="hour"),
        pytest.param(7200, "in 2 hours", id="hours"),
        pytest.param(86_399, "in 23 hours", id="almost a day"),
        pytest.param(86_400, "in 1 day", id="day"),
        pytest.param(86_400 * 365, "in 365 days", id="days"),
    ],
)
def test_the_next_run_in_words(distance_s, text):
    assert until_human(2_000_000_000, 2_000_000_000 - distance_s) == text
