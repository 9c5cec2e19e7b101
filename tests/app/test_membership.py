"""Several servers on one database: who lives, who leads, what becomes of the work of the dead."""

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from perilune import ids
from perilune.api import NotReady
from perilune.app.membership import BEAT_S, ClockOffError, Membership, open_membership
from perilune.clock import CorrectedClock, WallClock, wall_clock
from perilune.store import (
    DEAD_AFTER_S,
    ExecutionStatus,
    Server,
    Store,
    StoreUnavailable,
    open_store,
)
from tests.store.conftest import database, server
from tests.store.helpers import execution_of, some_version
from tests.store.sqlite.file import other_connection
from tests.store.template import write_database

__all__ = ["database", "server"]


@pytest.fixture(autouse=True)
def _ids_stay_those_of_this_process(monkeypatch):
    monkeypatch.setattr("perilune.app.membership.use_server", lambda server_id: None)


@pytest.fixture(params=["file", "postgres"])
def where(request, tmp_path) -> Path | str:
    """Where there is a store, which several may open."""
    if request.param == "file":
        return write_database(tmp_path / "perilune.db")
    url: str = request.getfixturevalue("database")
    return url


@asynccontextmanager
async def open_shared(where: Path | str, clock: WallClock = wall_clock) -> AsyncIterator[Store]:
    """A store that several servers share, or that counts as one."""
    async with open_store(where, clock=clock) as store:
        if not store.is_shared:
            store.is_shared = True
        yield store


@pytest.fixture
async def store(where) -> AsyncIterator[Store]:
    async with open_shared(where) as store:
        yield store


class Passing:
    """Seconds that pass when they are told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def passing() -> Passing:
    return Passing()


def member(store: Store, name: str, **more) -> Membership:
    return Membership(store, Server(id=name, name=f"{name}:3000", version="1"), **more)


async def go_on(passing: Passing, *members: Membership) -> None:
    """Let the servers live for longer than it takes to count as dead."""
    for _ in range(3):
        passing.now += DEAD_AFTER_S / 2
        for one in members:
            await one.beat()


def open_member(store: Store, later_s: int = 0) -> AbstractAsyncContextManager[Membership]:
    """Open one that has started so much later than it is."""
    return open_membership(store, lambda: wall_clock() + later_s, 3000, is_watching=lambda: False)


def fall_silent(where: Path | str, name: str, seconds: float = DEAD_AFTER_S + 1) -> None:
    """Let a server have been heard of so long ago."""
    sql = f"UPDATE servers SET heartbeat = heartbeat - {seconds} WHERE id = '{name}'"
    if isinstance(where, Path):
        with other_connection(where) as connection:
            connection.execute(sql)
            connection.commit()
    else:
        with psycopg.connect(where) as connection:
            connection.execute(sql)


async def test_each_knows_of_all_and_the_first_leads(store):
    async with open_member(store) as first:
        async with open_member(store, later_s=1) as second:
            await first.beat()

            listed = [one.id for one in await second.servers()]
            assert listed == [first.server_id, second.server_id]
            assert (first.live_servers, second.live_servers) == (2, 2)
            assert (first.leads, second.leads) == (True, False)
        await first.beat()
        assert first.live_servers == 1

    assert await store.servers.list() == []


async def test_another_leads_when_the_first_has_died_and_closes_what_it_has_left(
    store, where, passing
):
    first, second = (member(store, one, monotonic=passing) for one in ("first", "second"))
    version = await some_version(store)
    await first.join()
    await second.join()
    lost = await store.create_execution(execution_of(version, server_id="first"))
    mine = await store.create_execution(execution_of(version, server_id="second"))
    await go_on(passing, first, second)
    fall_silent(where, "first", DEAD_AFTER_S - 2)
    await second.beat()
    led = [second.leads]
    assert (await store.get_execution(lost.id)).status == ExecutionStatus.PENDING

    fall_silent(where, "first")
    await second.beat()

    assert [*led, second.leads] == [False, True]
    closed = await store.get_execution(lost.id)
    assert (closed.status, closed.error_message) == (
        ExecutionStatus.ERROR,
        "interrupted by server restart",
    )
    assert (await store.get_execution(mine.id)).status == ExecutionStatus.PENDING
    assert [one.id for one in await store.servers.list()] == ["second"]


async def test_one_that_does_not_lead_closes_nothing_of_others(store, where, passing):
    names = ("first", "second", "third")
    first, second, third = (member(store, name, monotonic=passing) for name in names)
    for one in (first, second, third):
        await one.join()
    await go_on(passing, first, second, third)
    version = await some_version(store)
    lost = await store.create_execution(execution_of(version, server_id="third"))
    fall_silent(where, "third")

    await second.beat()
    before = (await store.get_execution(lost.id)).status
    await first.beat()
    after = (await store.get_execution(lost.id)).status

    assert (before, after) == (ExecutionStatus.PENDING, ExecutionStatus.ERROR)


async def test_what_a_stopped_server_has_left_open_is_closed(store, passing):
    """It could not write the outcome, and has said good-bye."""
    first, second = (member(store, one, monotonic=passing) for one in ("first", "second"))
    await first.join()
    await second.join()
    await go_on(passing, first, second)
    version = await some_version(store)
    left = await store.create_execution(execution_of(version, server_id="second"))

    await second.leave()
    await first.beat()

    assert (await store.get_execution(left.id)).status == ExecutionStatus.ERROR


async def test_a_server_that_starts_alone_closes_what_nobody_runs_any_more(store, passing):
    version = await some_version(store)
    left = await store.create_execution(execution_of(version, server_id="gone"))
    first = member(store, "first", monotonic=passing)
    await first.join()

    await go_on(passing, first)

    assert (await store.get_execution(left.id)).status == ExecutionStatus.ERROR


async def test_nobody_counts_as_dead_because_the_database_was_away(store, where, passing):
    """Whoever says first that it lives has heard of nobody else for as long."""
    first, second = (member(store, one, monotonic=passing) for one in ("first", "second"))
    await first.join()
    await second.join()
    await go_on(passing, first, second)
    version = await some_version(store)
    running = await store.create_execution(execution_of(version, server_id="first"))
    passing.now += 30
    for one in ("first", "second"):
        fall_silent(where, one, 30)

    await second.beat()
    another = member(store, "another", monotonic=passing)
    await another.join()
    await first.beat()
    await go_on(passing, second, first, another)

    assert (await store.get_execution(running.id)).status == ExecutionStatus.PENDING
    assert [one.id for one in await store.servers.list()] == ["first", "second", "another"]


async def test_whoever_is_not_heard_any_more_does_not_lead(store, passing):
    first = member(store, "first", monotonic=passing)
    await first.join()
    led = [first.leads]

    passing.now += DEAD_AFTER_S

    assert [*led, first.leads] == [True, False]


async def test_beats_go_on_when_the_store_was_away(store, monkeypatch, caplog):
    first = member(store, "first")
    await first.join()
    beat, failures, slept = store.servers.beat, [1, 2], []

    async def failing(server):
        if failures:
            failures.pop()
            raise StoreUnavailable("away")
        return await beat(server)

    async def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 5:
            raise EndOfTest

    monkeypatch.setattr(store.servers, "beat", failing)
    with pytest.raises(EndOfTest):
        await first.run(sleep)

    assert slept == [BEAT_S] * 5
    assert not failures
    assert caplog.text.count("away") == 1, "said once, not every other second"


@pytest.mark.parametrize("off_s", [20.0, -20.0])
async def test_a_clock_that_is_off_is_made_up_for(where, off_s):
    clock = CorrectedClock(lambda: time.time() + off_s)
    async with open_shared(where, clock) as store:
        first = member(store, "first", clock=clock)

        await first.join()

        assert abs(first.clock() - time.time()) < 1
        assert abs(first.this.ahead_s - off_s) < 1
        await first.check()
        await first.beat()
        (shown,) = await first.servers()
        assert abs(shown.ahead_s - off_s) < 1


@pytest.mark.parametrize("off_s", [90.0, -90.0])
async def test_a_clock_that_is_far_off_is_refused(where, off_s):
    clock = CorrectedClock(lambda: time.time() + off_s)
    async with open_shared(where, clock) as store:
        where = "ahead of" if off_s > 0 else "behind"

        with pytest.raises(ClockOffError, match=f"the clock of this machine is .* s {where} the"):
            await member(store, "first", clock=clock).join()

        assert await store.servers.list() == []


async def test_a_clock_that_is_set_wrong_later_makes_the_server_not_ready(where, caplog):
    off_s = [0.0]
    clock = CorrectedClock(lambda: time.time() + off_s[0])
    async with open_shared(where, clock) as store:
        first = member(store, "first", clock=clock)
        await first.join()
        await first.check()

        off_s[0] = 90.0
        await first.beat()
        await first.beat()

        assert abs(first.clock() - time.time()) < 1, "what runs goes by the right time"
        with pytest.raises(NotReady, match=r"\d\d s ahead of the database's"):
            await first.check()
        assert caplog.text.count("no calls are wanted") == 1
        off_s[0] = 0.0
        await first.beat()
        await first.check()


async def test_a_server_that_drains_is_not_ready_and_hands_over(store):
    first, second = member(store, "first"), member(store, "second")
    await first.join()
    await second.join()

    await first.drain()
    await second.beat()

    with pytest.raises(NotReady, match="about to stop"):
        await first.check()
    await second.check()
    assert (first.leads, second.leads) == (False, True)
    assert [(one.id, one.draining) for one in await store.servers.list()] == [
        ("second", False),
        ("first", True),
    ]


async def test_it_tells_whether_somebody_watches(store):
    watching: list[object] = []
    first = member(store, "first", is_watching=lambda: watching)
    await first.join()
    assert not (await first.servers())[0].watching

    watching.append("somebody")
    await first.beat()

    assert (await first.servers())[0].watching


async def test_a_server_that_has_its_store_to_itself_writes_nothing_and_closes_everything(tmp_path):
    async with open_store(write_database(tmp_path / "perilune.db")) as store:
        version = await some_version(store)
        left = await store.create_execution(execution_of(version, server_id="another"))

        async with open_member(store) as only:
            assert (await store.get_execution(left.id)).status == ExecutionStatus.ERROR
            assert await store.servers.list() == []
            assert [one.id for one in await only.servers()] == [only.this.id]
            assert (only.server_id, only.live_servers, only.leads) == (None, 1, True)
            await only.check()
            await only.drain()
            with pytest.raises(NotReady, match="about to stop"):
                await only.check()


def test_ids_of_servers_that_seem_to_be_one_machine_differ():
    """Containers of one image: the same machine id, the same process number."""
    made = {}
    for name in ("first", "second"):
        xids = ids.Xids(lambda: 1_700_000_000.0, machine=b"abc", process=1, first=7)
        xids.mix(name.encode())
        made[name] = xids()

    assert made["first"][:6] == made["second"][:6], "sorted by time as before"
    assert made["first"] != made["second"]


class EndOfTest(Exception):
    """Ends a loop that would go on for ever."""
