"""What callers may rely on when many of them write at once, and when something fails."""

import asyncio
import resource
import sqlite3
import subprocess
import sys
import threading
import time
import weakref

import pytest
import uvloop

from perilune.store import (
    ExecutionNotFound,
    ExecutionStatus,
    FunctionNotFound,
    PaginationParams,
    StoreUnavailable,
    open_store,
)
from perilune.store.sqlite.connection.writer import MOST_CHARACTERS_AT_ONCE
from tests.store.helpers import execution_of, fresh_id, some_function, some_version
from tests.store.sqlite.file import other_connection


async def test_failed_work_leaves_nothing_behind(store, path):
    """`create_version` fails after several statements; the number is not used up."""
    version = await some_version(store)
    with other_connection(path) as other:
        other.execute(
            "CREATE TRIGGER no AFTER UPDATE OF updated_at ON functions BEGIN "
            "SELECT RAISE(ABORT, 'no'); END"
        )

    outcomes = await asyncio.gather(
        store.create_version(version.function_id, "two"),
        store.create_execution(execution_of(version)),
        return_exceptions=True,
    )

    assert [isinstance(each, Exception) for each in outcomes] == [True, False]
    with other_connection(path) as other:
        other.execute("DROP TRIGGER no")
    assert await store.get_active_version(version.function_id) == version
    assert (await store.create_version(version.function_id, "two")).version == 2


async def test_closing_waits_for_writes_submitted_just_before(path):
    async with open_store(path) as store:
        version = await some_version(store)
        execution = execution_of(version)
        submitted = store.create_execution(execution)
        submitted.send(None)
    submitted.close()

    async with open_store(path) as store:
        assert (await store.get_execution(execution.id)).id == execution.id


async def test_a_write_waits_for_another_process(store, path):
    with other_connection(path) as other:
        other.execute("BEGIN IMMEDIATE")
        call = asyncio.ensure_future(some_function(store))
        # Reads do not wait.
        await store.list_functions(PaginationParams())
        assert not call.done()
        other.execute("ROLLBACK")

    assert (await call).name == "fn"


async def test_a_full_disk_fails_the_writes_and_is_over_when_there_is_room(store, path):
    version = await some_version(store)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    used = path.with_name(f"{path.name}-wal").stat().st_size
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (used + 8192, hard))
        outcomes = await asyncio.gather(
            *(
                store.create_execution(execution_of(version, event_json="x" * 5000))
                for _ in range(20)
            ),
            return_exceptions=True,
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert {type(each) for each in outcomes} == {StoreUnavailable}
    assert all(each.__cause__ is not None for each in outcomes)
    assert (await store.list_executions(version.function_id, PaginationParams()))[1] == 0
    await store.create_execution(execution_of(version))
    assert (await store.list_executions(version.function_id, PaginationParams()))[1] == 1


async def test_closing_finishes_submitted_writes(path):
    async with open_store(path) as store:
        version = await some_version(store)
        calls = [
            asyncio.ensure_future(store.create_execution(execution_of(version))) for _ in range(700)
        ]
        await asyncio.sleep(0)
        await asyncio.gather(store.close(), store.close())
        await asyncio.gather(*calls)

    async with open_store(path) as again:
        assert (await again.list_executions(version.function_id, PaginationParams()))[1] == 700
    assert not path.with_name(f"{path.name}-wal").exists()


async def test_a_failing_database_is_never_not_found(store, path):
    """An answer and a failure are different things (KD-30)."""
    version = await some_version(store)
    with other_connection(path) as other:
        other.execute("PRAGMA foreign_keys = OFF")
        other.execute("ALTER TABLE executions RENAME TO elsewhere")

    for call in (
        store.get_execution("nope"),
        store.create_execution(execution_of(version)),
        store.list_executions(version.function_id, PaginationParams()),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            await call
        assert caught.value.__cause__ is not None

    with other_connection(path) as other:
        other.execute("ALTER TABLE elsewhere RENAME TO executions")
    with pytest.raises(ExecutionNotFound):
        await store.get_execution("nope")


@pytest.mark.parametrize("run", [pytest.param(asyncio.run, id="asyncio"), uvloop.run])
def test_both_event_loops_work(run, path):
    async def work() -> int:
        async with open_store(path) as store:
            version = await some_version(store)
            await asyncio.gather(
                *(store.create_execution(execution_of(version)) for _ in range(50))
            )
            with pytest.raises(FunctionNotFound):
                await store.get_function(fresh_id())
            return (await store.list_executions(version.function_id, PaginationParams()))[1]

    assert run(work()) == 50


ABANDONING = """
import asyncio, sys
from pathlib import Path
from perilune.store import Function, open_store

loop = asyncio.new_event_loop()
async def work():
    opening = open_store(Path(sys.argv[1]))
    store = await opening.__aenter__()
    tasks = [asyncio.ensure_future(store.create_function(Function(id=f"{n}", name="n")))
             for n in range(1000)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return opening, store
kept = loop.run_until_complete(work())
loop.close()
print("done")
"""


def test_a_loop_that_ends_without_closing_the_store_breaks_nothing(path):
    done = subprocess.run(
        [sys.executable, "-c", ABANDONING, str(path)], capture_output=True, text=True, timeout=60
    )

    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", 0)


class Heartbeat:
    """How long the event loop was kept from everything else, at most."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def __aenter__(self) -> "Heartbeat":
        self._task = asyncio.ensure_future(self._beat())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _beat(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.001)
            now = time.monotonic()
            self.longest_s = max(self.longest_s, now - last)
            last = now


def threads_of_commits(store) -> list[int]:
    """Take note of the thread that each commit is made in."""
    threads: list[int] = []
    store._connection.set_trace_callback(
        lambda sql: threads.append(threading.get_ident()) if sql == "COMMIT" else None
    )
    return threads


async def test_quick_commits_are_made_without_another_thread(store, monkeypatch):
    # However busy this machine is, its commits are quick.
    monkeypatch.setattr("perilune.store.sqlite.connection.writer.SLOW_S", 60)
    version = await some_version(store)
    threads = threads_of_commits(store)

    for _ in range(20):
        execution = await store.create_execution(execution_of(version))
        await store.update_execution(execution.id, ExecutionStatus.SUCCESS, 1, None, None)

    assert threads.count(threading.get_ident()) > len(threads) / 2
    assert len(threads) == 40


async def test_large_rows_are_committed_beside_the_loop(store):
    version = await some_version(store)
    threads = threads_of_commits(store)

    await store.create_execution(execution_of(version, event_json="x" * 1_000_000))
    await store.kv.set(version.function_id, b"k", b"v" * 300_000, None, 10_000_000)

    assert len(threads) == 2
    assert threading.get_ident() not in threads


async def test_nothing_is_held_of_what_the_thread_has_committed(store):
    """What waited for a row may have megabytes of an answer by now."""
    version = await some_version(store)
    whole = "x" * (MOST_CHARACTERS_AT_ONCE + 1)
    execution = execution_of(version, event_json=whole, created_at=1)

    class Waiting:
        def __init__(self) -> None:
            self.written = asyncio.Event()

        def done(self, error: Exception | None) -> None:
            assert error is None
            self.written.set()

    waiting = Waiting()
    written, left = waiting.written, weakref.ref(waiting)
    store.execution_records.open(execution, waiting.done)
    del waiting
    await asyncio.wait_for(written.wait(), 10)
    async with asyncio.timeout(10):
        while left() is not None:
            await asyncio.sleep(0.01)


async def test_slow_commits_hold_up_nobody(store):
    """Once a few commits were slow, they are made beside the loop."""
    version = await some_version(store)
    store._connection.set_trace_callback(lambda sql: time.sleep(0.2) if sql == "COMMIT" else None)
    await store.create_execution(execution_of(version))
    threads: list[int] = []

    def slow(sql: str) -> None:
        if sql == "COMMIT":
            threads.append(threading.get_ident())
            time.sleep(0.2)

    store._connection.set_trace_callback(slow)
    for _ in range(3):
        await store.create_execution(execution_of(version))

    assert len(threads) == 3
    assert threading.get_ident() not in threads


async def test_a_lock_of_another_process_holds_up_only_those_who_write(store, path):
    version = await some_version(store)
    await store.create_execution(execution_of(version))

    async with Heartbeat() as heart:
        with other_connection(path) as other:
            other.execute("BEGIN IMMEDIATE")
            calls = [
                asyncio.ensure_future(store.create_execution(execution_of(version)))
                for _ in range(3)
            ]
            await asyncio.sleep(1.5)
            assert not any(call.done() for call in calls)
            other.execute("ROLLBACK")
        await asyncio.gather(*calls)

    assert heart.longest_s < 1


async def test_what_is_refused_here_is_refused_there_alone(store):
    """A row that is refused is tried again in the thread, with the same outcome for each."""
    kept, deleted = await some_version(store), await some_version(store)
    await store.delete_function(deleted.function_id)

    outcomes = await asyncio.gather(
        store.create_execution(execution_of(kept)),
        store.create_execution(execution_of(deleted)),
        store.create_execution(execution_of(kept)),
        return_exceptions=True,
    )

    assert [type(one).__name__ for one in outcomes] == [
        "Execution",
        "FunctionNotFound",
        "Execution",
    ]


async def test_a_commit_stands_when_the_disk_cannot_be_looked_at(store, monkeypatch):
    version = await some_version(store)
    looked: list[int] = []

    def fail(_: sqlite3.Connection) -> bool:
        looked.append(threading.get_ident())
        raise OSError("no such folder")

    monkeypatch.setattr("perilune.store.sqlite.connection.writer.SLOW_S", 60.0)
    monkeypatch.setattr(store._checkpoints, "committed", fail)

    for _ in range(60):
        await store.create_execution(execution_of(version))

    assert threading.get_ident() in looked
    _, total = await store.list_executions(version.function_id, PaginationParams())
    assert total == 60, "none failed, and none was written twice"
