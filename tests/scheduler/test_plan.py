"""What is due, what becomes of it, and how long to sleep; no I/O, and no clock but the argument."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.cron import parse
from perilune.scheduler import LATE_S, MAX_COUNTED, MAX_LATE, Action, Entry, make_plan
from perilune.store import CronJob
from tests.scheduler.world import NOON, UTC

POLL_S = 2.0
HOUR_S = 3600


def entry(expression: str = "* * * * *", *, runs_missed=False, settled=NOON, zone=UTC) -> Entry:
    job = CronJob(
        function_id="f",
        name="f",
        cron_schedule=expression,
        cron_time_zone=None,
        runs_missed=runs_missed,
        since=None,
        last_tick=None,
    )
    return Entry.of(job, parse(expression, zone), settled)


@pytest.mark.parametrize(
    ("now", "runs_missed", "expected"),
    [
        pytest.param(59.9, False, None, id="not yet"),
        pytest.param(60, False, (Action.START, 60, 0), id="on the second"),
        pytest.param(60 + LATE_S, False, (Action.START, 60, 0), id="as if on time"),
        pytest.param(61 + LATE_S, False, (Action.MISS, 60, 0), id="late: missed"),
        pytest.param(61 + LATE_S, True, (Action.CATCH_UP, 60, 0), id="late: made up for"),
        pytest.param(HOUR_S, False, (Action.START, HOUR_S, 59), id="on time after many missed"),
        pytest.param(HOUR_S + 30, False, (Action.MISS, HOUR_S, 59), id="one stands for many"),
        pytest.param(HOUR_S + 30, True, (Action.CATCH_UP, HOUR_S, 59), id="only the last one"),
    ],
)
def test_expressions_that_are_due_every_minute(now, runs_missed, expected):
    plan = make_plan([entry(runs_missed=runs_missed)], NOON + now, longest_s=POLL_S)

    found = [(one.action, one.tick - NOON, one.passed_over) for one in plan.due]
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("now", "sleep_s"),
    [
        pytest.param(0, 2.0, id="no longer than said"),
        pytest.param(58.5, 1.5, id="until the next tick, exactly"),
        pytest.param(59.75, 0.25, id="a part of a second"),
        pytest.param(60, 2.0, id="what is due now is not waited for"),
    ],
)
def test_how_long_to_sleep(now, sleep_s):
    assert make_plan([entry()], NOON + now, longest_s=POLL_S).sleep_s == sleep_s


def test_without_functions_nothing_is_due():
    plan = make_plan([], NOON, longest_s=POLL_S)

    assert (plan.due, plan.sleep_s) == ((), POLL_S)


def test_ticks_on_time_do_not_wait_for_late_ones():
    entries = [entry() for _ in range(MAX_LATE + 1)]

    on_time = make_plan(entries, NOON + 60, longest_s=POLL_S)
    first = make_plan(entries, NOON + 90, longest_s=POLL_S)
    rest = make_plan([first.due[0].after, entries[-1]], NOON + 90, longest_s=POLL_S)

    assert (len(on_time.due), on_time.sleep_s) == (MAX_LATE + 1, POLL_S)
    assert (len(first.due), first.sleep_s) == (MAX_LATE, 0.0)
    assert (len(rest.due), rest.sleep_s) == (1, POLL_S)


def test_a_schedule_that_has_ended_costs_nothing():
    """There is none today; a calendar could have one."""
    over = entry()
    ended = Entry(job=over.job, schedule=over.schedule, settled=NOON, following=None)

    assert make_plan([ended], NOON + HOUR_S, longest_s=POLL_S).due == ()


def test_years_of_missed_ticks_are_counted_up_to_a_bound():
    (due,) = make_plan([entry()], NOON + 10 * 366 * 24 * HOUR_S + 30, longest_s=POLL_S).due

    assert due.passed_over == MAX_COUNTED
    assert due.tick == NOON + 10 * 366 * 24 * HOUR_S


@given(
    expression=st.sampled_from(["* * * * *", "*/7 * * * *", "0 * * * *", "15,45 9-17 * * *"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    runs_missed=st.booleans(),
    # Mostly short turns, as in a running server, and sometimes hours without one.
    naps=st.lists(
        st.floats(0, 90, allow_nan=False) | st.floats(0, 3 * HOUR_S, allow_nan=False), max_size=20
    ),
    begin=st.integers(1_711_800_000, 1_711_900_000),
)
def test_every_tick_is_dealt_with_once(expression, zone, runs_missed, naps, begin):
    """Whenever the scheduler gets its turn: started, made up for, or counted as missed."""
    schedule = parse(expression, ZoneInfo(zone))
    known = entry(expression, runs_missed=runs_missed, settled=begin, zone=ZoneInfo(zone))
    now = float(begin)
    dealt_with = 0
    last = begin
    for nap in naps:
        now += nap
        plan = make_plan([known], now, longest_s=POLL_S)
        for due in plan.due:
            assert last < due.tick <= now
            assert (now - due.tick <= LATE_S) is (due.action is Action.START)
            assert (due.action is Action.CATCH_UP) <= runs_missed
            assert due.before == known
            known = due.after
            dealt_with += 1 + due.passed_over
            last = due.tick
        assert len(plan.due) <= 1
        assert 0 < plan.sleep_s <= POLL_S
        following = schedule.next_after(int(now))
        assert following is not None and now + plan.sleep_s <= following + 1e-6

    tick, expected = schedule.next_after(begin), 0
    while tick is not None and tick <= now:
        tick, expected = schedule.next_after(tick), expected + 1
    assert dealt_with == expected
