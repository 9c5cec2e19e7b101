import pytest

from perilune.services.logger import LogLevel, StoreLogger
from perilune.store import (
    LogEntry,
    StoreUnavailable,
    WritesLost,
    open_store,
)
from perilune.store.sqlite.connection import writer
from tests.services.conftest import BrokenRows
from tests.store.helpers import (
    NOW,
    execution_of,
    fresh_id,
    other_connection,
    row_count,
    some_function,
    some_version,
)


async def barrier(store):
    """Return when everything submitted so far is committed."""
    await some_function(store)


async def some_execution(store):
    return await store.create_execution(execution_of(await some_version(store)))


async def test_lines_are_read_in_the_order_they_were_appended(store):
    execution = await some_execution(store)
    for number in range(120):
        # Neither ids nor times say anything about the order.
        assert store.logs.append(fresh_id()[::-1], execution.id, number % 4, f"{number}", NOW)
    await barrier(store)

    lines, total = await store.logs.page(execution.id, None, 0)

    assert total == 120
    assert lines == [LogEntry(execution.id, n % 4, f"{n}", NOW) for n in range(120)]


@pytest.mark.parametrize(
    ("limit", "offset", "expected"),
    [
        pytest.param(2, 0, ["0", "1"], id="first"),
        pytest.param(2, 4, ["4"], id="last"),
        pytest.param(2, 9, [], id="beyond"),
        pytest.param(None, 3, ["3", "4"], id="no-limit"),
        pytest.param(0, 0, [], id="nothing"),
    ],
)
async def test_a_page_comes_with_the_real_total(store, limit, offset, expected):
    execution = await some_execution(store)
    for number in range(5):
        store.logs.append(fresh_id(), execution.id, 0, f"{number}", NOW)
    await barrier(store)

    lines, total = await store.logs.page(execution.id, limit, offset)

    assert [line.message for line in lines] == expected
    assert total == 5


async def test_unknown_executions_have_no_lines(store):
    assert await store.logs.page("nope", 10, 0) == ([], 0)


async def test_a_line_may_follow_its_execution_without_waiting(store):
    """One queue: the line is never committed before the row it belongs to."""
    execution = execution_of(await some_version(store))

    created = store.create_execution(execution)
    created.send(None)
    store.logs.append(fresh_id(), execution.id, 0, "early", NOW)
    await barrier(store)
    created.close()

    assert (await store.logs.page(execution.id, None, 0))[1] == 1


async def test_lines_that_cannot_be_stored_are_reported_and_harm_no_others(store, reported):
    execution = await some_execution(store)
    for execution_id in ("unknown", execution.id, "unknown", execution.id):
        assert store.logs.append(fresh_id(), execution_id, 0, "line", NOW)
    store.logs.append(fresh_id(), execution.id, 0, "\ud800", NOW)
    await barrier(store)

    assert (await store.logs.page(execution.id, None, 0))[1] == 2
    assert store.lost_writes == 3
    assert [type(error) for error in reported] == [WritesLost]
    assert "FOREIGN KEY" in str(reported[0])


async def test_lines_are_dropped_when_too_many_wait(store, reported, monkeypatch):
    monkeypatch.setattr(writer, "MAX_QUEUED", 100)
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
    monkeypatch.setattr(writer, "MAX_QUEUED_CHARACTERS", 1000)
    execution = await some_execution(store)

    taken = [store.logs.append(fresh_id(), execution.id, 0, "x" * 600, NOW) for _ in range(3)]
    await barrier(store)

    assert taken == [True, True, False]
    assert store.logs.append(fresh_id(), execution.id, 0, "x" * 600, NOW)


async def test_appending_to_a_closed_store_raises_nothing(path):
    async with open_store(path) as store:
        execution = await some_execution(store)

    assert store.logs.append(fresh_id(), execution.id, 0, "late", NOW) is False
    assert store.lost_writes == 1
    with pytest.raises(StoreUnavailable):
        await store.logs.page(execution.id, None, 0)


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
