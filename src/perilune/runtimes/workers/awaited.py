"""An invocation for which a task waits: of workers that start, and of checks."""

import asyncio
from collections import deque

from perilune.runtimes.contract import RuntimeFailure
from perilune.runtimes.workers.pool import Pool
from perilune.runtimes.workers.process import Invocation, NotStartedError, WorkerProcess
from perilune.runtimes.workers.versions import Version
from perilune.worker.frames import Call, Ending, FromWorker


class AwaitedInvocation(Invocation):
    """Keeps what comes until it is asked for."""

    def __init__(self) -> None:
        self._frames: deque[FromWorker] = deque()
        self._failure: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def place(self, pool: Pool, version: Version) -> WorkerProcess:
        """Wait for a place at a worker of *version*, and return the worker.

        Raises:
            RuntimeFailure: there is none to be had.
        """
        pool.acquire(version, self)
        try:
            while self.worker is None and self._failure is None:
                await self._wait()
        except asyncio.CancelledError:
            pool.release(self)
            raise
        if self._failure is not None or self.worker is None:
            raise self._failure or NotStartedError("no worker")
        return self.worker

    async def receive(self) -> FromWorker:
        """Return the next frame that belongs to this invocation.

        Raises:
            NotStartedError: the worker is gone and never began with it.
            RuntimeFailure: the process ended or broke the protocol.
        """
        while not self._frames:
            if self._failure is not None:
                raise await self._described(self._failure)
            await self._wait()
        frame = self._frames.popleft()
        if not self._frames and self.worker is not None:
            self.worker.go_on()
        return frame

    def placed(self, worker: WorkerProcess) -> None:
        """See `Invocation.placed`."""
        self.worker = worker
        self._wake()

    def refused(self, error: BaseException) -> None:
        """See `Invocation.refused`."""
        self._failure = error
        self._wake()

    def called(self, call: Call) -> int:
        """See `Invocation.called`."""
        self._frames.append(call)
        self._wake()
        return len(self._frames)

    def ended(self, frame: Ending) -> None:
        """See `Invocation.ended`."""
        self._frames.append(frame)
        self._wake()

    def fail(self, failure: RuntimeFailure) -> None:
        """See `Invocation.fail`."""
        if self._failure is None:
            self._failure = failure
        self._wake()

    async def _described(self, failure: BaseException) -> BaseException:
        worker = self.worker
        if worker is None or not worker.has_ended_by_itself:
            return failure
        if isinstance(failure, NotStartedError) or not isinstance(failure, RuntimeFailure):
            return failure
        return await worker.describe(failure)

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
