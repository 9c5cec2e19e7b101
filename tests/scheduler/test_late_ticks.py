"""Ticks that were missed, that come while the last one runs, or by a clock that is wrong."""

import asyncio

import pytest

from perilune.scheduler import MAX_CATCH_UPS
from tests.scheduler.world import NOON, World
from tests.store.sqlite.file import other_connection

MINUTE_S = 60
HOUR_S = 3600


@pytest.mark.parametrize(
    ("is_restarted", "reason"),
    [
        (True, "no server was running"),
        (False, "the clock was set forward, or the server stood still"),
    ],
)
async def test_missed_ticks_are_noted(world, caplog, is_restarted, reason):
    await world.add()
    await world.pass_time(NOON + MINUTE_S)
    if is_restarted:
        world.scheduler = World(world.store, world.clock).scheduler

    await world.pass_time(NOON + HOUR_S + 30)

    assert await world.executions() != [] and len(await world.executions()) == 1
    (_, missed) = await world.ticks()
    assert (missed.tick, missed.outcome) == (NOON + HOUR_S, "missed")
    assert (missed.passed_over, missed.execution_id) == (58, None)
    assert missed.reason == reason
    assert f"function f0 has missed 59 ticks: {reason}" in caplog.text
    assert ("stood still, for 3568 s" in caplog.text) is not is_restarted
    assert world.scheduler.dealt_with["missed"] == 59


async def test_the_last_missed_tick_is_made_up_for_on_demand(world):
    await world.add(cron_missed="run_once")
    await world.pass_time(NOON + MINUTE_S)

    await world.pass_time(NOON + HOUR_S + 30)

    (_, late) = await world.ticks()
    assert (late.tick, late.outcome, late.passed_over) == (NOON + HOUR_S, "started", 58)
    assert late.claimed_at == NOON + HOUR_S + 30
    assert world.runtime.requests[-1].event.headers["X-Cron-Scheduled-Time"] == str(NOON + HOUR_S)
    assert len(world.runtime.requests) == 2


async def test_few_late_executions_run_at_a_time(world):
    for _ in range(MAX_CATCH_UPS + 3):
        await world.add(cron_missed="run_once")
    world.runtime.gate = asyncio.Event()
    world.clock.now = NOON + HOUR_S + 30

    while await world.scheduler.turn() == 0:
        pass
    async with asyncio.timeout(30):
        while len(world.runtime.requests) < MAX_CATCH_UPS:
            await asyncio.sleep(0)
        # Whatever would start now has had its chance.
        await world.store.ping()

    assert len(world.runtime.requests) == MAX_CATCH_UPS
    world.runtime.gate.set()
    await world.scheduler.quiet()
    assert len(world.runtime.requests) == MAX_CATCH_UPS + 3


async def test_a_running_execution_keeps_the_next_tick_from_starting(world):
    await world.add()
    await world.pass_time(NOON)
    world.runtime.gate = asyncio.Event()
    for minute in (1, 2, 3):
        world.clock.now = NOON + minute * MINUTE_S
        await world.scheduler.turn()
        await outcome_of(world, minute)

    world.runtime.gate.set()
    await world.scheduler.quiet()
    await world.pass_time(NOON + 4 * MINUTE_S)

    assert await world.outcomes() == [
        (1, "started"),
        (2, "skipped"),
        (3, "skipped"),
        (4, "started"),
    ]
    assert [one.reason for one in await world.ticks()][1] == "the last one was still running"
    assert len(await world.executions()) == 2


async def test_executions_overlap_on_demand(world):
    await world.add(cron_overlap="allow")
    await world.pass_time(NOON)
    world.runtime.gate = asyncio.Event()
    for minute in (1, 2, 3):
        world.clock.now = NOON + minute * MINUTE_S
        await world.scheduler.turn()
        await outcome_of(world, minute)

    world.runtime.gate.set()
    await world.scheduler.quiet()

    assert await world.outcomes() == [(1, "started"), (2, "started"), (3, "started")]


async def test_a_claim_of_a_dead_server_does_not_block_for_ever(world):
    """Longer than any execution may take, and nobody has restarted meanwhile."""
    function_id = await world.add()
    (job,) = await world.store.ticks.jobs()
    await world.store.ticks.claim(job, NOON + MINUTE_S, 0, "lost", NOON)

    await world.pass_time(NOON + 2 * MINUTE_S)
    await world.pass_time(NOON + 8 * MINUTE_S)

    assert await world.outcomes(function_id) == [
        (1, "claimed"),
        (2, "skipped"),
        (8, "started"),
    ]


async def test_a_clock_put_back_repeats_nothing(world):
    await world.add()
    await world.pass_time(NOON)
    for minute in (1, 2, 3, 1, 2, 3, 4):
        await world.pass_time(NOON + minute * MINUTE_S)

    assert await world.outcomes() == [(n, "started") for n in (1, 2, 3, 4)]
    assert len(await world.executions()) == 4


@pytest.mark.parametrize("ahead_s", [HOUR_S, 24 * HOUR_S, 366 * 24 * HOUR_S])
async def test_schedules_go_on_at_once_when_a_wrong_clock_is_corrected(world, caplog, ahead_s):
    await world.add()
    await world.pass_time(NOON + MINUTE_S)
    await world.pass_time(NOON + ahead_s)

    await world.pass_time(NOON + 2 * MINUTE_S)
    await world.pass_time(NOON + 3 * MINUTE_S)
    await world.pass_time(NOON + 4 * MINUTE_S)

    started = [tick for tick, outcome in await world.outcomes() if outcome == "started"]
    assert started[:3] == [1, 3, 4]
    assert caplog.text.count("the clock was set back by") == 1


async def test_a_schedule_that_was_changed_by_a_wrong_clock_is_due_once_it_is_right(world):
    world.clock.now = NOON + 24 * HOUR_S
    await world.add()
    await world.pass_time(NOON)

    await world.pass_time(NOON + MINUTE_S)

    assert await world.outcomes() == [(1, "started")]


async def test_a_schedule_of_unknown_age_begins_now(world, path):
    """Functions of Lunar do not say since when."""
    await world.add(cron_missed="run_once")
    with other_connection(path) as somebody:
        somebody.execute("UPDATE functions SET cron_since = NULL")

    await world.pass_time(NOON + HOUR_S)
    await world.pass_time(NOON + HOUR_S + MINUTE_S)

    assert await world.outcomes() == [(61, "started")]


async def outcome_of(world: World, minute: int) -> None:
    """Wait until the ledger has the tick of this minute."""
    async with asyncio.timeout(30):
        while (await world.outcomes())[-1:] == [] or (await world.outcomes())[-1][0] != minute:
            await asyncio.sleep(0)
