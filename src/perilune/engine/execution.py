"""One execution as a state machine: what has become of it, and what comes next.  No I/O.

It asks its driver for what takes I/O, and is told by its methods how that went.  Each may be
called at any time, and does nothing where it is not what the execution waits for.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from enum import Enum, auto
from typing import Protocol

from perilune.clock import MonotonicClock, WallClock
from perilune.engine.deadlines import Deadlines, Limits
from perilune.engine.errors import (
    ExecutionRecordError,
    ExecutionTimeoutError,
    FunctionBusyError,
    FunctionNotFoundError,
    VersionNotFoundError,
)
from perilune.engine.stored_copies import StoredEvent
from perilune.engine.types import Caller, ExecutionRequest, ExecutionResult
from perilune.events import HTTPResponse
from perilune.runtimes import Cancellable, Usage
from perilune.store import Execution as ExecutionRecord
from perilune.store import (
    ExecutionStatus,
    Function,
    FunctionNotFound,
    FunctionVersion,
    Outcome,
    VersionNotFound,
)

CLOSING_LIMIT_S = 5.0
"""Longest time that a caller waits for the closed record after the end of its execution."""

CANCELLED, CANCELLED_KIND = "execution cancelled", "cancelled"
NOT_MASKED = "[the message is missing: the execution was cancelled before it was masked]"


class Step(Enum):
    """What an execution waits for."""

    FINDING = auto()
    """The function and the version."""
    COPYING = auto()
    """The masked copy of the event."""
    OPENING = auto()
    """The record, which is on its way to the disk."""
    RUNNING = auto()
    """The code."""
    DESCRIBING = auto()
    """The masked copies of what the code has answered, or of why it failed."""
    CLOSING = auto()
    """The closed record, which is on its way to the disk."""
    OVER = auto()
    """Nothing; the caller has been told."""


FINDING, COPYING, OPENING, RUNNING, DESCRIBING, CLOSING, OVER = Step


class Driver(Protocol):
    """Does for executions what takes I/O, and tells them how it went, maybe at once."""

    deadlines: Deadlines
    time_limit_s: float
    """How long code may run, if its function does not say less."""
    now: MonotonicClock
    clock: WallClock
    new_id: Callable[[], str]

    def look_up(self, execution: "Execution") -> None:
        """Find function and version, both fit to be executed; then call `looked_up`."""
        ...

    def take_slot(self, execution: "Execution") -> None:
        """Count it among those of its function.  Raises `FunctionBusyError`."""
        ...

    def copy_event(self, execution: "Execution") -> None:
        """Make the copy of the event that is stored; then call `copied`."""
        ...

    def open_record(self, execution: "Execution") -> None:
        """Write the pending record; then call `recorded`."""
        ...

    def run(self, execution: "Execution") -> Cancellable:
        """Run the code; then call `answered` or `failed`."""
        ...

    def describe(self, execution: "Execution") -> None:
        """Make the copies of response and error that are stored; then call `described`."""
        ...

    def close_record(self, execution: "Execution", outcome: Outcome) -> None:
        """Write the outcome; then call `closed`."""
        ...

    def keep(self, execution: "Execution", outcome: Outcome, failure: Exception) -> None:
        """Write the outcome as soon as the store takes it; then call `settled`."""
        ...

    def give_up(self, execution: "Execution", outcome: Outcome) -> None:
        """Keep the outcome, if that is not done already; nobody waits for it any more."""
        ...

    def leave(self, execution: "Execution", error: BaseException | None) -> None:
        """Forget what was only kept for the time that the execution took, and count it.

        *error* is why it was refused or cancelled.
        """
        ...


class Execution:
    """One execution, from the request to the answer."""

    id = ""
    started_at = 0
    has_slot = has_run = is_second_look = is_cancelled = is_late = False
    function: Function
    version: FunctionVersion
    stored: StoredEvent
    """What the record has of the event."""
    record: ExecutionRecord
    """As it was opened."""
    running: Cancellable | None = None
    """What `cancel` stops, while it is waited for."""
    timeout_s: float
    limits: Limits
    """Where it is as long as there is a limit to what it waits for."""
    duration_s: float | None = None
    response: HTTPResponse | None = None
    error: BaseException | None = None
    usage: Usage | None = None
    status = ExecutionStatus.PENDING
    outcome: Outcome | None = None

    def __init__(self, driver: Driver, request: ExecutionRequest, caller: Caller) -> None:
        self.driver = driver
        self.request = request
        self.caller = caller
        self.step = FINDING
        self.started = driver.now()

    # What happens

    def looked_up(
        self, found: tuple[Function, FunctionVersion] | None, error: BaseException | None
    ) -> None:
        """Function and version have been found, or can't be executed."""
        if self.step is not FINDING:
            return
        if found is None:
            self._refuse(error or asyncio.CancelledError())
            return
        self.function, self.version = found
        if self.is_second_look:
            self._open()
            return
        if self.function.max_concurrency is not None:
            try:
                self.driver.take_slot(self)
            except FunctionBusyError as busy:
                self._refuse(busy)
                return
            self.has_slot = True
        self.id = self.request.execution_id or self.driver.new_id()
        self.started_at = int(self.driver.clock())
        self.step = COPYING
        self.driver.copy_event(self)

    def copied(self, stored: StoredEvent | None, error: BaseException | None) -> None:
        """There is a copy of the event, or there can be none."""
        if self.step is not COPYING:
            return
        if stored is None:
            self._refuse(error or asyncio.CancelledError())
            return
        self.stored = stored
        self._open()

    def recorded(self, error: Exception | None) -> None:
        """The record is on the disk, or the store has refused it."""
        if self.step is not OPENING:
            return
        if error is not None:
            self._not_recorded(error)
            return
        if self.is_cancelled:
            self._close_cancelled()
            return
        driver, own_limit_s = self.driver, self.function.timeout_s
        limit_s = driver.time_limit_s
        if own_limit_s is not None and own_limit_s < limit_s:
            limit_s = float(own_limit_s)
        self.has_run = True
        self.step = RUNNING
        self.timeout_s = limit_s
        self.limits = driver.deadlines.start(self, limit_s)
        running = driver.run(self)
        if self.step is RUNNING:
            self.running = running

    def answered(self, response: HTTPResponse | None, usage: Usage | None = None) -> None:
        """The code has ended well."""
        if self.step is RUNNING:
            self._ran(response, None, usage)

    def failed(self, error: BaseException, usage: Usage | None = None) -> None:
        """The code has failed, or was stopped."""
        if self.step is not RUNNING:
            return
        is_stopped = isinstance(error, asyncio.CancelledError)
        if self.is_cancelled or (is_stopped and not self.is_late):
            self.is_cancelled, self.usage = True, usage
            self._close_cancelled()
        else:
            self._ran(None, ExecutionTimeoutError(self.timeout_s) if self.is_late else error, usage)

    def described(
        self, copies: tuple[str | None, str | None] | None, error: BaseException | None
    ) -> None:
        """There are copies of the response and of the error's message; *error*: there are none."""
        if self.step is DESCRIBING:
            response_json, message = copies or (None, NOT_MASKED)
            self._close(response_json, message)

    def closed(self, error: Exception | None) -> None:
        """The outcome is on the disk, or could not be written yet."""
        if self.step is not CLOSING or self.outcome is None:
            return
        if error is None:
            self._over(is_recorded=True)
        else:
            self.driver.keep(self, self.outcome, error)

    def settled(self, is_closed: bool) -> None:
        """The outcome that was kept has been written, or never can be."""
        if self.step is CLOSING:
            self._over(is_recorded=is_closed)

    def late(self) -> None:
        """The code has run for too long; or the store has taken too long for the outcome."""
        if self.step is RUNNING and not (self.is_late or self.is_cancelled):
            self.is_late = True
            self._stop()
        elif self.step is CLOSING and self.outcome is not None:
            self.driver.give_up(self, self.outcome)
            self._over(is_recorded=False)

    def cancel(self) -> None:
        """Nobody wants it any more: nothing further is begun, and the record is closed."""
        if self.is_cancelled or self.step is OVER:
            return
        self.is_cancelled = True
        if self.step is FINDING or self.step is COPYING:
            self._stop()
            self._refuse(asyncio.CancelledError())
        elif self.step is RUNNING:
            if not self.is_late:
                self._stop()
        elif self.step is DESCRIBING:
            # The function has done its work; only what was still to be said of it is given up.
            self._stop()
            self._close(None, None if self.error is None else NOT_MASKED)
        # What is on its way to the disk is waited for.

    # What follows

    def _open(self) -> None:
        self.running = None
        self.step = OPENING
        self.driver.open_record(self)

    def _not_recorded(self, error: Exception) -> None:
        if self.is_cancelled:
            self._refuse(asyncio.CancelledError())
        elif isinstance(error, VersionNotFound):
            if self.request.version_id or self.is_second_look:
                self._refuse(VersionNotFoundError(self.version.id), error)
                return
            # It was replaced and deleted meanwhile: whatever is active now is what was meant.
            self.is_second_look = True
            self.step = FINDING
            self.driver.look_up(self)
        elif isinstance(error, FunctionNotFound):
            self._refuse(FunctionNotFoundError(self.request.function_id), error)
        else:
            self._refuse(ExecutionRecordError(error), error)

    def _stop(self) -> None:
        running, self.running = self.running, None
        if running is not None:
            running.cancel()

    def _ran(
        self, response: HTTPResponse | None, error: BaseException | None, usage: Usage | None
    ) -> None:
        self.limits.pop(self, None)
        self.duration_s = self.driver.now() - self.started
        self.response, self.error, self.usage = response, error, usage
        is_failure = error is not None or (response is not None and response.status_code >= 400)
        self.status = ExecutionStatus.ERROR if is_failure else ExecutionStatus.SUCCESS
        is_copied = response is not None and self.function.save_response
        if self.is_cancelled or (error is None and not is_copied):
            self._close(None, None if error is None else NOT_MASKED)
            return
        self.running = None
        self.step = DESCRIBING
        self.driver.describe(self)

    def _close_cancelled(self) -> None:
        if self.step is RUNNING:
            self.limits.pop(self, None)
            self.duration_s = self.driver.now() - self.started
        self.status = ExecutionStatus.ERROR
        self._close(None, CANCELLED, CANCELLED_KIND)

    def _close(
        self, response_json: str | None, message: str | None, kind: str | None = None
    ) -> None:
        self.running = None
        if kind is None and self.error is not None:
            kind = getattr(self.error, "error_kind", "internal")
        duration_s, response, usage = self.duration_s, self.response, self.usage
        self.outcome = Outcome(
            execution_id=self.id,
            status=self.status,
            duration_ms=None if duration_s is None else int(duration_s * 1000),
            http_status=None if response is None else response.status_code or 200,
            response_bytes=None if response is None else response.content_length,
            queue_ms=None if usage is None else int(usage.queue_s * 1000),
            cold_start=None if usage is None else usage.is_cold,
            cpu_us=None if usage is None else usage.cpu_us,
            peak_memory_bytes=None if usage is None else usage.peak_bytes,
            error_kind=kind,
            error_message=message,
            response_json=response_json,
        )
        self.step = CLOSING
        self.limits = self.driver.deadlines.start(self, CLOSING_LIMIT_S)
        self.driver.close_record(self, self.outcome)

    def _over(self, *, is_recorded: bool) -> None:
        self.limits.pop(self, None)
        self.step = OVER
        if self.is_cancelled:
            cancelled = asyncio.CancelledError()
            self.driver.leave(self, cancelled)
            self.caller.refused(cancelled)
            return
        self.driver.leave(self, None)
        self.caller.ended(
            ExecutionResult(
                execution_id=self.id,
                function_version_id=self.version.id,
                response=self.response,
                duration=timedelta(seconds=self.duration_s or 0.0),
                status=self.status,
                error=self.error,
                recorded=is_recorded,
            )
        )

    def _refuse(self, error: BaseException, cause: BaseException | None = None) -> None:
        if cause is not None:
            error.__cause__ = cause
        self.step = OVER
        self.driver.leave(self, error)
        self.caller.refused(error)
