"""The write-ahead log: copied behind the writers' backs, and never without bound."""

import asyncio
import threading

import pytest

from perilune.store import ExecutionStatus, checkpoints, open_store
from tests.store.helpers import execution_of, other_connection, some_function, some_version

KIB = 1024


@pytest.fixture
def small_log(monkeypatch):
    """Limits a test reaches quickly."""
    monkeypatch.setattr(checkpoints, "WAL_LIMIT_BYTES", 512 * KIB)
    monkeypatch.setattr(checkpoints, "_CHANGES_PER_CHECKPOINT", 64)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_PAUSE_S", 0.01)


async def test_the_log_stays_bounded_under_permanent_writing(small_log, path):
    log = path.with_name(f"{path.name}-wal")
    largest = 0
    async with open_store(path) as store:
        version = await some_version(store)

        async def write() -> None:
            nonlocal largest
            for _ in range(150):
                made = await store.create_execution(execution_of(version, event_json="x" * 4000))
                await store.update_execution(made.id, ExecutionStatus.SUCCESS, 1, None, None)
                largest = max(largest, log.stat().st_size)

        await asyncio.gather(*(write() for _ in range(16)))

    written = path.stat().st_size
    assert written > 9 * KIB * KIB
    assert largest < written / 2


async def test_a_long_reader_does_not_stop_the_writers(small_log, path):
    async with open_store(path) as store:
        version = await some_version(store)
        with other_connection(path) as reader:
            reader.execute("BEGIN")
            (before,) = reader.execute("SELECT count(*) FROM executions").fetchone()
            for _ in range(20):
                await asyncio.gather(
                    *(
                        store.create_execution(execution_of(version, event_json="x" * 4000))
                        for _ in range(32)
                    )
                )
            assert reader.execute("SELECT count(*) FROM executions").fetchone() == (before,)
        assert await store.check_integrity() == []


async def test_the_log_is_emptied_when_nothing_happens(small_log, path, monkeypatch):
    monkeypatch.setattr(checkpoints, "IDLE_S", 0.01)
    monkeypatch.setattr(checkpoints, "_GROWTH_PER_CHECKPOINT", 4 * KIB)
    log = path.with_name(f"{path.name}-wal")
    async with open_store(path) as store:
        await some_function(store)

        async with asyncio.timeout(10):
            while log.stat().st_size:
                await store.ping()

        assert log.stat().st_size == 0
        await some_function(store)


async def test_closing_ends_all_threads(path):
    before = set(threading.enumerate())
    async with open_store(path) as store:
        await some_function(store)
        await store.ping()

    left = {thread.name for thread in set(threading.enumerate()) - before}
    # The event loop keeps its own helper threads.
    assert not {name for name in left if name.startswith("perilune")}
