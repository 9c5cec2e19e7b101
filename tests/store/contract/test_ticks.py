"""The ledger of schedules: each tick is somebody's once, and it is known what became of it."""

import asyncio

from perilune.store import (
    CronJob,
    PaginationParams,
    Store,
    TickOutcome,
    UpdateFunctionRequest,
)
from tests.store.helpers import NOW, execution_of, fresh_id, some_version

TICK = NOW + 60
FIRST_PAGE = PaginationParams()


async def some_job(store: Store) -> CronJob:
    """The only schedule there is."""
    version = await some_version(store)
    active = UpdateFunctionRequest(cron_schedule="* * * * *", cron_status="active")
    await store.update_function(version.function_id, active)
    (job,) = await store.ticks.jobs()
    return job


async def test_a_tick_is_claimed_by_one(store):
    job = await some_job(store)

    ends = await asyncio.gather(
        *(store.ticks.claim(job, TICK, 3, f"e{number}", TICK) for number in range(5))
    )

    assert sorted(ends, key=str) == [None, None, None, None, TickOutcome.CLAIMED]
    assert await store.ticks.miss(job, TICK, 0, "late") is False
    ((tick,), total) = await store.ticks.page(job.function_id, FIRST_PAGE)
    assert (tick.tick, tick.outcome, tick.passed_over, tick.claimed_at) == (
        *(TICK, TickOutcome.CLAIMED, 3, NOW),
    )
    assert total == 1


async def test_a_schedule_that_has_changed_claims_nothing(store):
    job = await some_job(store)
    for change in (
        UpdateFunctionRequest(cron_time_zone="Europe/Berlin"),
        UpdateFunctionRequest(cron_time_zone=None, cron_schedule="1 * * * *"),
        UpdateFunctionRequest(cron_schedule=job.cron_schedule, disabled=True),
    ):
        await store.update_function(job.function_id, change)

        assert await store.ticks.claim(job, TICK, 0, "e", TICK) is None
        assert await store.ticks.miss(job, TICK, 0, "late") is False

    assert await store.ticks.page(job.function_id, FIRST_PAGE) == ([], 0)


async def test_a_tick_is_skipped_while_the_last_one_is_still_running(store):
    job = await some_job(store)
    assert await store.ticks.claim(job, TICK, 0, "e1", NOW - 100) is TickOutcome.CLAIMED

    assert await store.ticks.claim(job, TICK + 60, 0, "e2", NOW - 100) is TickOutcome.SKIPPED

    await store.ticks.finish(job.function_id, TICK, TickOutcome.STARTED, execution_id="e1")
    assert await store.ticks.claim(job, TICK + 120, 0, "e3", NOW - 100) is TickOutcome.CLAIMED
    found, _ = await store.ticks.page(job.function_id, FIRST_PAGE)
    assert [(one.tick, one.outcome, one.reason, one.execution_id) for one in found] == [
        (TICK + 120, TickOutcome.CLAIMED, None, None),
        (TICK + 60, TickOutcome.SKIPPED, "the last one was still running", None),
        (TICK, TickOutcome.STARTED, None, "e1"),
    ]


async def test_the_record_of_the_execution_says_how_a_tick_ended(store):
    job = await some_job(store)
    version = await store.get_active_version(job.function_id)
    ids = [fresh_id("e") for _ in range(3)]
    for number, one in enumerate(ids):
        await store.ticks.claim(job, TICK + 60 * number, 0, one, TICK)
    for one in ids[:2]:
        await store.create_execution(execution_of(version, id=one))
    await store.update_execution(ids[0], "error", 1, "m", None)
    await store.ticks.finish(job.function_id, TICK + 120, TickOutcome.FAILED, "refused", ids[2])

    await store.ticks.interrupted(ids[1])

    found, _ = await store.ticks.page(job.function_id, FIRST_PAGE)
    assert [(one.outcome, one.reason, one.execution_id, one.execution_status) for one in found] == [
        (TickOutcome.FAILED, "refused", None, None),
        (TickOutcome.STARTED, None, ids[1], "pending"),
        (TickOutcome.STARTED, None, ids[0], "error"),
    ]


async def test_what_was_missed_is_in_the_list_of_schedules(store, clock):
    job = await some_job(store)
    before = await store.ticks.revision()

    assert await store.ticks.miss(job, TICK, 7, "no server was running") is True

    ((function, tick),), total = await store.ticks.scheduled(FIRST_PAGE)
    assert (function.id, total) == (job.function_id, 1)
    assert (tick.outcome, tick.reason, tick.passed_over) == (
        *(TickOutcome.MISSED, "no server was running", 7),
    )
    clock.now = TICK
    (later,) = await store.ticks.jobs()
    assert (job.last_tick, later.last_tick) == (None, TICK)
    assert await store.ticks.revision() == before, "the schedule is the same"
    paused = UpdateFunctionRequest(cron_status="paused")
    await store.update_function(job.function_id, paused)
    assert await store.ticks.jobs() == []
    assert await store.ticks.revision() > before
