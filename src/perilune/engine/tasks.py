"""Executions in tasks of their own, for engines that only have `execute`."""

import asyncio
from functools import partial

from perilune.engine.types import Caller, Engine, ExecutionRequest, ExecutionResult, Running

_running: set[asyncio.Task[ExecutionResult]] = set()
"""The loop itself would not keep them."""


def begin_task(engine: Engine, req: ExecutionRequest, caller: Caller) -> Running:
    """Execute *req* with *engine* in a task, and tell *caller* how it ended."""
    task = asyncio.get_running_loop().create_task(_execute(engine, req))
    _running.add(task)
    task.add_done_callback(partial(_tell, caller))
    return _Task(task)


class _Task:
    """The task of one execution."""

    def __init__(self, task: asyncio.Task[ExecutionResult]) -> None:
        self._task = task

    def cancel(self) -> None:
        """See `Running.cancel`."""
        self._task.cancel()


async def _execute(engine: Engine, req: ExecutionRequest) -> ExecutionResult:
    return await engine.execute(req)


def _tell(caller: Caller, task: asyncio.Task[ExecutionResult]) -> None:
    _running.discard(task)
    if task.cancelled():
        caller.refused(asyncio.CancelledError())
    elif (error := task.exception()) is not None:
        caller.refused(error)
    else:
        caller.ended(task.result())
