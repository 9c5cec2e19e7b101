"""`get_function` and `get_active_version` answer from memory, but never with the past."""

import asyncio

import pytest

from perilune.store import (
    NoActiveVersion,
    UpdateFunctionRequest,
    cache,
    open_store,
)
from tests.store.helpers import NOW, SettableClock, some_function, some_version
from tests.store.sqlite.file import other_connection


async def test_a_known_record_needs_no_database(store, reads):
    version = await some_version(store)
    for _ in range(100):
        await store.get_function(version.function_id)
        await store.get_active_version(version.function_id)

    assert len(reads) == 2


async def test_after_a_second_the_record_is_read_again(store, clock, path):
    """Another process may have changed it."""
    version = await some_version(store, "before")
    await store.get_function(version.function_id)
    await store.get_active_version(version.function_id)
    with other_connection(path) as other:
        other.execute("UPDATE functions SET name = 'after'")
        other.execute("UPDATE function_versions SET is_active = 0")

    clock.now = NOW + 0.999
    assert (await store.get_function(version.function_id)).name == "before"
    clock.now = NOW + 1

    assert (await store.get_function(version.function_id)).name == "after"
    with pytest.raises(NoActiveVersion):
        await store.get_active_version(version.function_id)


async def test_a_clock_that_goes_back_keeps_nothing_alive(store, clock, path):
    function = await some_function(store, "before")
    await store.get_function(function.id)
    with other_connection(path) as other:
        other.execute("UPDATE functions SET name = 'after'")

    clock.now = NOW - 3600

    assert (await store.get_function(function.id)).name == "after"


async def test_a_second_store_on_the_same_file_is_noticed(store, clock, path):
    version = await some_version(store)
    async with open_store(path, clock=clock) as second:
        assert (await second.get_active_version(version.function_id)).version == 1
        await store.create_version(version.function_id, "two")
        clock.now += 1

        assert (await second.get_active_version(version.function_id)).version == 2


async def set_name(store, version):
    await store.update_function(version.function_id, UpdateFunctionRequest(name="after"))


async def set_name_in_transaction(store, version):
    async with store.transaction() as tx:
        await set_name(tx, version)


@pytest.mark.parametrize("write", [set_name, set_name_in_transaction])
async def test_a_read_that_began_before_a_write_does_not_bring_back_the_past(
    store, monkeypatch, write
):
    """The first reader is held up between reading and answering, until all is done."""
    version = await some_version(store, "before")
    read, go_on = asyncio.Event(), asyncio.Event()
    load = store._functions._load

    async def slow_once(function_id):
        record = await load(function_id)
        if not read.is_set():
            read.set()
            await go_on.wait()
        return record

    monkeypatch.setattr(store._functions, "_load", slow_once)
    early = asyncio.ensure_future(store.get_function(version.function_id))
    await read.wait()
    await write(store, version)
    assert (await store.get_function(version.function_id)).name == "after"
    go_on.set()

    assert (await early).name == "before"
    assert (await store.get_function(version.function_id)).name == "after"


async def test_many_who_ask_at_once_cause_one_read(store, reads):
    function = await some_function(store)

    found = await asyncio.gather(*(store.get_function(function.id) for _ in range(50)))

    assert len(reads) == 1
    assert len(set(map(id, found))) == 1


async def test_the_cache_is_bounded_in_number_and_size(monkeypatch):
    monkeypatch.setattr(cache, "MAX_RECORDS", 10)
    monkeypatch.setattr(cache, "MAX_CHARACTERS", 100)
    loads = []

    async def load(key):
        loads.append(key)
        return key

    kept = cache.RecordCache(load, len, SettableClock())

    for number in range(25):
        await kept.get(f"{number}")
    loads.clear()
    for number in range(24, 14, -1):
        await kept.get(f"{number}")
    assert loads == []
    await kept.get("x" * 99)
    assert await kept.get("x" * 99)
    assert loads == ["x" * 99]
    await kept.get("24")
    assert loads == ["x" * 99, "24"]
    await kept.get("y" * 1000)
    await kept.get("y" * 1000)
    assert loads[2:] == ["y" * 1000, "y" * 1000]


async def test_peeking_never_reads_and_never_shows_the_past(store, clock, reads):
    function_id = (await some_version(store, "before")).function_id
    peek = store.execution_records.peek
    assert peek(function_id) is None
    function = await store.get_function(function_id)
    with_the_function_alone = peek(function_id)
    version = await store.get_active_version(function_id)
    seen = peek(function_id)

    await store.update_function(function_id, UpdateFunctionRequest(name="after"))
    after_a_write = peek(function_id)
    await store.get_function(function_id)
    await store.get_active_version(function_id)
    clock.now = NOW + 1
    after_a_second = peek(function_id)

    assert with_the_function_alone is None and seen == (function, version)
    assert after_a_write is None and after_a_second is None
    assert len(reads) == 4
