"""A year of schedules across changes of the clock, as the scheduler sees it from tick to tick."""

from datetime import UTC as UTC_TIME
from datetime import datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from perilune.cron import parse
from perilune.scheduler import Action, Entry, make_plan
from perilune.store import CronJob
from tests.cron.reference import unix

EXPRESSIONS = [
    "0 * * 3,4,10,11 *",
    "30 */6 * * *",
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
]


def entry(expression: str, zone: ZoneInfo, begin: int) -> Entry:
    job = CronJob(
        function_id=expression,
        name="f",
        cron_schedule=expression,
        cron_time_zone=None,
        runs_missed=False,
        since=begin,
        last_tick=None,
    )
    return Entry.of(job, parse(expression, zone), begin)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
)
def test_a_year_of_executions_is_that_of_another_implementation(name):
    """The clock is moved by what the plan says, and by nothing else."""
    zone = ZoneInfo(name)
    begin, end = unix(zone, "2026-01-01 00:00"), unix(zone, "2027-01-01 00:00")
    entries = {one: entry(one, zone, begin) for one in EXPRESSIONS}
    started: dict[str, list[int]] = {one: [] for one in EXPRESSIONS}
    now = float(begin)

    while now < end:
        plan = make_plan(entries.values(), now, longest_s=86_400)
        for due in plan.due:
            assert due.action is Action.START and due.passed_over == 0
            assert due.tick == now
            started[due.after.job.function_id].append(due.tick)
            entries[due.after.job.function_id] = due.after
        now += plan.sleep_s

    for expression in EXPRESSIONS:
        theirs = (
            int(one.astimezone(UTC_TIME).timestamp())
            for one in CronSim(expression, datetime.fromtimestamp(begin, zone))
        )
        assert started[expression] == list(takewhile(lambda tick: tick < end, theirs)), expression
