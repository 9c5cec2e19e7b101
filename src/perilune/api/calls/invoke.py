"""The endpoint below `/fn/`: one HTTP request in, one execution, one answer out.

Raw ASGI on purpose: a framework's request and response objects would cost more
than everything else the server does for a short execution.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.types import Receive, Scope, Send

from perilune.api.body import read_body
from perilune.api.calls.answers import (
    CORS_DEFAULTS,
    CORS_ORIGIN,
    Answer,
    Headers,
    UnsendableResponseError,
    execution_headers,
    function_answer,
    with_quota,
)
from perilune.api.calls.events import (
    CallHead,
    CallTarget,
    SecretHolder,
    build_event,
    mount_of,
    parse_head,
    parse_target,
)
from perilune.api.calls.guards import AuthorizedCall, Guards, allow_header
from perilune.api.calls.lookup import FunctionLookup, FunctionRecords
from perilune.api.calls.watch import CallWatch, WatchedCall
from perilune.api.connections.cycle import CLOSE
from perilune.api.connections.protocol import ANSWER_AT_ONCE
from perilune.api.error_answer import ErrorAnswer
from perilune.api.errors import (
    EXECUTION_FAILED,
    NO_RESPONSE,
    NOT_RECORDED,
    ApiError,
    BodyTimeout,
    MethodNotAllowed,
    ShuttingDown,
    SignatureRefused,
    execution_failure,
    refusal,
)
from perilune.api.headers import RequestNames, ResponseNames
from perilune.api.replies import error_content
from perilune.engine import (
    Engine,
    EngineError,
    EventSerializationError,
    ExecutionRecordError,
    ExecutionRequest,
    ExecutionResult,
    StorageUnavailableError,
)
from perilune.services.logger import Logger
from perilune.store import Function, StoreError, StoreUnavailable

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
DEFAULT_ALLOWED_HEADERS = b"Content-Type, Authorization"
PREFLIGHT_MAX_AGE_S = 600

_SERVED = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_NO_FUNCTION = ErrorAnswer(404, "Function not found", code="function_not_found")
_FAULTS = (EventSerializationError, ExecutionRecordError, StorageUnavailableError)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """What a call of a function may bring along."""

    body_bytes: int = 6 * 1024 * 1024
    body_timeout_s: float = 30.0


class FunctionEndpoint:
    """Serves `/fn/{function}` and `/fn/{function}/{path...}`, by id or address, as ASGI does."""

    def __init__(
        self,
        engine: Engine,
        *,
        functions: FunctionRecords,
        guards: Guards,
        secret: SecretHolder,
        notes: Logger,
        count_refusal: Callable[[str], None] = lambda _: None,
        base_url: str = "",
        limits: CallLimits | None = None,
    ) -> None:
        self._engine = engine
        self._functions = FunctionLookup(functions)
        self._guards = guards
        self._secret = secret
        self._notes = notes
        self._count_refusal = count_refusal
        self._base_url = base_url
        self._limits = limits or CallLimits()
        self._watch = CallWatch(self._limits.body_timeout_s)
        self._request_names = RequestNames()
        self._response_names = ResponseNames()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        target = parse_target(scope)
        if target is None or scope["method"] not in _SERVED:
            function = await self._asked_for_options(scope, target)
            if target is None or function is None or not function.handles_options:
                await _send(scope, send, _not_served(scope, function))
                return
        head = parse_head(scope["headers"], self._request_names, self._secret)
        call = self._watch.enter(receive)
        try:
            answer = await self._call(scope, target, head, call)
        except asyncio.CancelledError:
            # The engine has closed the record.  Nobody is left to answer, or the server ends.
            if call.is_abandoned:
                return
            answer = _error(refusal(ShuttingDown()), scope)
        finally:
            self._watch.leave(call)
        await _send(scope, send, answer)

    async def _call(
        self, scope: Scope, target: CallTarget, head: CallHead, call: WatchedCall
    ) -> Answer:
        """Check, read the body, execute, and turn whatever comes of it into an answer."""
        quota = None
        try:
            function = self._functions.peek(target.function)
            if function is None:
                function = await self._functions.find(target.function)
            if function.is_guarded:
                body, quota = await self._authorize(function, scope, head, call)
            else:
                body = await self._body(head, call)
        except (ApiError, EngineError) as error:
            self._count_refusal(error.code)
            _report_refusal(target.function, error)
            return _early_refusal(error, scope, head)
        call.is_reading = False
        try:
            result = await self._engine.execute(
                ExecutionRequest(
                    function_id=function.id,
                    event=build_event(scope, target, head, body),
                    base_url=self._base_url,
                    request_id=head.request_id,
                )
            )
        except EngineError as error:
            _report_refusal(target.function, error)
            return _error(refusal(error), scope)
        except Exception as error:
            _log.exception("calling function %s failed", function.id)
            return _error(refusal(error), scope)
        answer = await self._answer(function, result, scope, head)
        return answer if quota is None else with_quota(answer, quota.headers())

    async def _authorize(
        self, function: Function, scope: Scope, head: CallHead, call: WatchedCall
    ) -> AuthorizedCall:
        try:
            return await self._guards.authorize(
                function, scope, head, partial(self._body, head, call)
            )
        except StoreError as error:
            raise StorageUnavailableError(error) from error

    async def _asked_for_options(self, scope: Scope, target: CallTarget | None) -> Function | None:
        """Return the function that an OPTIONS request is about, if there is one."""
        if scope["method"] != "OPTIONS" or target is None:
            return None
        try:
            return await self._functions.find(target.function)
        except EngineError:
            # Whether a function exists is no matter of a preflight.
            return None

    async def _body(self, head: CallHead, call: WatchedCall) -> bytes:
        declared = head.headers.get("Content-Length", "")
        if not head.is_chunked and (not declared or declared == "0"):
            return b""
        try:
            return await read_body(call.receive, limit=self._limits.body_bytes, declared=declared)
        except asyncio.CancelledError:
            if not call.is_late:
                raise
            call.task.uncancel()
            raise BodyTimeout from None

    async def _answer(
        self, function: Function, result: ExecutionResult, scope: Scope, head: CallHead
    ) -> Answer:
        """Turn how the execution ended into the answer of `rest-api` 6.5."""
        own = execution_headers(function.id, result, head.request_id)
        if not result.recorded:
            return _error(NOT_RECORDED, scope, own)
        if result.error is not None:
            return _error(execution_failure(result.error), scope, own)
        if result.response is None:
            return _error(NO_RESPONSE, scope, own)
        remarks: list[str] = []
        try:
            answer = function_answer(
                result.response,
                own,
                self._response_names,
                remarks,
                mount=None if function.unsandboxed_html else mount_of(scope["raw_path"]),
            )
        except UnsendableResponseError as problem:
            remarks.append(str(problem))
            answer = _error(EXECUTION_FAILED, scope, own)
        for remark in remarks:
            await self._notes.warn(result.execution_id, remark)
        return answer


def _error(error: ErrorAnswer, scope: Scope, own: Headers | None = None) -> Answer:
    body, media_type = error_content(error, scope)
    headers = [
        (b"content-type", media_type),
        (b"content-length", b"%d" % len(body)),
        *error.headers,
        *(own or ()),
        *CORS_DEFAULTS,
    ]
    return Answer(error.status, headers, body)


def _not_served(scope: Scope, function: Function | None) -> Answer:
    """Answer what reaches no function: a preflight, another method, a path without id."""
    if scope["method"] == "OPTIONS":
        return _preflight(scope, function)
    if scope["method"] not in _SERVED:
        return _error(refusal(MethodNotAllowed(METHODS)), scope)
    return _error(_NO_FUNCTION, scope)


def _early_refusal(error: ApiError | EngineError, scope: Scope, head: CallHead) -> Answer:
    """Answer a call that is refused before its body was read to the end."""
    answer = _error(refusal(error), scope)
    if "Expect" in head.headers:
        # The client may now send its body or not, so the next request could not be told from it.
        answer.headers.append(CLOSE)
    return answer


def _preflight(scope: Scope, function: Function | None) -> Answer:
    """Allow everything that a browser asks for, and the function serves (KD-08)."""
    wanted = DEFAULT_ALLOWED_HEADERS
    for name, value in scope["headers"]:
        if name == b"access-control-request-headers" and value:
            wanted = value
    methods = METHODS.encode()
    if function is not None and function.allowed_methods is not None:
        methods = allow_header(function.allowed_methods).encode()
    headers = [
        CORS_ORIGIN,
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", wanted),
        (b"access-control-max-age", b"%d" % PREFLIGHT_MAX_AGE_S),
        (b"allow", methods),
        (b"vary", b"Access-Control-Request-Headers"),
    ]
    return Answer(204, headers, b"")


def _report_refusal(function: str, error: ApiError | EngineError) -> None:
    if isinstance(error, _FAULTS):
        # Where in the program a failing disk was met first says nothing.
        is_outage = isinstance(error.__cause__, StoreUnavailable)
        shown = None if is_outage else error
        _log.error("function %s was not called: %s", function[:100], error, exc_info=shown)
    elif isinstance(error, SignatureRefused):
        _log.info("function %s was not called: %s, %s", function[:100], error.code, error.reason)
    else:
        _log.info("function %s was not called: %s", function[:100], error.code)


async def _send(scope: Scope, send: Send, answer: Answer) -> None:
    status, headers, body = answer
    at_once = scope.get("extensions", {}).get(ANSWER_AT_ONCE)
    if at_once is not None and at_once(status, headers, b"" if scope["method"] == "HEAD" else body):
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
