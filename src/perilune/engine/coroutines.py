"""Stores, runtimes and callers that have coroutines, for executions, which have callbacks."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from perilune.eager import run_task, settle
from perilune.engine.types import ExecutionResult, Running
from perilune.runtimes import Cancellable, Runtime, RuntimeCaller, RuntimeRequest, RuntimeResult
from perilune.store import (
    Execution,
    ExecutionStore,
    Function,
    FunctionVersion,
    Outcome,
    RecordDone,
)


class CoroutineRecords:
    """`ExecutionRecords` of a store that has only what `ExecutionStore` says."""

    def __init__(self, db: ExecutionStore) -> None:
        """Keep records in *db*."""
        self._db = db

    def peek(self, _function_id: str) -> tuple[Function, FunctionVersion] | None:
        """Know nothing without a look-up."""
        return None

    def open(self, execution: Execution, done: RecordDone) -> None:
        """See `ExecutionRecords.open`."""
        _run(self._db.create_execution(execution), done)

    def close(self, _execution: Execution, outcome: Outcome, done: RecordDone) -> None:
        """See `ExecutionRecords.close`; with all that is known where the store takes it."""
        close_whole = getattr(self._db, "close_execution", None)
        if close_whole is not None:
            _run(close_whole(outcome), done)
            return
        _run(
            self._db.update_execution(
                outcome.execution_id,
                outcome.status,
                outcome.duration_ms,
                outcome.error_message,
                outcome.response_json,
                outcome.error_kind,
            ),
            done,
        )


class CoroutineRuntime:
    """`CallbackRuntime` of a runtime that has only `execute`."""

    def __init__(self, runtime: Runtime) -> None:
        """Run code with *runtime*."""
        self._runtime = runtime

    def begin(self, req: RuntimeRequest, caller: RuntimeCaller) -> Cancellable:
        """See `CallbackRuntime.begin`."""

        def done(result: RuntimeResult | None, error: BaseException | None) -> None:
            if error is not None:
                caller.failed(error)
            else:
                caller.answered(None if result is None else result.response)

        return run_task(self._runtime.execute(req), done)


class WaitingCaller:
    """Waits for one execution in a task."""

    def __init__(self) -> None:
        self._future: asyncio.Future[ExecutionResult] = asyncio.get_running_loop().create_future()
        self._is_told = False

    def ended(self, result: ExecutionResult) -> None:
        """See `Caller.ended`."""
        self._is_told = True
        settle(self._future, result, None)

    def refused(self, error: BaseException) -> None:
        """See `Caller.refused`."""
        self._is_told = True
        settle(self._future, None, error)

    async def wait(self, running: Running) -> ExecutionResult:
        """Return the result of *running*, which is cancelled when the task is.

        Raises:
            EngineError: it was refused.
            CancelledError: it was cancelled, and its record is closed.
        """
        try:
            return await self._future
        except asyncio.CancelledError:
            if not self._is_told:
                self._future = asyncio.get_running_loop().create_future()
                running.cancel()
                await asyncio.wait([self._future])
                with suppress(BaseException):
                    self._future.result()
            raise


def _run(work: Coroutine[Any, Any, object], done: RecordDone) -> None:
    def tell(_: object, error: BaseException | None) -> None:
        if error is None or isinstance(error, Exception):
            done(error)
        else:
            done(RuntimeError(f"the store was stopped: {error!r}"))

    run_task(work, tell)
