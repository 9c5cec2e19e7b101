# ruff: noqa: PT012  (what is expected to fail is the whole block)

import pytest

from perilune.store import (
    Function,
    StoreUnavailable,
)
from perilune.store.database import transactions
from perilune.store.sqlite.connection import connect, writer
from tests.store.helpers import NOW, some_function
from tests.store.sqlite.file import other_connection, rows


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
    for module in (connect, writer):
        monkeypatch.setattr(module, "BUSY_TIMEOUT_S", 0.05)
    with other_connection(path) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable, match="locked"):
            async with store.transaction():
                pytest.fail("cannot have been opened")
        with pytest.raises(StoreUnavailable, match="locked"):
            await some_function(store)

        other.execute("ROLLBACK")

    await some_function(store)
