"""What holds for every expression, zone and time."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from perilune.cron import CronError, parse
from tests.cron.reference import clock_changes, due_times, unix

DAY_S = 86_400
BEGIN, END = unix(ZoneInfo("UTC"), "2025-01-01 00:00"), unix(ZoneInfo("UTC"), "2027-01-01 00:00")
CHANGES = {
    zone: clock_changes(zone, BEGIN, END) or [BEGIN]
    for zone in map(
        ZoneInfo,
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "UTC"],
    )
}


@st.composite
def items(draw: st.DrawFn, lowest: int, highest: int) -> str:
    first = draw(st.integers(lowest, highest))
    last = draw(st.integers(first, highest))
    step = draw(st.integers(1, highest))
    forms = ["*", "?", f"{first}", f"{first}-{last}"]
    return draw(st.sampled_from([*forms, *(f"{form}/{step}" for form in forms)]))


def fields(lowest: int, highest: int) -> st.SearchStrategy[str]:
    return st.lists(items(lowest, highest), min_size=1, max_size=2).map(",".join)


EXPRESSIONS = st.tuples(
    fields(0, 59),
    fields(0, 23),
    # Mostly open: what is due every other year says little about clocks.
    st.just("*") | fields(1, 28),
    st.just("*") | fields(1, 12),
    st.just("*") | fields(0, 6),
).map(" ".join)


@st.composite
def times(draw: st.DrawFn) -> tuple[ZoneInfo, int]:
    """Any zone and time, often close to a change of its clocks."""
    zone = draw(st.sampled_from(list(CHANGES)))
    change = draw(st.sampled_from(CHANGES[zone]))
    return zone, draw(
        st.integers(change - 3 * 3600, change + 3 * 3600) | st.integers(BEGIN, END) | st.just(BEGIN)
    )


@given(EXPRESSIONS, times())
def test_the_next_time_is_due_and_nothing_before_it_is(expression, when):
    zone, now = when
    next_minute = now - now % 60 + 60

    found = parse(expression, zone).next_after(now)

    assert found is not None
    assert found > now
    assert found % 60 == 0
    soon = due_times(expression, zone, next_minute, min(found, now + DAY_S))
    assert soon == ([found] if found <= now + DAY_S else [])
    late = max(next_minute, found - DAY_S)
    assert due_times(expression, zone, late, found) == [found]


@given(EXPRESSIONS, times())
def test_the_second_before_a_due_time_leads_to_it(expression, when):
    zone, now = when
    schedule = parse(expression, zone)

    found = schedule.next_after(now)

    assert found is not None
    assert schedule.next_after(found - 1) == found


@given(EXPRESSIONS, times(), st.integers(0, 3 * DAY_S))
def test_the_latest_time_is_the_last_of_all_up_to_then(expression, when, length):
    zone, begin = when
    end = begin + length
    due = due_times(expression, zone, begin - begin % 60 + 60, end - end % 60)

    found = parse(expression, zone).latest(begin, end)

    assert found == (due[-1] if due else None)


@given(
    st.text()
    | st.text("0123456789*?/-,@ =TZjanSUN", max_size=30)
    | st.lists(st.text("0123456789*?/-,", min_size=1, max_size=4), min_size=5, max_size=5).map(
        " ".join
    )
)
def test_any_text_is_a_schedule_or_a_cron_error(text):
    try:
        schedule = parse(text, ZoneInfo("Europe/Berlin"))
    except CronError:
        return

    assert schedule.next_after(BEGIN) is not None
