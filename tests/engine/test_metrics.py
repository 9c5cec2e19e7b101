"""What is counted of executions."""

import asyncio
from typing import Any

import pytest

from perilune.engine import (
    ExecutionMetrics,
    ExecutionTimeoutError,
    FunctionDisabledError,
    FunctionNotFoundError,
    metrics,
)
from perilune.engine.metrics import BOUNDS_S, OTHER
from perilune.runtimes import GuestError, WorkersBusyError
from perilune.store import ExecutionTrigger, Store
from tests.engine.conftest import add_function, engine_on, request
from tests.engine.fakes import FakeRuntime, answering, endless, raising

SUCCESS = ("f", "http", "success")


async def test_executions_are_counted_by_function_trigger_and_status(store: Store) -> None:
    await add_function(store, "f")
    await add_function(store, "g")
    runtime = answering()
    engine = engine_on(store, runtime)

    await engine.execute(request("f"))
    await engine.execute(request("f"))
    await engine.execute(request("g", trigger=ExecutionTrigger.CRON))
    runtime._behaviour = raising(GuestError("boom"))._behaviour
    await engine.execute(request("f"))

    assert engine.metrics.ended == {
        ("f", "http", "success"): 2,
        ("g", "cron", "success"): 1,
        ("f", "http", "error"): 1,
    }
    assert {type(word) for labels in engine.metrics.ended for word in labels} == {str}
    assert {type(word) for word in engine.metrics.durations} == {str}
    assert sum(engine.metrics.durations["http"].classes) == 3
    assert engine.metrics.durations["http"].total_s > 0


@pytest.mark.parametrize(
    ("runtime", "kind"),
    [
        pytest.param(raising(ExecutionTimeoutError(1)), "timeout", id="timeout"),
        pytest.param(raising(GuestError("x")), "runtime", id="guest"),
        pytest.param(raising(WorkersBusyError(1)), "overload", id="busy"),
        pytest.param(raising(OSError("x")), "internal", id="other"),
        pytest.param(answering(400), "response", id="answered-with-error"),
    ],
)
async def test_failures_are_counted_by_kind(store: Store, runtime: FakeRuntime, kind: str) -> None:
    await add_function(store)
    engine = engine_on(store, runtime)

    await engine.execute(request())

    assert engine.metrics.errors == {kind: 1}


async def test_refused_calls_are_counted_without_their_function(store: Store) -> None:
    """Anybody can call unknown functions: they must not become labels (KD-46)."""
    await add_function(store, disabled=True)
    engine = engine_on(store, answering())

    with pytest.raises(FunctionNotFoundError):
        await engine.execute(request("made-up"))
    with pytest.raises(FunctionDisabledError):
        await engine.execute(request())

    found = engine.metrics
    assert found.refused == {"function_not_found": 1, "function_disabled": 1}
    assert (found.ended, found.errors, found.inflight) == ({}, {}, 0)


async def test_executions_under_way_are_known_and_cancelled_ones_are_failures(store: Any) -> None:
    await add_function(store)
    started = asyncio.Event()
    engine = engine_on(store, endless(started))
    task = asyncio.create_task(engine.execute(request()))
    await asyncio.wait_for(started.wait(), 30)
    assert engine.metrics.inflight == 1

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    found = engine.metrics
    assert (found.errors, found.ended, found.inflight) == ({"cancelled": 1}, {}, 0)


@pytest.mark.parametrize(
    ("seconds", "place"),
    [
        pytest.param(0.0, 0, id="none"),
        pytest.param(0.005, 0, id="a-bound-belongs-below"),
        pytest.param(0.0051, 1, id="above"),
        pytest.param(10.0, len(BOUNDS_S) - 1, id="last-bound"),
        pytest.param(11.0, len(BOUNDS_S), id="beyond"),
    ],
)
def test_durations_are_classed(seconds: float, place: int) -> None:
    counted = ExecutionMetrics()

    counted.end(SUCCESS, seconds, None)

    classes = [0] * (len(BOUNDS_S) + 1)
    classes[place] = 1
    assert counted.durations["http"].classes == classes
    assert counted.durations["http"].total_s == seconds


def test_functions_beyond_the_limit_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MAX_FUNCTIONS", 2)
    counted = ExecutionMetrics()

    for number in (1, 2, 3, 4, 3, 1):
        counted.end((f"f{number}", "http", "success"), 0.003, None)

    assert counted.ended == {
        ("f1", "http", "success"): 2,
        ("f2", "http", "success"): 1,
        (OTHER, "http", "success"): 3,
    }
