"""One execution in a worker: the invocation, the guest's calls to the host, the outcome."""

import asyncio
import time
from collections import deque
from typing import Protocol

import msgspec

from perilune.eager import run_eagerly, run_task
from perilune.events import HTTPResponse
from perilune.runtimes.contract import (
    Cancellable,
    GuestError,
    RuntimeCaller,
    RuntimeFailure,
    RuntimeRequest,
    Usage,
    WorkerDiedError,
)
from perilune.runtimes.guest.calls import GuestCalls
from perilune.runtimes.guest.values import as_bytes, guest_context, guest_event
from perilune.runtimes.limits import WorkerLimits
from perilune.runtimes.outcomes import failure_of, response_of
from perilune.runtimes.workers.pool import Pool
from perilune.runtimes.workers.process import Invocation, NotStartedError, WorkerProcess
from perilune.runtimes.workers.versions import Version
from perilune.worker.frames import (
    Call,
    Ending,
    Failure,
    FrameError,
    FromWorker,
    Invoke,
    Ready,
    Reply,
    Result,
)

BROKE_PROTOCOL = "the worker broke the protocol and was stopped"


class Host(Protocol):
    """What a conversation needs of the runtime."""

    limits: WorkerLimits

    def calls(self, req: RuntimeRequest) -> GuestCalls:
        """Return what answers the guest's calls."""
        ...

    async def note_warnings(self, req: RuntimeRequest, frame: Result) -> None:
        """Log what the guest's response was warned about."""
        ...


class Conversation(Invocation):
    """Sends the invocation and answers the worker's calls until there is an outcome."""

    _pool: Pool
    _version: Version
    _calls: GuestCalls | None = None
    _frames: deque[FromWorker]
    """Calls to be answered, in their order; what comes behind them."""
    _task: Cancellable | None = None
    """What is waited for beside the worker."""
    _is_cold = _is_told = _is_answering = False
    _is_in_pool = False
    """Whether it has a place at a worker, or waits for one."""

    def __init__(self, host: Host, req: RuntimeRequest, caller: RuntimeCaller) -> None:
        self._host = host
        self._req = req
        self._caller = caller
        self._asked_at = time.monotonic()

    def begin(self, pool: Pool, version: Version) -> None:
        """Ask *pool* for a worker of *version*."""
        if not self._is_told:
            self._pool, self._version, self._is_in_pool = pool, version, True
            pool.acquire(version, self)

    def cancel(self) -> None:
        """See `Cancellable`: a worker that runs it is killed."""
        if not self._is_told:
            self._end(asyncio.CancelledError())

    # See `Invocation`

    def placed(self, worker: WorkerProcess) -> None:
        """Send the invocation."""
        self.worker = worker
        req, is_cold, values = self._req, not worker.has_code, worker.values
        context, event = req.context, req.event
        self._is_cold = is_cold
        time_left_s = req.deadline - time.monotonic()
        invoke = Invoke(
            req.version_id,
            req.code if is_cold else None,
            guest_context(context, event),
            guest_event(event),
            time_left_s if time_left_s > 0.0 else 0.0,
        )
        if values is not None and values.function_id != context.function_id:
            values.serve(context.function_id)
        try:
            try:
                worker.take(self, invoke)
            except UnicodeEncodeError:
                # Header bytes that are not UTF-8 are surrogate escapes here, and bytes in frames.
                worker.take(self, msgspec.structs.replace(invoke, event=as_bytes(invoke.event)))
        except NotStartedError:
            self._try_again()
        except FrameError as error:
            self._end(GuestError(f"the event is too large for the worker: {error}"), error)

    def refused(self, error: BaseException) -> None:
        """Tell that there is no worker."""
        if not self._is_told:
            self._is_told = True
            self._caller.failed(error)

    def called(self, call: Call) -> int:
        """Take a call of the guest."""
        if self._is_told:
            return 0
        if self._is_answering:
            self._frames.append(call)
        else:
            self._frames = deque([call])
            self._go_on()
        return len(self._frames)

    def ended(self, frame: Ending) -> None:
        """Tell the outcome, when all calls before it have been answered."""
        worker = self.worker
        if self._is_told:
            return
        if self._is_answering:
            self._frames.append(frame)
            return
        if worker is None or isinstance(frame, Ready):
            self._end(WorkerDiedError(BROKE_PROTOCOL))
            return
        if frame.reads and not self._note_reads(frame.reads):
            return
        queue_s, kib = worker.begun_at - worker.held_s - self._asked_at, frame.peak_memory_kib
        usage = Usage(
            queue_s if queue_s > 0.0 else 0.0,
            self._is_cold,
            frame.cpu_us,
            None if kib is None else kib * 1024,
        )
        if isinstance(frame, Failure):
            self._end(failure_of(frame, self._req.code, self._version.kind), usage=usage)
            return
        self._is_in_pool = False
        self._pool.release(self)
        try:
            response = response_of(frame, self._host.limits)
        except GuestError as error:
            self._end(error, usage=usage)
            return
        if frame.warnings:
            noted = self._host.note_warnings(self._req, frame)
            self._task = run_eagerly(noted, lambda _, __: self._tell(response, usage))
        else:
            self._is_told = True
            self._caller.answered(response, usage)

    def fail(self, failure: RuntimeFailure) -> None:
        """Look for another worker, or tell what has become of this one."""
        if self._is_told:
            return
        if isinstance(failure, NotStartedError):
            self._try_again()
        elif self.worker is not None and self.worker.has_ended_by_itself:
            self._stop_task()
            self._task = run_task(self.worker.describe(failure), self._described)
        else:
            self._end(failure)

    # How

    def _try_again(self) -> None:
        self._leave()
        self.is_started = self.is_over = self.is_abandoned = False
        self.worker = None
        # Its version may have been forgotten with its last worker.
        self.begin(self._pool, self._pool.version(self._version.owner, self._version.kind))

    def _go_on(self) -> None:
        self._is_answering = True
        task = run_eagerly(self._answer_calls(), self._answered)
        if task is not None:
            self._task = task

    async def _answer_calls(self) -> Ending | None:
        """Answer the calls that wait, and return what comes behind them, if there is something."""
        worker = self.worker
        if worker is None:
            return None
        if self._calls is None:
            self._calls = self._host.calls(self._req)
            self._calls.show_values_in(worker.values)
        while self._frames and not self._is_told:
            frame = self._frames.popleft()
            if not self._frames:
                worker.go_on()
            if not isinstance(frame, Call):
                return frame
            reply = await self._calls.answer(frame)
            if reply is not None:
                _send(worker, reply)
                if worker.is_clogged:
                    await worker.drained()
        return None

    def _answered(self, frame: Ending | None, error: BaseException | None) -> None:
        self._task, self._is_answering = None, False
        if self._is_told:
            return
        if error is not None:
            self._end(error)
        elif frame is not None:
            self.ended(frame)
        elif self._frames:
            # They have come since the last one was answered.
            self._go_on()

    def _described(self, failure: RuntimeFailure | None, error: BaseException | None) -> None:
        if not self._is_told:
            self._end(failure or error or WorkerDiedError(BROKE_PROTOCOL))

    def _note_reads(self, number: int) -> bool:
        """Count what was read from shared memory; False if that can't be, and all is told."""
        try:
            (self._calls or self._host.calls(self._req)).note_reads(number)
        except WorkerDiedError as error:
            self._end(error)
            return False
        return True

    def _tell(self, response: HTTPResponse, usage: Usage | None) -> None:
        if not self._is_told:
            self._is_told = True
            self._caller.answered(response, usage)

    def _end(
        self,
        error: BaseException,
        cause: BaseException | None = None,
        usage: Usage | None = None,
    ) -> None:
        """Tell that there is no response; a worker that is busy with it is killed."""
        self._is_told = True
        self._stop_task()
        if cause is not None:
            error.__cause__ = cause
        if isinstance(error, WorkerDiedError) and self.worker is not None:
            # Whatever outcome came with it: who breaks the protocol is not used again.
            self.worker.kill()
        self._leave()
        self._caller.failed(error, usage)

    def _leave(self) -> None:
        """Give the place back, or cease to wait for one."""
        if self._is_in_pool:
            self._is_in_pool = False
            self._pool.release(self)

    def _stop_task(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()


def _send(worker: WorkerProcess, reply: Reply) -> None:
    try:
        worker.answer(reply)
    except FrameError:
        worker.answer(Reply("the result is too large for one call; ask for less"))
