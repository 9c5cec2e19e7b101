"""Servers that restart, die, or share a store: a tick is started at most once."""

import asyncio
import json
import signal
import subprocess
import sys
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.scheduler.world import NOON, open_world
from tests.store.sqlite.file import rows

MINUTE_S = 60
TICKS = 200
LAST = NOON + TICKS * MINUTE_S


def executed(path: Path) -> list[str]:
    """Return the nominal times of all executions, as the functions saw them."""
    events = rows(path, "SELECT event_json FROM executions")
    return sorted(json.loads(str(event))["headers"]["X-Cron-Scheduled-Time"] for (event,) in events)


EVERY_TICK = [str(NOON + minute * MINUTE_S) for minute in range(1, TICKS + 1)]


async def test_two_servers_execute_each_tick_once(path):
    async with AsyncExitStack() as rooms:
        worlds = [await rooms.enter_async_context(open_world(path)) for _ in range(2)]
        await worlds[0].add()
        for minute in range(NOON, LAST + 1, MINUTE_S):
            await asyncio.gather(*(world.pass_time(minute) for world in worlds))
        shares = [len(world.runtime.requests) for world in worlds]

    assert executed(path) == EVERY_TICK
    assert sum(shares) == TICKS


async def test_a_running_execution_on_another_server_counts(path):
    async with open_world(path) as first, open_world(path) as second:
        await first.add()
        first.runtime.gate = asyncio.Event()
        await first.pass_time(NOON)
        first.clock.now = second.clock.now = NOON + MINUTE_S
        await first.scheduler.turn()
        async with asyncio.timeout(30):
            while not first.runtime.requests:
                await asyncio.sleep(0)

        await second.pass_time(NOON + 2 * MINUTE_S)
        first.runtime.gate.set()
        await first.scheduler.quiet()

        assert await second.outcomes() == [(1, "started"), (2, "skipped")]
        assert second.runtime.requests == []


async def test_a_restart_goes_on_where_it_stopped(path):
    async with open_world(path) as world:
        await world.add(cron_missed="run_once")
        for minute in range(NOON, NOON + 3 * MINUTE_S + 1, MINUTE_S):
            await world.pass_time(minute)

    async with open_world(path, now=NOON + 3 * MINUTE_S + 5) as world:
        await world.pass_time(NOON + 3 * MINUTE_S + 6)
        assert world.runtime.requests == []
        await world.pass_time(NOON + 4 * MINUTE_S)

        assert await world.outcomes() == [(n, "started") for n in (1, 2, 3, 4)]


async def test_a_quick_restart_over_a_tick_loses_nothing(path):
    async with open_world(path) as world:
        await world.add()
        await world.pass_time(NOON + 59)

    async with open_world(path, now=NOON + MINUTE_S + 8) as world:
        await world.pass_time(NOON + MINUTE_S + 8)

        assert await world.outcomes() == [(1, "started")]


@pytest.mark.parametrize(
    ("policy", "outcome", "executions"),
    [
        pytest.param("skip", "missed", 1, id="skip"),
        pytest.param("run_once", "started", 2, id="once"),
    ],
)
async def test_ticks_while_no_server_ran(path, policy, outcome, executions):
    async with open_world(path) as world:
        await world.add(cron_missed=policy)
        await world.pass_time(NOON + MINUTE_S)

    async with open_world(path, now=NOON + 61 * MINUTE_S + 30) as world:
        await world.pass_time(NOON + 61 * MINUTE_S + 30)
        await world.pass_time(NOON + 61 * MINUTE_S + 40)

        assert await world.outcomes() == [(1, "started"), (61, outcome)]
        assert (await world.ticks())[-1].passed_over == 59
        assert len(await world.executions()) == executions


async def test_a_yearly_tick_is_not_missed_because_its_row_was_cleaned_up(path):
    """The ledger keeps the last row of each function, however old it is."""
    async with open_world(path) as world:
        await world.add("1 12 1 1 *", cron_missed="run_once")
        await world.pass_time(NOON + MINUTE_S)
        half_a_year = NOON + 180 * 86_400
        await world.store.purge_expired(half_a_year)

    async with open_world(path, now=half_a_year) as world:
        await world.pass_time(half_a_year)

        assert await world.outcomes() == [(1, "started")]
        assert world.runtime.requests == []


async def test_a_stopped_scheduler_leaves_its_ticks_to_the_next(path):
    async with open_world(path) as world:
        await world.add()
        await world.pass_time(NOON)
        world.clock.now = NOON + MINUTE_S
        await world.scheduler.turn()

        assert await world.scheduler.stop(10) is True

        assert await world.ticks() == []

    async with open_world(path, now=NOON + MINUTE_S + 5) as world:
        await world.pass_time(NOON + MINUTE_S + 5)
        assert await world.outcomes() == [(1, "started")]


async def test_executions_that_outlast_the_shutdown_are_cancelled_and_recorded(path):
    async with open_world(path) as world:
        await world.add()
        await world.pass_time(NOON)
        world.runtime.gate = asyncio.Event()
        world.clock.now = NOON + MINUTE_S
        await world.scheduler.turn()
        async with asyncio.timeout(30):
            while not world.runtime.requests:
                await asyncio.sleep(0)

        assert await world.scheduler.stop(0) is False

        (execution,) = await world.executions()
        assert (execution.status, execution.error_message) == ("error", "execution cancelled")
        (tick,) = await world.ticks()
        assert (tick.outcome, tick.execution_id) == ("started", execution.id)
        assert tick.execution_status == "error"


def start(path: Path, first: int, last: int, *options: str) -> subprocess.Popen[str]:
    """Start a server's process; it waits for a line once it knows the schedules."""
    program = [sys.executable, "-m", "tests.scheduler.server_program"]
    process = subprocess.Popen(
        [*program, str(path), str(first), str(last), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process: subprocess.Popen[str]) -> int:
    process.communicate("go\n", timeout=120)
    return process.returncode


@pytest.mark.slow
async def test_two_processes_execute_each_tick_once(path):
    async with open_world(path) as world:
        await world.add(cron_overlap="allow")
    servers = [start(path, NOON, LAST) for _ in range(2)]

    codes = await asyncio.gather(*(asyncio.to_thread(finish, one) for one in servers))

    assert codes == [0, 0]
    assert executed(path) == EVERY_TICK
    assert Counter(rows(path, "SELECT outcome FROM cron_ticks")) == {("started",): TICKS}


@pytest.mark.slow
async def test_a_server_killed_between_claim_and_start_leaves_an_explanation(path):
    async with open_world(path) as world:
        await world.add()

    code = await asyncio.to_thread(finish, start(path, NOON, NOON + MINUTE_S, "kill"))

    assert code == -signal.SIGKILL
    async with open_world(path, now=NOON + MINUTE_S + 5) as world:
        (left,) = await world.ticks()
        assert (left.outcome, left.execution_id) == ("claimed", None)
        assert await world.store.ticks.recover(NOON + MINUTE_S + 6) == 1
        await world.pass_time(NOON + MINUTE_S + 6)
        await world.pass_time(NOON + 2 * MINUTE_S)

        first, second = await world.ticks()
        assert (first.outcome, first.execution_id) == ("interrupted", None)
        assert first.reason == "the server ended before the execution began"
        assert second.outcome == "started"
    assert executed(path) == [str(NOON + 2 * MINUTE_S)]


async def test_a_claim_whose_execution_has_a_record_is_recovered_as_started(path):
    async with open_world(path) as world:
        await world.add()
        world.runtime.gate = asyncio.Event()
        await world.pass_time(NOON)
        world.clock.now = NOON + MINUTE_S
        await world.scheduler.turn()
        async with asyncio.timeout(30):
            while not world.runtime.requests:
                await asyncio.sleep(0)
        (running,) = await world.ticks()
        assert (running.outcome, running.execution_status) == ("started", "pending")

        assert await world.store.ticks.recover(NOON + MINUTE_S + 1) == 1

        (tick,) = await world.ticks()
        (execution,) = await world.executions()
        assert (tick.outcome, tick.execution_id) == ("started", execution.id)
