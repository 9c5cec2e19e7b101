"""Servers on one database: who is there, who leads, and whose work is left behind."""

import time

import pytest

from perilune.store import (
    DEAD_AFTER_S,
    IN_MEMORY,
    CronJob,
    ExecutionStatus,
    PaginationParams,
    Server,
    Store,
    TickOutcome,
    UpdateFunctionRequest,
    open_store,
)
from tests.store.helpers import (
    NOW,
    execution_of,
    fresh_id,
    pass_a_moment,
    some_function,
    some_version,
)

EVERYBODY_DEAD = -1.0
"""Seconds of silence after which a server is dead: less than none."""


def a_server(server_id: str, **changes: object) -> Server:
    members: dict[str, object] = {"id": server_id, "name": "host:3000", "version": "1.2"}
    return Server(**{**members, **changes})  # type: ignore[arg-type]  # members of any type


async def test_a_server_is_there_from_its_first_beat_until_it_is_removed(store: Store) -> None:
    began = time.time()
    assert await store.servers.list() == []

    first = await store.servers.beat(a_server("a"))
    again = await store.servers.beat(a_server("a", draining=True, watching=True, ahead_s=0.5))
    (found,) = await store.servers.list()

    assert [one.id for one in first.servers] == [one.id for one in again.servers] == ["a"]
    assert (found.name, found.version, found.ahead_s) == ("host:3000", "1.2", 0.5)
    assert (found.draining, found.watching, found.is_alive) == (True, True, True)
    assert abs(found.started_at - began) < 30
    assert -0.01 < found.silent_s < DEAD_AFTER_S
    await store.servers.remove("a")
    await store.servers.remove("a")
    assert await store.servers.list() == []


async def test_the_one_that_is_there_for_longest_leads_unless_it_is_draining(store: Store) -> None:
    for one in ("b", "c", "a"):
        await store.servers.beat(a_server(one))
        pass_a_moment()
    assert (await store.servers.list())[0].id == "b"

    beat = await store.servers.beat(a_server("b", draining=True))

    assert [one.id for one in beat.servers] == ["c", "a", "b"]


async def test_dead_servers_are_forgotten_and_those_that_live_are_not(store: Store) -> None:
    await store.servers.beat(a_server("a"))

    assert await store.servers.remove_dead() == 0
    assert await store.servers.remove_dead(EVERYBODY_DEAD) == 1
    assert await store.servers.list() == []


@pytest.mark.parametrize("off_s", [20.0, -20.0])
async def test_a_beat_tells_by_how_much_the_clock_is_off(store, clock, off_s):
    clock.now = time.time() + off_s

    ahead_s = (await store.servers.beat(a_server("a"))).ahead_s

    assert abs(ahead_s - off_s) < 1


async def test_a_clock_that_is_right_is_left_alone() -> None:
    """The time that the question takes must not look like an error of the clock."""
    async with open_store(IN_MEMORY) as store:
        assert abs((await store.servers.beat(a_server("a"))).ahead_s) < 0.005


async def test_executions_of_living_servers_are_not_closed(store: Store) -> None:
    version = await some_version(store)
    await store.servers.beat(a_server("a"))
    mine, dead, nobodys = [
        await store.create_execution(execution_of(version, server_id=one, created_at=NOW - 1))
        for one in ("a", "gone", None)
    ]

    assert await store.recover_pending(NOW, DEAD_AFTER_S) == 2

    async def status(one):
        return (await store.get_execution(one.id)).status

    assert await status(mine) == ExecutionStatus.PENDING
    assert await status(dead) == await status(nobodys) == ExecutionStatus.ERROR
    assert (await store.get_execution(mine.id)).server_id == "a"
    assert await store.recover_pending(NOW, DEAD_AFTER_S) == 0
    assert await store.recover_pending(NOW, EVERYBODY_DEAD) == 1
    assert await status(mine) == ExecutionStatus.ERROR


async def test_without_a_limit_of_silence_everything_of_before_is_closed(store: Store) -> None:
    version = await some_version(store)
    await store.servers.beat(a_server("a"))
    await store.create_execution(execution_of(version, server_id="a", created_at=NOW - 1))

    assert await store.recover_pending(NOW) == 1


async def test_ticks_of_living_servers_stay_claimed(store: Store) -> None:
    function = await some_function(store)
    await store.update_function(
        function.id,
        UpdateFunctionRequest(cron_schedule="* * * * *", cron_status="active"),
    )
    (job,) = await store.ticks.jobs()
    await store.servers.beat(a_server("a"))
    await claim(store, job, NOW + 60, "a")
    await claim(store, job, NOW + 120, "gone")

    assert await store.ticks.recover(NOW + 1, DEAD_AFTER_S) == 1

    found, _ = await store.ticks.page(function.id, PaginationParams())
    assert [one.outcome for one in found] == [TickOutcome.INTERRUPTED, TickOutcome.CLAIMED]
    assert await store.ticks.recover(NOW + 1) == 1


async def claim(store: Store, job: CronJob, tick: int, server_id: str) -> None:
    """Take a tick for a server, beside others that are still running."""
    outcome = await store.ticks.claim(job, tick, 0, fresh_id(), tick, server_id)
    assert outcome is TickOutcome.CLAIMED
