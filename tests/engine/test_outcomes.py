"""Outcomes that the store does not take: kept, bounded, and written as soon as it does."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from perilune.engine import ExecutionResult, RuntimeRequest, RuntimeResult, StorageUnavailableError
from perilune.events import HTTPResponse
from perilune.store import (
    ExecutionNotFound,
    ExecutionStatus,
    Outcome,
    Store,
    StoreError,
    StoreUnavailable,
)
from tests.engine.conftest import add_function, engine_on, request, rows
from tests.engine.fakes import FakeRuntime, answering, endless


@pytest.fixture(autouse=True)
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perilune.engine.execution.CLOSING_LIMIT_S", 0.2)
    monkeypatch.setattr("perilune.engine.outcomes.CLOSING_LIMIT_S", 0.2)
    monkeypatch.setattr("perilune.engine.outcomes._RETRY_S", (0.0,))
    monkeypatch.setattr("perilune.engine.outcomes._LAST_RETRY_S", 0.01)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let another connection hold the file's write lock, as a stuck process would."""
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


class Gate:
    """A runtime whose executions wait until it is opened."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.runtime = FakeRuntime(self._behave)

    async def _behave(self, _req: RuntimeRequest) -> RuntimeResult:
        self.entered.set()
        await self.open.wait()
        return RuntimeResult(response=HTTPResponse(body="whole"))


class Unwilling:
    """A store that takes no outcomes until `error` is None; everything else is the real one's."""

    execution_records = None

    def __init__(self, store: Store, error: Exception | None) -> None:
        self._store = store
        self.error = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def close_execution(self, outcome: Outcome) -> None:
        if self.error is not None:
            raise self.error
        await self._store.close_execution(outcome)


async def until_written(engine: Any) -> None:
    async with asyncio.timeout(30):
        while engine.outcomes.unwritten:
            await asyncio.sleep(0.01)


async def test_an_outcome_that_a_lock_keeps_out_is_written_after_it(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await add_function(store, save_response=True)
    gate = Gate()
    engine = engine_on(store, gate.runtime)
    running = asyncio.create_task(engine.execute(request()))
    await gate.entered.wait()

    with locked(tmp_path / "perilune.db"):
        gate.open.set()
        result = await running
        assert not result.recorded
        assert result.response is not None and result.response.body == "whole"
        assert result.status is ExecutionStatus.SUCCESS
        assert (engine.outcomes.unwritten, engine.outcomes.late) == (1, 1)
        assert (await store.get_execution(result.execution_id)).status == "pending"
    await until_written(engine)

    record = await store.get_execution(result.execution_id)
    assert (record.status, record.duration_ms) == ("success", result.duration_ms)
    assert record.response_json is not None and "whole" in record.response_json
    assert (await engine.execute(request())).recorded
    assert engine.outcomes.late == 1
    assert await store.check_integrity() == []
    assert f"the record of execution {result.execution_id} could not be closed" in caplog.text


async def test_a_lock_of_a_moment_is_no_failure(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await add_function(store)
    gate = Gate()
    engine = engine_on(store, gate.runtime)
    running = asyncio.create_task(engine.execute(request()))
    await gate.entered.wait()

    with locked(tmp_path / "perilune.db"):
        gate.open.set()
        await asyncio.wait([running], timeout=0.05)
        assert not running.done()

    assert (await running).recorded
    assert engine.outcomes.late == 0
    assert "could not be closed" not in caplog.text


async def test_many_outcomes_are_kept_said_once_and_all_written(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await add_function(store)
    unwilling = Unwilling(store, StoreUnavailable("disk full"))
    engine = engine_on(unwilling, answering(), logs=None)

    results = await asyncio.gather(*(engine.execute(request()) for _ in range(50)))

    assert not any(one.recorded for one in results)
    assert engine.outcomes.unwritten == 50
    assert caplog.text.count("could not be closed") == 1
    unwilling.error = None
    await until_written(engine)
    assert {one.status for one in await rows(store)} == {"success"}
    assert caplog.text.count("had been kept are written") == 1


async def test_too_many_kept_outcomes_stop_new_executions_until_they_are_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perilune.engine.outcomes.MAX_KEPT", 3)
    await add_function(store)
    unwilling = Unwilling(store, StoreUnavailable("disk full"))
    runtime = answering()
    engine = engine_on(unwilling, runtime)
    for _ in range(3):
        assert not (await engine.execute(request())).recorded

    with pytest.raises(StorageUnavailableError):
        await engine.execute(request())

    assert len(runtime.requests) == 3, "what is refused is not run"
    assert len(await rows(store)) == 3, "and has no record"
    unwilling.error = None
    await until_written(engine)
    assert (await engine.execute(request())).recorded


async def test_kept_text_is_bounded_by_giving_up_copies_of_answers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perilune.engine.outcomes.MAX_KEPT_CHARACTERS", 1500)
    await add_function(store, save_response=True)
    unwilling = Unwilling(store, StoreUnavailable("disk full"))
    engine = engine_on(unwilling, answering(body="x" * 1000))

    results = await asyncio.gather(*(engine.execute(request()) for _ in range(3)))
    unwilling.error = None
    await until_written(engine)

    records = [await store.get_execution(one.execution_id) for one in results]
    assert {one.status for one in records} == {"success"}
    assert sum(one.response_json is not None for one in records) == 1


async def test_a_caller_who_leaves_meanwhile_changes_nothing(store: Store) -> None:
    await add_function(store)
    unwilling = Unwilling(store, StoreUnavailable("disk full"))
    started = asyncio.Event()
    engine = engine_on(unwilling, endless(started))
    running = asyncio.create_task(engine.execute(request()))
    await started.wait()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert engine.outcomes.unwritten == 1
    unwilling.error = None
    await until_written(engine)
    (record,) = await rows(store)
    assert (record.status, record.error_kind) == ("error", "cancelled")


@pytest.mark.parametrize(
    ("error", "is_recorded"),
    [(ExecutionNotFound(), True), (StoreError("the database refused the values"), False)],
)
async def test_what_can_never_be_written_is_not_kept(
    store: Store, error: Exception, is_recorded: bool
) -> None:
    """A record that was deleted is not open; one whose values are refused stays so."""
    await add_function(store)
    engine = engine_on(Unwilling(store, error), answering())

    result: ExecutionResult = await engine.execute(request())

    assert result.recorded is is_recorded
    assert engine.outcomes.unwritten == 0


async def test_closing_waits_for_what_is_kept_and_says_what_is_lost(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await add_function(store)
    unwilling = Unwilling(store, StoreUnavailable("disk full"))
    saved, lost = engine_on(unwilling, answering()), engine_on(unwilling, answering())
    await saved.execute(request())
    await lost.execute(request())

    await lost.close()
    unwilling.error = None
    await saved.close()

    assert sorted(one.status for one in await rows(store)) == ["pending", "success"]
    assert caplog.text.count("outcomes of 1 executions could not be written") == 1
