"""Several servers on one database: each is a store of its own here."""

import asyncio
import random

import psycopg
import pytest

from perilune.store import ExecutionStatus, FunctionNotFound, Outcome, UpdateFunctionRequest
from tests.store.helpers import execution_of, some_function, some_version, told


async def told_of(store, function_id: str) -> None:
    """Wait until *store* has heard that somebody has changed the function."""
    heard = asyncio.Event()
    store.on_change(lambda changed: heard.set() if changed == function_id else None)
    async with asyncio.timeout(30):
        await heard.wait()


async def test_a_change_is_seen_by_other_servers_without_waiting_for_age(store, other):
    """The clock stands still, so what is in memory never gets old."""
    version = await some_version(store, "before")
    function_id = version.function_id
    assert (await other.get_function(function_id)).name == "before"
    assert (await other.get_active_version(function_id)).version == 1

    for change in (
        lambda: store.update_function(function_id, UpdateFunctionRequest(name="after")),
        lambda: store.create_version(function_id, "return 2"),
        lambda: store.env.set(function_id, "KEY", "secret", write_only=True),
    ):
        heard = asyncio.ensure_future(told_of(other, function_id))
        await asyncio.sleep(0)
        await change()
        await heard

    assert (await other.get_function(function_id)).name == "after"
    assert (await other.get_active_version(function_id)).version == 2
    assert await other.write_only_values(function_id) == ("secret",)
    heard = asyncio.ensure_future(told_of(other, function_id))
    await asyncio.sleep(0)
    await store.delete_function(function_id)
    await heard
    with pytest.raises(FunctionNotFound):
        await other.get_function(function_id)


async def test_what_a_server_changes_itself_it_is_told_of_once(store, database):
    function = await some_function(store)
    changes: list[str] = []
    store.on_change(changes.append)

    await store.update_function(function.id, UpdateFunctionRequest(name="after"))
    # Notifications come in order: that of another connection comes after any of the store's own.
    heard = asyncio.ensure_future(told_of(store, "end"))
    await asyncio.sleep(0)
    await asyncio.to_thread(_notify, database, "end")
    await heard

    assert changes == [function.id, "end"]


def deadlocks(url: str) -> object:
    """How many there have been in the database."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()


def _notify(url: str, payload: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_notify('perilune_functions', %s)", (payload,))


@pytest.mark.slow
async def test_servers_that_write_at_once_do_not_deadlock(store, other, database):
    """Each writes to the same counters in an order of its own."""
    versions = [await some_version(store) for _ in range(8)]
    before = deadlocks(database)

    async def execute(server, chosen) -> None:
        execution = execution_of(chosen)
        records = server.execution_records
        assert await told(lambda done: records.open(execution, done)) is None
        outcome = Outcome(execution_id=execution.id, status=ExecutionStatus.SUCCESS, duration_ms=1)
        assert await told(lambda done: records.close(execution, outcome, done)) is None

    chosen = random.Random(1)
    for _ in range(10):
        await asyncio.gather(
            *(execute(server, chosen.choice(versions)) for server in (store, other) * 40)
        )

    assert deadlocks(database) == before
    assert await store.check_integrity() == []


async def test_increments_of_several_servers_are_all_counted(store, other):
    function = await some_function(store)

    async def add(server) -> None:
        for _ in range(25):
            await server.kv.incr(function.id, b"n", 1, 1000)

    await asyncio.gather(*(add(server) for server in (store, other) * 2))

    assert await store.kv.get(function.id, b"n") == b"100"
