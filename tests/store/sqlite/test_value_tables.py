"""What functions read most is answered from memory, and is what has been committed."""

import asyncio
import math

import pytest

from perilune.store import KVQuotaExceeded, StoreError, value_tables
from perilune.store.value_tables import MAX_TABLE_BYTES, MAX_VALUES, ValueTables
from tests.store.helpers import NOW, execution_of, some_function
from tests.store.sqlite.file import other_connection, recount

PLENTY = 10**9


@pytest.fixture(autouse=True)
def _is_never_slow(monkeypatch):
    """What is in memory does not depend on how busy the machine is."""
    monkeypatch.setattr(value_tables, "LOADING_FACTOR", 0)
    monkeypatch.setattr("perilune.store.sqlite.connection.writer.SLOW_S", math.inf)


@pytest.fixture
async def fn(store) -> str:
    """A function with a pair, one that expires, and a variable; all are in memory."""
    function_id = (await some_function(store)).id
    await store.kv.set(function_id, b"pair", b"1", None, PLENTY)
    await store.kv.set(function_id, b"short", b"2", NOW + 10, PLENTY)
    await store.env.set(function_id, "NAME", "value")
    assert await store.kv.get(function_id, b"pair") == b"1"
    return function_id


async def in_memory(store, fn, reads) -> bool:
    """Whether reads of *fn* need no database."""
    before = len(reads)
    await store.kv.get(fn, b"pair")
    return len(reads) == before


async def test_what_has_been_read_once_needs_no_database(store, fn, reads):
    for _ in range(10):
        assert await store.kv.get(fn, b"pair") == b"1"
        assert await store.kv.get(fn, b"missing") is None
        assert await store.env.get(fn, "NAME") == "value"
        assert await store.env.get(fn, "pair") is None

    assert reads == []


async def test_short_writes_change_what_is_in_memory(store, fn, reads):
    await store.kv.set(fn, b"pair", b"10", None, PLENTY)
    assert await store.kv.get(fn, b"pair") == b"10"
    assert await store.kv.incr(fn, b"pair", 2, PLENTY) == 12
    assert await store.kv.get(fn, b"pair") == b"12"
    assert not await store.kv.cas(fn, b"pair", b"1", b"no", PLENTY)
    assert await store.kv.get(fn, b"pair") == b"12"
    assert await store.kv.cas(fn, b"pair", b"12", b"yes", PLENTY)
    assert await store.kv.get(fn, b"pair") == b"yes"
    await store.kv.delete(fn, b"pair")
    assert await store.kv.get(fn, b"pair") is None

    assert reads == []


async def test_a_write_that_is_refused_changes_nothing(store, fn):
    with pytest.raises(KVQuotaExceeded):
        await store.kv.set(fn, b"pair", b"x" * 100, None, 10)

    assert await store.kv.get(fn, b"pair") == b"1"


async def test_a_pair_that_has_expired_is_missing_at_once(store, fn, clock, reads):
    assert await store.kv.get(fn, b"short") == b"2"
    assert await store.kv.incr(fn, b"short", 1, PLENTY) == 3

    clock.now = NOW + 9.999
    assert await store.kv.get(fn, b"short") == b"3"
    clock.now = NOW + 10

    assert await store.kv.get(fn, b"short") is None
    assert reads == []


async def test_what_was_purged_does_not_come_back_with_the_clock(store, fn, clock):
    clock.now = NOW + 11
    await store.purge_expired(clock.now)

    clock.now = NOW

    assert await store.kv.get(fn, b"short") is None
    assert await store.kv.get(fn, b"pair") == b"1"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda env, fn: env.set(fn, "NAME", "other"), "other", id="set"),
        pytest.param(lambda env, fn: env.delete(fn, "NAME"), None, id="delete"),
        pytest.param(lambda env, fn: env.replace(fn, {"NAME": "all"}), "all", id="replace"),
        pytest.param(lambda env, fn: env.replace(fn, {}, kept=["NAME"]), "value", id="keep"),
        pytest.param(lambda env, fn: env.keep(fn, "NAME", True), "value", id="hide"),
    ],
)
async def test_variables_are_those_that_were_written(store, fn, change, expected):
    await change(store.env, fn)

    assert await store.env.get(fn, "NAME") == expected


async def test_a_transaction_shows_after_its_commit_and_not_before(store, fn):
    async with store.transaction() as tx:
        await tx.kv.set(fn, b"pair", b"2", None, PLENTY)
        await tx.env.set(fn, "NAME", "other")
        assert await tx.kv.get(fn, b"pair") == b"2"
        assert tx.kv.tables is tx.env.tables is None
        assert await store.kv.get(fn, b"pair") == b"1"
        assert await store.env.get(fn, "NAME") == "value"

    assert await store.kv.get(fn, b"pair") == b"2"
    assert await store.env.get(fn, "NAME") == "other"


async def test_a_transaction_that_is_taken_back_never_shows(store, fn):
    async def give_up():
        async with store.transaction() as tx:
            await tx.kv.set(fn, b"pair", b"2", None, PLENTY)
            await store.kv.get(fn, b"pair")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await give_up()

    assert await store.kv.get(fn, b"pair") == b"1"


async def test_nothing_is_left_of_a_deleted_function(store, fn):
    await store.delete_function(fn)

    assert await store.kv.get(fn, b"pair") is None
    assert await store.env.get(fn, "NAME") is None
    assert store.kv.tables.get(fn) is None


async def test_while_the_thread_commits_the_database_is_asked(store, fn, reads):
    """Its commit is there before it is told of, and what has been seen once stays seen."""
    await store.kv.set(fn, b"large", b"x" * 300_000, None, PLENTY)
    assert await store.kv.get(fn, b"large") == b"x" * 300_000
    assert await in_memory(store, fn, reads)

    writing = asyncio.ensure_future(store.kv.set(fn, b"large", b"y" * 300_000, None, PLENTY))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert not await in_memory(store, fn, reads)
    await writing
    assert await store.kv.get(fn, b"large") == b"y" * 300_000
    assert await in_memory(store, fn, reads)


async def test_a_write_that_is_not_committed_never_shows(store, fn, monkeypatch):
    monkeypatch.setattr(store._writer, "_commit_here", lambda batch: False)

    def fail(*_):
        raise StoreError("the disk is on fire")

    monkeypatch.setattr("perilune.store.sqlite.connection.writer.run_batch", fail)
    with pytest.raises(StoreError):
        await store.kv.set(fn, b"pair", b"2", None, PLENTY)

    assert await store.kv.get(fn, b"pair") == b"1"


async def test_what_another_process_writes_is_noticed(store, fn, path, monkeypatch):
    monkeypatch.setattr(value_tables, "MAX_AGE_S", 0.01)
    await store.kv.set(fn, b"pair", b"1", None, PLENTY)
    store.kv.tables.clear()
    store.kv.tables._look()
    assert await store.kv.get(fn, b"pair") == b"1"

    with other_connection(path) as other:
        other.execute("UPDATE kv_store SET value = X'39' WHERE key = X'70616972'")

    async with asyncio.timeout(5):
        while await store.kv.get(fn, b"pair") != b"9":
            await asyncio.sleep(0.005)


async def test_too_much_for_a_table_is_read_from_the_database(store, fn, reads):
    await store.kv.set(fn, b"large", b"x" * MAX_TABLE_BYTES, None, PLENTY)

    assert await store.kv.get(fn, b"large") == b"x" * MAX_TABLE_BYTES
    assert await store.kv.get(fn, b"pair") == b"1"
    assert not await in_memory(store, fn, reads)


async def test_too_many_pairs_are_read_from_the_database(store, fn, reads, path):
    with other_connection(path) as other:
        rows = [(fn, b"%d" % number) for number in range(MAX_VALUES)]
        other.executemany("INSERT INTO kv_store (function_id, key, value) VALUES (?, ?, X'')", rows)
        recount(other)
    store.kv.tables.clear()

    assert await store.kv.get(fn, b"4000") == b""
    assert await store.kv.get(fn, b"pair") == b"1"
    assert not await in_memory(store, fn, reads)


async def test_tables_together_have_a_limit(store, fn, monkeypatch):
    """The one that was made first makes room."""
    monkeypatch.setattr(value_tables, "MAX_BYTES", 500)
    other = (await some_function(store)).id
    await store.kv.set(other, b"pair", b"x" * 400, None, PLENTY)

    assert await store.kv.get(other, b"pair") == b"x" * 400

    assert list(store.kv.tables._tables) == [other]
    assert await store.kv.get(fn, b"pair") == b"1"


def test_loading_takes_a_small_part_of_the_time(monkeypatch):
    """Functions that have their tables dropped again and again delay nobody."""
    monkeypatch.setattr(value_tables, "LOADING_FACTOR", 20)
    now = 0.0
    loaded = []

    def load(function_id):
        nonlocal now
        loaded.append(function_id)
        now += 0.005

    tables = ValueTables(load, lambda: 1, monotonic=lambda: now)
    while now < 10:
        now += 0.001
        tables.get(f"f{len(loaded)}")

    assert len(loaded) * 0.005 == pytest.approx(10 / 21, rel=0.1)


async def test_after_the_end_there_are_no_tables(store, fn):
    await store.close()

    assert store.kv.tables.get(fn) is None


async def test_values_are_written_behind_the_rows_of_their_batch(store, fn):
    """Rows stay one statement per kind, whatever is written between them, and values in order."""
    version = await store.create_version(fn, "return 1")
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)

    await asyncio.gather(
        *(
            write
            for number in range(4)
            for write in (
                store.create_execution(execution_of(version)),
                store.kv.set(fn, b"pair", b"%d" % number, None, PLENTY),
                store.kv.incr(fn, b"sum", number, PLENTY),
            )
        )
    )

    store._connection.set_trace_callback(None)
    kinds = [statement.split("(")[0].strip() for statement in statements]
    assert kinds.count("BEGIN IMMEDIATE") == 1
    assert kinds.count("INSERT INTO executions") == 1
    assert await store.kv.get(fn, b"pair") == b"3"
    assert await store.kv.get(fn, b"sum") == b"6"
