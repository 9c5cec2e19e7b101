"""A call of a function below `/fn/`: one request in, one execution, one answer out.

Callbacks on purpose: what arrives, what the engine says and what can be sent each lead a call
from one state to the next, and most calls need no task, no future and no timer.  Only those that
wait for somebody else first, for a function that is not in memory or for a guard, have a task
meanwhile.
"""

import asyncio
import logging
from collections.abc import Coroutine
from enum import Enum
from functools import partial
from typing import Any

from perilune.api.calls.answers import (
    MILLISECOND,
    WITH_BODY,
    Answer,
    UnsendableResponseError,
    encoded,
    encoded_fields,
    execution_headers,
    function_answer,
    plain_fields,
    with_quota,
)
from perilune.api.calls.endpoint import FunctionEndpoint
from perilune.api.calls.events import (
    MAX_RECENT_BYTES,
    CallTarget,
    build_event,
    hide_credentials,
    mount_of,
    parse_target,
    recent_target,
)
from perilune.api.calls.guards import AuthorizedCall
from perilune.api.calls.lookup import Known
from perilune.api.calls.rate_limit import Quota
from perilune.api.calls.refusals import SERVED, error_answer, not_served, report_refusal
from perilune.api.connections.exchange import Exchange, Opener
from perilune.api.errors import (
    EXECUTION_FAILED,
    INTERNAL,
    NO_RESPONSE,
    NOT_RECORDED,
    ApiError,
    BodyReadError,
    BodyTimeout,
    BodyTooLarge,
    ShuttingDown,
    execution_failure,
    refusal,
)
from perilune.api.headers import REQUEST_ID, usable_request_id
from perilune.eager import Done, Waiting, run_eagerly
from perilune.engine import EngineError, ExecutionRequest, ExecutionResult, Running
from perilune.store import Function

_log = logging.getLogger(__name__)


def open_calls(endpoint: FunctionEndpoint) -> Opener:
    """Return what has functions answer every request, as *endpoint* says."""
    return partial(Call, endpoint)


class _Stage(Enum):
    """What a call is waiting for."""

    TURN = 0
    """The answers to the requests before it."""
    CHECK = 1
    """The function is looked up, or its guards decide, in `_task`."""
    BODY = 2
    EXECUTION = 3
    CANCELLED = 4
    """The end of what has been cancelled."""
    CLIENT = 5
    """To take the answer, which is there."""


_TURN, _CHECK, _BODY, _EXECUTION, _CANCELLED, _CLIENT = _Stage


class Call(Exchange[FunctionEndpoint]):
    """One call: from the head of its request to its answer."""

    _stage = _TURN
    _target: CallTarget
    _given_id = ""
    """The caller's own id of the request; empty when there is none that can be used."""
    _function: Function
    _read_until = 0.0
    _task: Waiting | None = None
    _reader: asyncio.Future[bytes] | None = None
    """Waits for the body on behalf of guards."""
    _quota: Quota | None = None
    _running: Running | None = None

    # What the connection calls

    def start(self) -> None:
        """See `Exchange.start`."""
        if self.is_disconnected:
            self.end()
            return
        try:
            request, endpoint = self.request, self._server
            path = request.raw_path
            target = recent_target(path) if len(path) <= MAX_RECENT_BYTES else parse_target(path)
            if target is None or not (request.method in SERVED or request.method == "OPTIONS"):
                self._respond(not_served(request, None))
                return
            self._target = target
            if request.headers:
                hide_credentials(request.headers, request.multi_headers, endpoint.secret)
                self._given_id = usable_request_id(request.headers.get(REQUEST_ID, ""))
            known = endpoint.functions.peek(target.function)
            if known is None:
                self._ask(endpoint.functions.find(target.function), self._found)
            else:
                self._go_on(known[0], known)
        except Exception as error:
            self._give_up(error)

    def wake(self) -> None:
        """See `Exchange.wake`."""
        if self.has_ended:
            return
        try:
            if self._stage is _BODY:
                self._look_at_body()
            elif self._stage is _CLIENT:
                if self._unsent is not None:
                    self.answer(*self._unsent)
            elif self.is_disconnected:
                self._stop()
        except Exception as error:
            self._give_up(error)

    def cancel(self) -> None:
        """See `Cancellable`."""
        if self._stage is _TURN:
            if not self.is_disconnected:
                self._owner.fail(self, refusal(ShuttingDown()))
        elif self._stage is _BODY and self._reader is None:
            self._end_cancelled()
        elif self._stage is not _CLIENT:
            self._stop()
        elif self._unsent is not None:
            self._owner.close()
            self.end()

    def look(self, now: float) -> None:
        """See `Exchange.look`."""
        if self._stage is _BODY and 0 < self._read_until <= now:
            self._refuse_body(BodyTimeout())

    @property
    def unread(self) -> int:
        """See `Exchange.unread`."""
        return 0 if self._stage is _BODY and self._asked is None else len(self._body)

    # What the engine calls

    def ended(self, result: ExecutionResult) -> None:
        """Answer with what has come of the execution."""
        self._running = None
        self.request_id = self._given_id or result.execution_id
        try:
            response = result.response
            if (
                response is None
                or response.headers
                or response.is_base64_encoded
                or response.status_code not in WITH_BODY
                or result.error is not None
                or not result.recorded
                or self._quota is not None
            ):
                self._answer_in_full(result)
                return
            body = response.body
            if isinstance(body, str):
                body = encoded(body)
            fields = plain_fields(self._function.id, result.function_version_id) % (
                result.execution_id.encode(),
                result.duration // MILLISECOND,
                self.request_id.encode(),
                len(body),
            )
            self._stage = _CLIENT
            self.answer(response.status_code, fields, body)
        except Exception as error:
            self._give_up(error)

    def refused(self, error: BaseException) -> None:
        """Answer that nothing was executed, or not to its end."""
        self._running = None
        if isinstance(error, asyncio.CancelledError):
            self._end_cancelled()
            return
        try:
            if isinstance(error, EngineError):
                report_refusal(self._target.function, error)
            else:
                _log.error("calling function %s failed", self._function.id, exc_info=error)
            self._respond(error_answer(refusal(error), self.request))
        except Exception as fault:
            self._give_up(fault)

    # From one state to the next

    def _ask(self, work: Coroutine[Any, Any, Any], done: Done) -> None:
        """Go on with *done* when somebody else has been asked."""
        self._stage = _CHECK
        self._task = run_eagerly(work, partial(self._resume, done)) or self._task

    def _resume(self, done: Done, result: Any, error: BaseException | None) -> None:
        if self._stage is _CANCELLED:  # maybe too late for the task to notice
            result, error = None, asyncio.CancelledError()
        try:
            done(result, error)
        except Exception as fault:
            self._give_up(fault)

    def _found(self, function: Function | None, error: BaseException | None) -> None:
        """Go on after a look-up that took a while."""
        # Whether a function exists is no matter of a preflight.
        if error is None or (isinstance(error, EngineError) and self.request.method == "OPTIONS"):
            self._go_on(function)
        else:
            self._not_checked(error)

    def _go_on(self, function: Function | None, known: Known | None = None) -> None:
        """Decide about a call whose function was found, with its version; or need not be."""
        request = self.request
        if function is None or (request.method == "OPTIONS" and not function.handles_options):
            self._respond(not_served(request, function))
            return
        self._function = function
        if function.is_guarded:
            guards, read_body = self._server.guards, self._whole_body
            self._ask(guards.authorize(function, request, read_body), self._authorized)
        elif self.is_body_complete and not self._body:
            self._execute(b"", known)
        else:
            self._read(known)

    def _authorized(self, call: AuthorizedCall | None, error: BaseException | None) -> None:
        """Go on after the guards of the function."""
        if call is not None:
            self._quota = call.quota
            self._execute(call.body)
        elif error is not None:
            self._not_checked(error)

    def _not_checked(self, error: BaseException) -> None:
        if isinstance(error, ApiError | EngineError):
            self._refuse(error)
        elif isinstance(error, asyncio.CancelledError):
            self._end_cancelled()
        else:
            self._give_up(error)

    async def _whole_body(self) -> bytes:
        """Return the body.  Raises `ApiError`."""
        self._reader = self._shared.loop.create_future()
        self._read()
        return await self._reader

    def _read(self, known: Known | None = None) -> None:
        """Wait for the body, unless it has arrived."""
        self._stage = _BODY
        limits, declared = self._server.limits, self.request.declared
        if declared is not None and declared > limits.body_bytes:
            self._refuse_body(BodyTooLarge())
            return
        if not self.is_body_complete:
            self._read_until = self._shared.loop.time() + limits.body_timeout_s
            self.ask_for_body()
        self._look_at_body(known)

    def _look_at_body(self, known: Known | None = None) -> None:
        if len(self._body) > self._server.limits.body_bytes:
            self._refuse_body(BodyTooLarge())
        elif self.is_disconnected:
            self._refuse_body(BodyReadError())
        elif self.is_body_complete:
            body, self._body = bytes(self._body), b""
            # So that the end of the connection is noticed.
            self._owner.resume_reading()
            if self._reader is None:
                self._execute(body, known)
            else:
                self._stage = _CHECK
                self._reader.set_result(body)
        elif self.has_room():
            self._owner.resume_reading()

    def _refuse_body(self, error: ApiError) -> None:
        if self._reader is None:
            self._refuse(error)
        else:
            self._stage = _CHECK
            self._reader.set_exception(error)

    def _execute(self, body: bytes, known: Known | None = None) -> None:
        self._stage = _EXECUTION
        running = self._server.engine.begin(
            ExecutionRequest(
                function_id=self._function.id,
                event=build_event(self.request, self._target, body),
                base_url=self._server.base_url,
                request_id=self._given_id,
            ),
            self,
            known,
        )
        if self._stage is _EXECUTION:
            self._running = running

    def _stop(self) -> None:
        """Cancel what the call waits for; the end of that is the end of the call."""
        stage, self._stage = self._stage, _CANCELLED
        if stage is _EXECUTION and self._running is not None:
            self._running.cancel()
        elif stage in (_CHECK, _BODY) and self._task is not None:
            self._task.cancel()
        else:
            self._stage = stage

    def _refuse(self, error: ApiError | EngineError) -> None:
        """Answer a call that is refused before its body was read to the end."""
        self._server.count_refusal(error.code)
        report_refusal(self._target.function, error)
        if "Expect" in self.request.headers:
            # Its client may send the body or not: the next request could not be told from it.
            self.is_last = True
        self._respond(error_answer(refusal(error), self.request))

    def _end_cancelled(self) -> None:
        """End without an answer if the client has gone; otherwise it is the server that goes."""
        self._respond(error_answer(refusal(ShuttingDown()), self.request))

    def _give_up(self, error: BaseException) -> None:
        """End after a fault of the server's own."""
        _log.error("answering a request failed", exc_info=error)
        self._owner.fail(self, INTERNAL)
        self.end()

    # Answers

    def _answer_in_full(self, result: ExecutionResult) -> None:
        """Turn how the execution ended into the answer of `rest-api` 6.5."""
        own = execution_headers(self._function.id, result, self.request_id)
        remarks: list[str] = []
        if not result.recorded:
            answer = error_answer(NOT_RECORDED, self.request, own)
        elif result.error is not None:
            answer = error_answer(execution_failure(result.error), self.request, own)
        elif result.response is None:
            answer = error_answer(NO_RESPONSE, self.request, own)
        else:
            is_trusted = self._function.unsandboxed_html
            try:
                answer = function_answer(
                    result.response,
                    own,
                    self._server.response_names,
                    remarks,
                    mount=None if is_trusted else mount_of(self.request.raw_path),
                )
            except UnsendableResponseError as problem:
                remarks.append(str(problem))
                answer = error_answer(EXECUTION_FAILED, self.request, own)
        if self._quota is not None:
            answer = with_quota(answer, self._quota.headers())
        if remarks:
            self._stage = _CLIENT
            run_eagerly(self._note(result.execution_id, remarks), partial(self._noted, answer))
        else:
            self._respond(answer)

    async def _note(self, execution_id: str, remarks: list[str]) -> None:
        """Say in the execution's log what is not sent as it was."""
        for remark in remarks:
            await self._server.notes.warn(execution_id, remark)

    def _noted(self, answer: Answer, _: None, error: BaseException | None) -> None:
        if error is None:
            self._respond(answer)
        else:
            self._give_up(error)

    def _respond(self, answer: Answer) -> None:
        self._stage = _CLIENT
        self.answer(answer.status, encoded_fields(answer.headers), answer.body)
