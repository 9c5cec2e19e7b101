"""The write-ahead log: copied behind the writers' backs, and never without bound."""

import asyncio
import threading

import pytest

from perilune.store import open_store
from perilune.store.sqlite.connection import checkpoints
from tests.store.helpers import execution_of, some_function, some_version
from tests.store.sqlite.file import other_connection

KIB = 1024


@pytest.fixture
def small_log(monkeypatch):
    """Limits a test reaches quickly."""
    monkeypatch.setattr(checkpoints, "wal_limit_bytes", lambda _: 512 * KIB)
    monkeypatch.setattr(checkpoints, "_CHANGES_PER_CHECKPOINT", 64)
    monkeypatch.setattr(checkpoints, "CHECKPOINT_PAUSE_S", 0.01)


async def test_the_log_is_begun_anew_under_permanent_writing(small_log, path):
    """Passive checkpoints alone never get to its end; the writer has to help."""
    beginnings: set[bytes] = set()
    asked: list[str] = []
    async with open_store(path) as store:
        version = await some_version(store)
        store._connection.set_trace_callback(  # type: ignore[attr-defined]  # of SQLite
            lambda statement: asked.append(statement) if "RESTART" in statement else None
        )

        async def write() -> None:
            while len(beginnings) < 4 or not asked:
                await store.create_execution(execution_of(version, event_json="x" * 4000))
                beginnings.add(beginning_of_log(path))

        async with asyncio.timeout(30):
            await asyncio.gather(*(write() for _ in range(16)))

    assert asked


def beginning_of_log(path) -> bytes:
    """The salts in the header of the log: new ones each time it is begun anew."""
    with path.with_name(f"{path.name}-wal").open("rb") as log:
        return log.read(24)[16:]


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

        async with asyncio.timeout(30):
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
