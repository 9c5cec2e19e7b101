import pytest

from perilune.services.logger import LogLevel, StoreLogger
from perilune.store import (
    StoreUnavailable,
    open_store,
)
from perilune.store.database import queue
from tests.services.conftest import BrokenRows
from tests.store.helpers import NOW, execution_of, fresh_id, some_function, some_version
from tests.store.sqlite.file import other_connection, row_count


async def barrier(store):
    """Return when everything submitted so far is committed."""
    await some_function(store)


async def some_execution(store):
    return await store.create_execution(execution_of(await some_version(store)))


async def test_lines_are_dropped_when_too_many_wait(store, reported, monkeypatch):
    monkeypatch.setattr(queue, "MAX_QUEUED", 100)
    execution = await some_execution(store)

    taken = [store.logs.append(fresh_id(), execution.id, 0, "line", NOW) for _ in range(150)]
    await barrier(store)

    assert taken == [True] * 100 + [False] * 50
    assert (await store.logs.page(execution.id, None, 0))[1] == 100
    assert store.lost_writes == 50
    assert len(reported) == 1
    assert store.logs.append(fresh_id(), execution.id, 0, "line", NOW)
    await barrier(store)
    assert len(reported) == 1


async def test_lines_are_dropped_when_they_hold_too_much_memory(store, monkeypatch):
    monkeypatch.setattr(queue, "MAX_QUEUED_CHARACTERS", 1000)
    execution = await some_execution(store)

    taken = [store.logs.append(fresh_id(), execution.id, 0, "x" * 600, NOW) for _ in range(3)]
    await barrier(store)

    assert taken == [True, True, False]
    assert store.logs.append(fresh_id(), execution.id, 0, "x" * 600, NOW)


async def test_a_failing_error_hook_stops_nothing(path, caplog):
    def fail(error: Exception) -> None:
        raise RuntimeError("hook")

    async with open_store(path, on_error=fail) as store:
        store.logs.append(fresh_id(), "unknown", 0, "line", NOW)
        await barrier(store)
        await barrier(store)

    assert "the error hook of the store failed" in caplog.text


async def test_failures_are_logged_unless_there_is_a_hook(path, caplog):
    async with open_store(path) as store:
        store.logs.append(fresh_id(), "unknown", 0, "line", NOW)
        await barrier(store)

    assert "1 queued writes failed" in caplog.text


async def test_kd_77_failures_are_counted_reported_and_never_an_empty_page(
    store, path, reported, caplog
):
    logger = StoreLogger(store.logs)
    await logger.log("no such execution", LogLevel.INFO, "lost")
    await store.kv.delete("f", b"after the line")

    assert store.lost_writes == 1
    assert "1 queued writes failed" in str(reported[0])
    with pytest.raises(StoreUnavailable):
        await StoreLogger(BrokenRows()).entries("e")
    with other_connection(path) as somebody:
        somebody.execute("ALTER TABLE logs RENAME TO gone")
    with pytest.raises(StoreUnavailable):
        await logger.entries("e")
    with other_connection(path) as somebody:
        somebody.execute("ALTER TABLE gone RENAME TO logs")


async def test_kd_79_many_log_lines_share_a_commit(store, path):
    version = await some_version(store)
    execution = await store.create_execution(execution_of(version))
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)
    logger = StoreLogger(store.logs)

    for number in range(400):
        await logger.log(execution.id, LogLevel.INFO, f"line {number}")
    await store.update_execution(execution.id, "success", 1, None, None)

    store._connection.set_trace_callback(None)
    assert statements.count("COMMIT") == 1
    assert row_count(path, "logs") == 400
