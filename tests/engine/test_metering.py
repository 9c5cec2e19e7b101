"""What is counted of executions, and that counting changes nothing else."""

import asyncio
from datetime import timedelta

import pytest

from perilune.eager import run_task
from perilune.engine import (
    Caller,
    ExecutionRequest,
    ExecutionResult,
    ExecutionTimeoutError,
    FunctionDisabledError,
    FunctionNotFoundError,
    Running,
    metering,
)
from perilune.engine.metering import BOUNDS_S, OTHER, MeteredEngine
from perilune.events import HTTPEvent
from perilune.runtimes import GuestError, WorkersBusyError
from perilune.store import ExecutionStatus, ExecutionTrigger

EVENT = HTTPEvent(method="GET", path="/", relative_path="/")


class TaskEngine:
    """An engine that executes in a task."""

    async def execute(self, req: ExecutionRequest) -> ExecutionResult:
        raise NotImplementedError

    def begin(self, req: ExecutionRequest, caller: Caller) -> Running:
        def done(ended: ExecutionResult, error: BaseException | None) -> None:
            if error is None:
                caller.ended(ended)
            else:
                caller.refused(error)

        return run_task(self.execute(req), done)


class ScriptedEngine(TaskEngine):
    """Answers, or raises, what it was given."""

    def __init__(self, outcome: ExecutionResult | BaseException) -> None:
        self.outcome = outcome

    async def execute(self, req: ExecutionRequest) -> ExecutionResult:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def request(function_id="f", trigger=ExecutionTrigger.HTTP):
    return ExecutionRequest(function_id=function_id, event=EVENT, trigger=trigger)


def result(seconds=0.003, error=None, status=None):
    failed = ExecutionStatus.ERROR if error else ExecutionStatus.SUCCESS
    return ExecutionResult(
        execution_id="e",
        function_version_id="v",
        response=None,
        duration=timedelta(seconds=seconds),
        status=status or failed,
        error=error,
    )


async def test_executions_are_counted_by_function_trigger_and_status():
    scripted = ScriptedEngine(result())
    engine = MeteredEngine(scripted)

    assert await engine.execute(request()) is scripted.outcome
    await engine.execute(request())
    await engine.execute(request("g", ExecutionTrigger.CRON))
    scripted.outcome = result(error=GuestError("boom"))
    await engine.execute(request())

    assert engine.ended == {
        ("f", "http", "success"): 2,
        ("g", "cron", "success"): 1,
        ("f", "http", "error"): 1,
    }
    assert {type(word) for labels in engine.ended for word in labels} == {str}


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        pytest.param(result(error=ExecutionTimeoutError(1)), "timeout", id="timeout"),
        pytest.param(result(error=GuestError("x")), "runtime", id="guest"),
        pytest.param(result(error=WorkersBusyError(1)), "overload", id="busy"),
        pytest.param(result(error=OSError("x")), "internal", id="other"),
        pytest.param(result(status=ExecutionStatus.ERROR), "response", id="answered-with-error"),
    ],
)
async def test_failures_are_counted_by_kind(outcome, kind):
    engine = MeteredEngine(ScriptedEngine(outcome))

    await engine.execute(request())

    assert engine.errors == {kind: 1}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(FunctionNotFoundError("x"), "function_not_found", id="unknown"),
        pytest.param(FunctionDisabledError("x"), "function_disabled", id="disabled"),
    ],
)
async def test_refused_calls_are_counted_without_their_function(error, code):
    """Anybody can call unknown functions: they must not become labels (KD-46)."""
    engine = MeteredEngine(ScriptedEngine(error))

    with pytest.raises(type(error)):
        await engine.execute(request("made-up"))

    assert engine.refused == {code: 1}
    assert (engine.ended, engine.errors, engine.inflight) == ({}, {}, 0)


async def test_a_cancelled_execution_is_a_failure_and_stays_cancelled():
    engine = MeteredEngine(ScriptedEngine(asyncio.CancelledError()))

    with pytest.raises(asyncio.CancelledError):
        await engine.execute(request())

    assert (engine.errors, engine.inflight) == ({"cancelled": 1}, 0)


async def test_executions_under_way_are_known():
    going_on = asyncio.Event()

    class Slow(TaskEngine):
        async def execute(self, req):
            await going_on.wait()
            return result()

    engine = MeteredEngine(Slow())
    tasks = [asyncio.create_task(engine.execute(request())) for _ in range(3)]
    await asyncio.sleep(0)
    assert engine.inflight == 3

    going_on.set()
    await asyncio.gather(*tasks)

    assert engine.inflight == 0


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
async def test_durations_are_classed(seconds, place):
    engine = MeteredEngine(ScriptedEngine(result(seconds)))

    await engine.execute(request())

    classes = [0] * (len(BOUNDS_S) + 1)
    classes[place] = 1
    assert engine.durations["http"].classes == classes
    assert engine.durations["http"].total_s == seconds


async def test_functions_beyond_the_limit_are_counted_together(monkeypatch):
    monkeypatch.setattr(metering, "MAX_FUNCTIONS", 2)
    engine = MeteredEngine(ScriptedEngine(result()))

    for number in (1, 2, 3, 4, 3, 1):
        await engine.execute(request(f"f{number}"))

    assert engine.ended == {
        ("f1", "http", "success"): 2,
        ("f2", "http", "success"): 1,
        (OTHER, "http", "success"): 3,
    }
