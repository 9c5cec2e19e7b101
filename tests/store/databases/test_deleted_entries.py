"""Functions with many key-value pairs: gone at once, cleaned up in batches."""

import asyncio

import pytest

from perilune.store import Function, FunctionNotFound, open_store
from perilune.store.tables.removal import (
    AT_ONCE,
    BYTES_AT_ONCE,
    BYTES_IN_BATCH,
    remove_leftover_entries,
)
from tests.store.databases.outside import other_connection, rows
from tests.store.helpers import execution_of, some_version
from tests.store.sqlite.file import recount

QUOTA = 10**9
MANY = AT_ONCE + 1


def add_pairs(where, function_id, number, size=1, first=0):
    with other_connection(where) as connection:
        connection.begin()
        for index in range(first, first + number):
            connection.execute(
                "INSERT INTO kv_store (function_id, key, value) VALUES (?, ?, ?)",
                (function_id, b"%08d" % index, bytes(size)),
            )
        recount(connection)
        connection.execute("COMMIT")


@pytest.fixture
async def large(store, where):
    """The id of a function with more pairs than are deleted at once."""
    version = await some_version(store)
    add_pairs(where, version.function_id, MANY)
    return version.function_id


async def test_many_entries_are_out_of_sight_at_once(store, where, large):
    key = b"%08d" % 0
    assert await store.kv.get(large, key) == b"\0"

    await store.delete_function(large)

    assert rows(where, "SELECT count(*) FROM kv_store") == [(MANY,)]
    assert await store.kv.get(large, key) is None
    assert await store.kv.entry(large, key) is None
    assert await store.kv.used_bytes(large) == 0
    for prefix in (b"", b"0"):
        assert await store.kv.list(large, prefix, 10, None) == []
        assert await store.kv.entries(large, prefix, 10, None, 10) == []
    for ask in (
        store.kv.set(large, key, b"v", None, QUOTA),
        store.kv.incr(large, b"new", 1, QUOTA),
        store.kv.cas(large, key, b"\0", b"v", QUOTA),
        store.kv.cas(large, b"new", None, b"v", QUOTA),
    ):
        with pytest.raises(FunctionNotFound):
            await ask
    assert await store.check_integrity() == []


@pytest.mark.parametrize(
    ("number", "size"),
    [
        pytest.param(AT_ONCE, 1, id="few"),
        pytest.param(0, 1, id="none"),
        pytest.param(10, BYTES_AT_ONCE // 11, id="few-and-not-too-large"),
    ],
)
async def test_few_entries_go_with_their_function(store, where, number, size):
    version = await some_version(store)
    add_pairs(where, version.function_id, number, size)

    await store.delete_function(version.function_id)

    assert rows(where, "SELECT count(*) FROM kv_store") == [(0,)]
    assert rows(where, "SELECT count(*) FROM kv_owners") == [(0,)]


async def test_only_leftovers_are_cleaned_up(store, where, large):
    other = await some_version(store)
    await store.kv.set(other.function_id, b"k", b"v", None, QUOTA)
    await store.delete_function(large)

    gone = await store.purge_deleted()

    assert gone == {"kv_store": MANY}
    assert rows(where, "SELECT function_id FROM kv_store") == [(other.function_id,)]
    assert rows(where, "SELECT function_id, deleted FROM kv_owners") == [(other.function_id, 0)]
    assert await store.purge_deleted() == {}
    assert await store.check_integrity() == []


async def test_expired_entries_and_those_left_are_counted_together(store, large, clock):
    other = await some_version(store)
    await store.kv.set(other.function_id, b"k", b"v", clock(), QUOTA)
    await store.delete_function(large)

    assert (await store.purge_expired(int(clock()) + 1))["kv_store"] == MANY + 1


async def test_a_function_that_comes_back_does_not_bring_its_entries_back(store, where, large):
    await store.delete_function(large)

    await store.create_function(Function(id=large, name="again"))

    assert await store.kv.get(large, b"%08d" % 0) is None
    assert await store.kv.used_bytes(large) == 0
    await store.kv.set(large, b"k", b"v", None, QUOTA)
    assert await store.purge_deleted() == {}
    assert await store.kv.get(large, b"k") == b"v"
    assert await store.check_integrity() == []


async def test_a_function_may_come_back_while_its_entries_are_cleaned_up(store, where, large):
    add_pairs(where, (await some_version(store)).function_id, 1)
    await store.delete_function(large)
    cleaning = asyncio.ensure_future(store.purge_deleted())
    async with asyncio.timeout(30):
        while rows(where, "SELECT count(*) FROM kv_store") == [(MANY + 1,)]:
            await store.ping()

    await store.create_function(Function(id=large, name="again"))
    await store.kv.set(large, b"k", b"v", None, QUOTA)
    await cleaning

    assert await store.kv.get(large, b"k") == b"v"
    assert rows(where, "SELECT count(*) FROM kv_store") == [(2,)]
    assert await store.check_integrity() == []


async def test_the_clean_up_of_entries_goes_on_after_a_restart(where, clock):
    async with open_store(where, clock=clock) as store:
        version = await some_version(store)
        add_pairs(where, version.function_id, MANY)
        await store.delete_function(version.function_id)

    async with open_store(where, clock=clock) as store:
        assert await store.check_integrity() == []
        assert await store.purge_deleted() == {"kv_store": MANY}


@pytest.mark.soak
async def test_others_write_while_entries_are_cleaned_up(store, where, large):
    add_pairs(where, (await some_version(store)).function_id, 1)
    add_pairs(where, large, 20_000, first=MANY)
    other = await some_version(store)
    await store.delete_function(large)
    cleaning = asyncio.ensure_future(store.purge_deleted())

    written = 0
    while not cleaning.done():
        await store.create_execution(execution_of(other))
        written += 1

    assert written > 10
    assert rows(where, "SELECT count(*) FROM kv_store") == [(1,)]


@pytest.mark.parametrize(
    ("size", "at_once"),
    [
        pytest.param(1, MANY, id="tiny"),
        pytest.param(BYTES_IN_BATCH // 3 + 1, 3, id="large"),
        pytest.param(2 * BYTES_IN_BATCH, 1, id="larger than a batch"),
    ],
)
async def test_a_batch_is_bounded_in_bytes(store, where, size, at_once):
    version = await some_version(store)
    add_pairs(where, version.function_id, MANY if size == 1 else 20, size)
    assert remove_left(where, version.function_id) == 0  # it is not deleted
    await store.delete_function(version.function_id)

    assert remove_left(where, version.function_id) == at_once


def remove_left(where, function_id):
    with other_connection(where) as connection:
        return remove_leftover_entries(connection, function_id, 1000)
