"""The scheduler on a real store: what it executes, and what the ledger says of it."""

import asyncio
import logging

import pytest

from perilune.scheduler import POLL_S
from perilune.store import (
    ExecutionTrigger,
    Function,
    StoreUnavailable,
    UpdateFunctionRequest,
    open_store,
)
from tests.engine.fakes import Failing
from tests.scheduler.world import NOON, UTC, World, at, open_world
from tests.store.sqlite.file import other_connection

MINUTE_S = 60
HOUR_S = 3600


async def test_each_tick_is_executed_once(world):
    await world.add()

    for second in range(0, 5 * MINUTE_S, 2):
        await world.pass_time(NOON + second)

    executions = await world.executions()
    assert [one.trigger for one in executions] == [ExecutionTrigger.CRON] * 4
    assert await world.outcomes() == [
        (1, "started"),
        (2, "started"),
        (3, "started"),
        (4, "started"),
    ]
    assert {one.execution_id for one in await world.ticks()} == {one.id for one in executions}
    assert {one.execution_status for one in await world.ticks()} == {"success"}


async def test_the_function_gets_the_base_url(world):
    await world.add()

    await world.pass_time(NOON)
    await world.pass_time(NOON + MINUTE_S)

    (request,) = world.runtime.requests
    assert request.context.base_url == "http://here"


async def test_sleeps_until_the_second_of_the_tick(world):
    await world.add()

    assert await world.pass_time(NOON + 30) == POLL_S
    assert await world.pass_time(NOON + 59.25) == 0.75
    assert await world.executions() == []
    assert await world.pass_time(NOON + 60) == POLL_S
    assert len(await world.executions()) == 1


async def test_nothing_scheduled_is_one_look_per_turn(world):
    """Nothing but the number of the last change is read."""
    ticks = Failing(world.store.ticks)
    idle = World(world.store, world.clock, ticks=ticks)
    await idle.pass_time(NOON)
    ticks.calls.clear()

    for second in range(1, 10):
        assert await idle.pass_time(NOON + second) == POLL_S

    assert ticks.calls == ["revision"] * 9


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"cron_schedule": "30 * * * *"}, id="another schedule"),
        pytest.param({"cron_status": "paused"}, id="paused"),
        pytest.param({"cron_schedule": None}, id="cleared"),
        pytest.param({"disabled": True}, id="disabled"),
    ],
)
async def test_changes_count_at_once(world, change):
    function_id = await world.add("1 * * * *")
    await world.pass_time(NOON)

    await world.change(function_id, **change)
    await world.pass_time(NOON + MINUTE_S)

    assert await world.executions() == await world.ticks() == []


async def test_a_change_by_another_process_counts_at_the_next_turn(world, path):
    function_id = await world.add("0 0 1 1 *")
    await world.pass_time(NOON)
    with other_connection(path) as somebody:
        somebody.execute("UPDATE functions SET cron_schedule = '1 12 * * *'")

    await world.pass_time(NOON + MINUTE_S)

    assert len(await world.executions(function_id)) == 1


async def test_a_claim_checks_that_the_schedule_is_still_the_same(world, path):
    """Although the scheduler has not noticed the change yet."""
    function_id = await world.add()
    await world.pass_time(NOON)
    (job,) = await world.store.ticks.jobs()
    with other_connection(path) as somebody:
        somebody.execute("UPDATE functions SET cron_status = 'paused'")

    assert await world.store.ticks.claim(job, NOON + 60, 0, "e", NOON) is None
    assert await world.store.ticks.miss(job, NOON + 60, 0, "late") is False
    assert await world.ticks(function_id) == []


async def test_ticks_before_a_change_are_not_due(world):
    """Paused for an hour: what was not due meanwhile has not been missed."""
    function_id = await world.add(cron_missed="run_once")
    await world.change(function_id, cron_status="paused")
    await world.pass_time(NOON + HOUR_S + 30)

    await world.change(function_id, cron_status="active")
    await world.pass_time(NOON + HOUR_S + 59)
    assert await world.ticks() == []
    await world.pass_time(NOON + HOUR_S + 60)

    assert await world.outcomes() == [(61, "started")]


async def test_saving_the_same_settings_again_loses_no_tick(world):
    function_id = await world.add()
    await world.pass_time(NOON)
    world.clock.now = NOON + 60

    await world.change(
        function_id, cron_schedule="* * * * *", cron_status="active", disabled=False, name="new"
    )
    await world.pass_time(NOON + 61)

    assert await world.outcomes() == [(1, "started")]
    (request,) = world.runtime.requests
    assert request.event.headers["X-Cron-Function-Name"] == "new"


async def test_a_refused_execution_is_noted(world, path):
    await world.add()
    await world.pass_time(NOON)
    with other_connection(path) as somebody:
        somebody.execute("UPDATE function_versions SET is_active = 0")
    world.clock.now += 2

    await world.pass_time(NOON + MINUTE_S)

    (tick,) = await world.ticks()
    assert (tick.outcome, tick.execution_id) == ("failed", None)
    assert tick.reason == "no active version found for function: f0"


@pytest.mark.parametrize(
    ("status", "level"),
    [
        pytest.param(204, logging.INFO, id="success"),
        pytest.param(404, logging.WARNING, id="anything else"),
    ],
)
async def test_how_it_went_is_logged(world, caplog, status, level):
    caplog.set_level(logging.INFO)
    world.runtime.status = status
    await world.add()

    await world.pass_time(NOON)
    await world.pass_time(NOON + MINUTE_S)

    (record,) = [one for one in caplog.records if f", {status}," in one.message]
    assert record.levelno == level


async def test_a_tick_that_the_store_did_not_take_is_taken_later(world):
    ticks = Failing(world.store.ticks, claim=StoreUnavailable("down"))
    shaky = World(world.store, world.clock, ticks=ticks)
    await world.add()
    await shaky.pass_time(NOON)
    await shaky.pass_time(NOON + MINUTE_S)
    assert await world.ticks() == []

    ticks._failures.clear()
    await shaky.pass_time(NOON + MINUTE_S + POLL_S)

    assert await world.outcomes() == [(1, "started")]


async def test_an_unreadable_store_leaves_known_values(world, caplog):
    ticks = Failing(world.store.ticks)
    shaky = World(world.store, world.clock, ticks=ticks)
    await world.add()
    await shaky.pass_time(NOON)
    ticks._failures["revision"] = StoreUnavailable("down")

    await shaky.pass_time(NOON + MINUTE_S)

    assert await world.outcomes() == [(1, "started")]
    assert "schedules can't be read: down" in caplog.text


async def test_a_broken_schedule_is_left_out_and_named_once(world, path, caplog):
    broken, good = await world.add(), await world.add()
    with other_connection(path) as somebody:
        somebody.execute("UPDATE functions SET cron_schedule = 'L' WHERE id = ?", (broken,))

    await world.pass_time(NOON)
    await world.change(good, name="other")
    await world.pass_time(NOON + MINUTE_S)

    assert await world.ticks(broken) == []
    assert await world.outcomes(good) == [(1, "started")]
    assert caplog.text.count(f"the schedule of function {broken} is ignored") == 1


async def test_the_zone_is_that_of_the_function_or_the_server(path):
    async with open_world(path, zone=UTC) as world:
        await world.add("30 13 * * *", cron_time_zone="Europe/Berlin")
        await world.add("30 12 * * *")
        await world.add("TZ=Asia/Tokyo 30 21 * * *", cron_time_zone="Europe/Berlin")
        await world.pass_time(NOON)

        await world.pass_time(at("2026-01-01 12:30"))

        for function_id in ("f0", "f1", "f2"):
            assert await world.outcomes(function_id) == [(30, "started")]


async def test_the_loop_wakes_for_changes_and_ticks(path):
    """Run by itself, on a clock that goes on when the scheduler sleeps."""
    naps: list[float] = []

    async def doze(woken: asyncio.Event, seconds: float) -> None:
        naps.append(seconds)
        # No time passes while something runs.
        await world.scheduler.quiet()
        if world.clock.now >= NOON + 5 * MINUTE_S:
            await woken.wait()
        else:
            world.clock.now += seconds

    async with open_world(path, pause=doze) as world:
        function_id = await world.add()
        world.scheduler.start()
        async with asyncio.timeout(30):
            while len(await world.ticks()) < 5:
                await asyncio.sleep(0)
        await world.change(function_id, cron_schedule="6 * * * *")
        world.clock.now = NOON + 6 * MINUTE_S

        world.scheduler.wake()

        async with asyncio.timeout(30):
            while len(await world.ticks()) < 6:
                await asyncio.sleep(0)
        assert min(naps) > 0
        assert len(naps) < 200
        assert await world.scheduler.stop(10) is True


async def test_a_new_store_knows_who_changes_functions(path):
    heard: list[str] = []
    async with open_store(path) as store:
        store.on_change(heard.append)
        async with open_world(path) as other:
            await other.add()
        assert heard == []

        await World(store, other.clock).add()

    assert set(heard) == {"f1"}


async def test_kd_83_a_deleted_function_is_not_executed(tmp_path, caplog):
    async with open_world(tmp_path / "db") as world:
        function_id = await world.add()
        await world.pass_time(NOON)

        await world.store.delete_function(function_id)
        await world.pass_time(NOON + MINUTE_S)

        assert world.runtime.requests == []
        assert caplog.records == []


async def test_kd_84_a_tick_needs_no_network_and_no_decent_name(tmp_path):
    async with open_world(tmp_path / "db") as world:
        await world.add(name="line\r\nbreak: ü")
        await world.pass_time(NOON)

        await world.pass_time(NOON + MINUTE_S)

        (headers,) = world.runtime.headers
        assert headers["X-Cron-Function-Name"] == "line  break: ü"
        assert [one.status for one in await world.executions()] == ["success"]


async def test_kd_90_the_scheduled_time_is_the_nominal_one(tmp_path):
    async with open_world(tmp_path / "db") as world:
        await world.add()
        await world.pass_time(NOON)

        await world.pass_time(NOON + MINUTE_S + 3.7)

        (headers,) = world.runtime.headers
        assert headers["X-Cron-Scheduled-Time"] == str(NOON + MINUTE_S)


async def test_kd_93_cleared_schedules_of_lunar_are_read_as_none(tmp_path):
    async with open_world(tmp_path / "db") as world:
        await world.add()
        with other_connection(tmp_path / "db") as somebody:
            somebody.execute("UPDATE functions SET cron_schedule = ''")

        await world.pass_time(NOON)
        await world.pass_time(NOON + MINUTE_S)

        assert await world.store.ticks.jobs() == []
        assert world.runtime.requests == []
        # An unrelated change is not refused because of it.
        await world.store.update_function("f0", UpdateFunctionRequest(name="new"))
        await world.store.create_function(Function(id="other", name="n"))
