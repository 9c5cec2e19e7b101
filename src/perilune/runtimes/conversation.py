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
from perilune.runtimes.workers.versions import Owner
from perilune.worker.frames import (
    Call,
    Failure,
    FrameError,
    FromWorker,
    Invoke,
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

    __slots__ = (
        "_asked_at",
        "_caller",
        "_calls",
        "_event",
        "_frames",
        "_has_left",
        "_host",
        "_is_answering",
        "_is_cold",
        "_is_told",
        "_owner",
        "_pool",
        "_req",
        "_task",
    )

    def __init__(self, host: Host, req: RuntimeRequest, caller: RuntimeCaller) -> None:
        """Prepare it.  Raises `GuestError` for an event that guests can't be given."""
        super().__init__()
        self._host = host
        self._req = req
        self._caller = caller
        self._event = guest_event(req.event)
        self._pool: Pool | None = None
        self._calls: GuestCalls | None = None
        self._frames: deque[FromWorker] = deque()
        """Calls to be answered, in their order; what comes behind them."""
        self._task: Cancellable | None = None
        """What is waited for beside the worker."""
        self._is_cold = False
        self._is_told = self._has_left = self._is_answering = False
        self._asked_at = time.monotonic()

    def begin(self, pool: Pool, owner: Owner) -> None:
        """Ask *pool* for a worker of *owner*."""
        if not self._is_told:
            self._pool, self._owner = pool, owner
            pool.acquire(owner, self)

    def cancel(self) -> None:
        """See `Cancellable`: a worker that runs it is killed."""
        if not self._is_told:
            self._end(asyncio.CancelledError())

    # See `Invocation`

    def placed(self, worker: WorkerProcess) -> None:
        """Send the invocation."""
        req, event = self._req, self._event
        self._is_cold = not worker.has_code
        invoke = Invoke(
            req.version_id,
            None if worker.has_code else req.code,
            guest_context(req.context, event),
            event,
            max(0.0, req.deadline - time.monotonic()),
        )
        if worker.values is not None:
            worker.values.serve(req.context.function_id)
        try:
            try:
                worker.take(self, invoke)
            except UnicodeEncodeError:
                # Header bytes that are not UTF-8 are surrogate escapes here, and bytes in frames.
                worker.take(self, msgspec.structs.replace(invoke, event=as_bytes(event)))
        except NotStartedError:
            self._try_again()
        except FrameError as error:
            self._end(GuestError(f"the event is too large for the worker: {error}"), error)

    def refused(self, error: BaseException) -> None:
        """Tell that there is no worker."""
        if not self._is_told:
            self._is_told = True
            self._caller.failed(error)

    def deliver(self, frame: FromWorker) -> int:
        """Take an outcome, or a call of the guest."""
        if self._is_told:
            return 0
        if not self._is_answering and not isinstance(frame, Call):
            self._conclude(frame)
            return 0
        self._frames.append(frame)
        if not self._is_answering:
            self._go_on()
        return len(self._frames)

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
        self._has_left = False
        self.worker = None
        if self._pool is not None:
            self._pool.acquire(self._owner, self)

    def _go_on(self) -> None:
        self._is_answering = True
        task = run_eagerly(self._answer_calls(), self._answered)
        if task is not None:
            self._task = task

    async def _answer_calls(self) -> FromWorker | None:
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

    def _answered(self, frame: FromWorker | None, error: BaseException | None) -> None:
        self._task, self._is_answering = None, False
        if self._is_told:
            return
        if error is not None:
            self._end(error)
        elif frame is not None:
            self._conclude(frame)
        elif self._frames:
            # They have come since the last one was answered.
            self._go_on()

    def _described(self, failure: RuntimeFailure | None, error: BaseException | None) -> None:
        if not self._is_told:
            self._end(failure or error or WorkerDiedError(BROKE_PROTOCOL))

    def _conclude(self, frame: FromWorker) -> None:
        """Tell the outcome that *frame* has."""
        usage = self._usage(frame)
        if isinstance(frame, Result | Failure) and frame.reads:
            try:
                (self._calls or self._host.calls(self._req)).note_reads(frame.reads)
            except WorkerDiedError as error:
                self._end(error)
                return
        if isinstance(frame, Result):
            self._leave()
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
        elif isinstance(frame, Failure):
            self._end(failure_of(frame, self._req.code, self._owner[1]), usage=usage)
        else:
            self._end(WorkerDiedError(BROKE_PROTOCOL))

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
        if self._pool is not None and not self._has_left:
            self._has_left = True
            self._pool.release(self)

    def _stop_task(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def _usage(self, frame: FromWorker) -> Usage | None:
        worker = self.worker
        if worker is None or not isinstance(frame, Result | Failure):
            return None
        waited_s = time.monotonic() - worker.held_s - self._asked_at
        kib = frame.peak_memory_kib
        return Usage(
            max(0.0, waited_s), self._is_cold, frame.cpu_us, None if kib is None else kib * 1024
        )


def _send(worker: WorkerProcess, reply: Reply) -> None:
    try:
        worker.answer(reply)
    except FrameError:
        worker.answer(Reply("the result is too large for one call; ask for less"))
