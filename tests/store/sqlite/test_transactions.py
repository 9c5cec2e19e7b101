# ruff: noqa: PT012  (what is expected to fail is the whole block)

import pytest

from perilune.store import (
    Function,
    FunctionNotFound,
    StoreUnavailable,
)
from perilune.store.sqlite.connection import transactions
from tests.store.helpers import NOW, execution_of, fresh_id, some_function
from tests.store.sqlite.file import other_connection, rows


async def test_writes_are_committed_together(store, path):
    async with store.transaction() as tx:
        function = await tx.create_function(Function(id="f", name="n"))
        version = await tx.create_version("f", "return 1")
        await tx.env.replace("f", {"A": "1"})
        await tx.kv.set("f", b"k", b"v", None, 100)
        execution = await tx.create_execution(execution_of(version))
        tx.logs.append(fresh_id(), execution.id, 0, "line", NOW)
        assert rows(path, "SELECT count(*) FROM functions") == [(0,)]

    assert await store.get_function("f") == await_paused(function)
    assert await store.get_active_version("f") == version
    assert await store.env.all("f") == {"A": "1"}
    assert await store.kv.get("f", b"k") == b"v"
    assert (await store.logs.page(execution.id, None, 0))[1] == 1


def await_paused(function):
    """A stored function has a schedule status, the answer to create has not."""
    return Function(
        id=function.id,
        name=function.name,
        cron_status="paused",
        created_at=function.created_at,
        updated_at=function.updated_at,
    )


async def test_an_error_in_the_block_takes_everything_back(store, path):
    with pytest.raises(ZeroDivisionError):
        async with store.transaction() as tx:
            await tx.create_function(Function(id="f", name="n"))
            await tx.create_version("f", "return 1")
            raise ZeroDivisionError

    with pytest.raises(FunctionNotFound):
        await store.get_function("f")
    assert rows(path, "SELECT count(*) FROM function_versions") == [(0,)]


async def test_an_idle_transaction_is_rolled_back_for_the_others(store, monkeypatch, path):
    monkeypatch.setattr(transactions, "IDLE_TIMEOUT_S", 0.05)

    with pytest.raises(StoreUnavailable, match="without a call"):
        async with store.transaction() as tx:
            await tx.create_function(Function(id="f", name="n"))
            # Waits for the writer, which waits for us: the time limit ends it.
            await some_function(store)
            with pytest.raises(StoreUnavailable, match="without a call"):
                await tx.create_version("f", "return 1")
            assert tx.logs.append("id", "execution", 0, "line", NOW) is False

    assert rows(path, "SELECT count(*) FROM functions WHERE id = 'f'") == [(0,)]


async def test_a_transaction_waits_for_another_process_and_then_fails(store, path, monkeypatch):
    monkeypatch.setattr("perilune.store.sqlite.connection.connect.BUSY_TIMEOUT_S", 0)
    store._connection.execute("PRAGMA busy_timeout = 10")
    with other_connection(path) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable, match="locked"):
            async with store.transaction():
                pytest.fail("cannot have been opened")
        with pytest.raises(StoreUnavailable, match="locked"):
            await some_function(store)

        other.execute("ROLLBACK")

    await some_function(store)
