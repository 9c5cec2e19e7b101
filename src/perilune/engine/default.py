"""The engine that ships: look up, check, record, run, measure, close the record."""

import asyncio
import hashlib
import logging
from datetime import timedelta
from typing import cast

from msgspec.structs import replace

from perilune.engine.copy_thread import Copies
from perilune.engine.deadline import Deadline
from perilune.engine.errors import (
    ExecutionRecordError,
    ExecutionTimeoutError,
    FunctionDisabledError,
    FunctionNotFoundError,
    NoActiveVersionError,
    StorageUnavailableError,
    VersionNotFoundError,
)
from perilune.engine.event_bus import ExecutionEvent, ExecutionEventBus, ExecutionEventKind
from perilune.engine.outcomes import Outcomes
from perilune.engine.slots import Slots
from perilune.engine.stored_copies import StoredEvent
from perilune.engine.tasks import begin_task
from perilune.engine.types import Caller, Config, ExecutionRequest, ExecutionResult, Running
from perilune.events import ExecutionContext, HTTPResponse
from perilune.runtimes import Runtime, RuntimeRequest, WorkerRuntime
from perilune.services.env import Env
from perilune.services.kv import KV
from perilune.services.maskers import ExecutionMaskers
from perilune.store import (
    DB,
    Execution,
    ExecutionStatus,
    ExecutionTrigger,
    Function,
    FunctionNotFound,
    FunctionVersion,
    NoActiveVersion,
    Outcome,
    StoreUnavailable,
    VersionNotFound,
)

CANCELLED = "execution cancelled"
CANCELLED_KIND = "cancelled"
NOT_MASKED = "[the message is missing: the execution was cancelled before it was masked]"

_log = logging.getLogger(__name__)


class DefaultEngine:
    """Executes functions out of a store through a runtime.

    Construction does no I/O; one engine serves any number of concurrent
    executions.  `close` is needed only when `Config.runtime` was None.
    """

    def __init__(self, cfg: Config) -> None:
        """Build an engine.

        Raises:
            TypeError: *cfg* has neither a runtime nor what one needs.
            ValueError: its timeout is negative.
        """
        self._db = cfg.db
        self._logger = cfg.logger
        self._timeout_s = cfg.timeout_s()
        self._new_id = cfg.id_generator
        self._clock = cfg.clock
        self._monotonic = cfg.monotonic
        self._maskers = cfg.maskers or ExecutionMaskers(cfg.masker)
        self._copies = Copies()
        self._event_bus = cfg.event_bus or ExecutionEventBus()
        self._own_runtime = None if cfg.runtime is not None else _shipped_runtime(cfg)
        self._runtime: Runtime = cfg.runtime or self._own_runtime  # type: ignore[assignment]
        self._slots = Slots()
        self.outcomes: Outcomes = Outcomes(cfg.db)
        """Closes the records, and knows what is not written yet."""

    async def execute(self, req: ExecutionRequest) -> ExecutionResult:
        """Execute a function once and record it.

        Raises:
            TypeError: the request has no event.
            FunctionNotFoundError, FunctionDisabledError, FunctionBusyError,
            NoActiveVersionError, VersionNotFoundError, EventSerializationError,
            ExecutionRecordError,
            StorageUnavailableError: nothing was executed; no record exists.
        """
        if req.event is None:
            raise TypeError("an execution needs an event")
        if self.outcomes.is_full:
            raise StorageUnavailableError(StoreUnavailable("too many outcomes are not written yet"))
        started = self._monotonic()
        function, version = await self._look_up(req)
        if function.max_concurrency is None:
            return await self._execute(req, function, version, started)
        self._slots.acquire(function.id, function.max_concurrency)
        try:
            return await self._execute(req, function, version, started)
        finally:
            self._slots.release(function.id)

    def begin(self, req: ExecutionRequest, caller: Caller) -> Running:
        """See `CallbackEngine.begin`."""
        return begin_task(self, req, caller)

    async def close(self) -> None:
        """Wait for records still being closed, and stop the runtime if the engine made it."""
        await self.outcomes.close()
        self._copies.close()
        if self._own_runtime is not None:
            await self._own_runtime.close()

    async def _execute(
        self, req: ExecutionRequest, function: Function, version: FunctionVersion, started: float
    ) -> ExecutionResult:
        """Record and run what has been found and may be executed."""
        execution_id = req.execution_id or self._new_id()
        started_at = int(self._clock())
        stored = await self._copies.of_event(req.event, self._maskers.masker)
        try:
            await self._create_record(req, execution_id, version, stored)
        except VersionNotFoundError:
            if req.version_id:
                raise
            # It was replaced and deleted meanwhile: whatever is active now is what was meant.
            function, version = await self._look_up(req)
            await self._create_record(req, execution_id, version, stored)
        context = ExecutionContext(
            execution_id=execution_id,
            function_id=function.id,
            started_at=started_at,
            request_id=req.request_id or execution_id,
            version=str(version.version),
            function_name=function.name,
            base_url=req.base_url,
        )
        self._maskers.open(execution_id, function.id)
        try:
            return await self._run_recorded(req, context, function, version, started)
        finally:
            self._maskers.close(execution_id)

    async def _run_recorded(
        self,
        req: ExecutionRequest,
        context: ExecutionContext,
        function: Function,
        version: FunctionVersion,
        started: float,
    ) -> ExecutionResult:
        """Run what has a record, and close the record."""
        execution_id = context.execution_id
        if self._event_bus.subscribers:
            self._tell(req, context, version)
        response, error = await self._run(req, context, function, version, started)
        duration_s = self._monotonic() - started
        failed = error is not None or (response is not None and response.status_code >= 400)
        status = ExecutionStatus.ERROR if failed else ExecutionStatus.SUCCESS
        duration_ms, kind = int(duration_s * 1000), _kind(error)
        message = None if error is None else NOT_MASKED
        outcome = Outcome(
            execution_id=execution_id,
            status=status,
            duration_ms=duration_ms,
            http_status=None if response is None else response.status_code or 200,
            response_bytes=None if response is None else response.content_length,
            error_kind=kind,
            error_message=message,
        )
        try:
            if function.save_response and response is not None:
                masker = await self._maskers.of(execution_id)
                copy = await self._copies.of_response(execution_id, response, masker)
                outcome = replace(outcome, response_json=copy)
            if error is not None:
                masker = await self._maskers.of(execution_id)
                message = await self._copies.of_error(error, masker)
                outcome = replace(outcome, error_message=message)
                # Before the record is closed: once it is, all lines of its log can be read.
                await self._report_failure(execution_id, function.id, message)
        except asyncio.CancelledError:
            # The function has done its work; only what was still to be said of it is given up.
            await self.outcomes.write(outcome)
            if self._event_bus.subscribers:
                self._tell(req, context, version, status, duration_ms, kind)
            raise
        is_recorded = await self.outcomes.write(outcome)
        if self._event_bus.subscribers:
            self._tell(req, context, version, status, duration_ms, kind)
        return ExecutionResult(
            execution_id=execution_id,
            function_version_id=version.id,
            response=response,
            duration=timedelta(seconds=duration_s),
            status=status,
            error=error,
            recorded=is_recorded,
        )

    async def _look_up(self, req: ExecutionRequest) -> tuple[Function, FunctionVersion]:
        function_id = req.function_id
        function = await self._function(function_id)
        # A user who may change a function may try a draft of it, also while it is disabled.
        if function.disabled and req.trigger != ExecutionTrigger.TEST:
            raise FunctionDisabledError(function_id)
        try:
            if req.version_id:
                return function, await self._version(function_id, req.version_id)
            return function, await self._db.get_active_version(function_id)
        except NoActiveVersion as exc:
            # It may have been deleted after it had been looked up.
            await self._function(function_id)
            raise NoActiveVersionError(function_id) from exc
        except VersionNotFound as exc:
            raise VersionNotFoundError(req.version_id) from exc
        except Exception as exc:
            raise StorageUnavailableError(exc) from exc

    async def _function(self, function_id: str) -> Function:
        try:
            return await self._db.get_function(function_id)
        except FunctionNotFound as exc:
            raise FunctionNotFoundError(function_id) from exc
        except Exception as exc:
            raise StorageUnavailableError(exc) from exc

    async def _version(self, function_id: str, version_id: str) -> FunctionVersion:
        version = await self._db.get_version_by_id(version_id)
        if version.function_id != function_id:
            raise VersionNotFound
        return version

    async def _create_record(
        self,
        req: ExecutionRequest,
        execution_id: str,
        version: FunctionVersion,
        stored: StoredEvent,
    ) -> None:
        record = Execution(
            id=execution_id,
            function_id=req.function_id,
            function_version_id=version.id,
            event_json=stored.event_json,
            trigger=req.trigger,
            method=stored.method,
            path=stored.path,
            request_bytes=stored.request_bytes,
            request_id=req.request_id or None,
        )
        try:
            await self._db.create_execution(record)
        except asyncio.CancelledError:
            # The row may be on its way to the disk: cancelling must not leave it pending.
            await self._close_cancelled(execution_id, None)
            raise
        except FunctionNotFound as exc:
            # It was deleted after it had been looked up.
            raise FunctionNotFoundError(req.function_id) from exc
        except VersionNotFound as exc:
            raise VersionNotFoundError(version.id) from exc
        except Exception as exc:
            raise ExecutionRecordError(exc) from exc

    async def _run(
        self,
        req: ExecutionRequest,
        context: ExecutionContext,
        function: Function,
        version: FunctionVersion,
        started: float,
    ) -> tuple[HTTPResponse | None, BaseException | None]:
        timeout_s = self._timeout_s
        if function.timeout_s is not None:
            timeout_s = min(timeout_s, float(function.timeout_s))
        deadline = Deadline(timeout_s)
        try:
            result = await self._runtime.execute(
                RuntimeRequest(
                    code=version.code if req.code is None else req.code,
                    context=context,
                    event=req.event,
                    version_id=version.id if req.code is None else _draft_id(version, req.code),
                    deadline=self._monotonic() + timeout_s,
                    env_writable=function.env_writable,
                    runtime=version.runtime,
                    memory_mb=function.memory_mb,
                    requirements=version.requirements,
                )
            )
        except asyncio.CancelledError:
            if deadline.was_missed():
                return None, ExecutionTimeoutError(timeout_s)
            elapsed_ms = int((self._monotonic() - started) * 1000)
            await self._close_cancelled(context.execution_id, elapsed_ms)
            if self._event_bus.subscribers:
                self._tell(req, context, version, ExecutionStatus.ERROR, elapsed_ms, CANCELLED_KIND)
            raise
        except Exception as exc:
            if deadline.was_missed():
                return None, ExecutionTimeoutError(timeout_s)
            return None, exc
        deadline.stop()
        return (None if result is None else result.response), None

    def _tell(
        self,
        req: ExecutionRequest,
        context: ExecutionContext,
        version: FunctionVersion,
        status: ExecutionStatus = ExecutionStatus.PENDING,
        duration_ms: int | None = None,
        error_kind: str | None = None,
    ) -> None:
        """Tell those who watch that an execution has begun, or how it has ended."""
        self._event_bus.publish(
            ExecutionEvent(
                kind=ExecutionEventKind.STARTED
                if status == ExecutionStatus.PENDING
                else ExecutionEventKind.ENDED,
                id=context.execution_id,
                function_id=context.function_id,
                function_version_id=version.id,
                trigger=req.trigger,
                status=status,
                created_at=context.started_at,
                duration_ms=duration_ms,
                error_kind=error_kind,
            )
        )

    async def _close_cancelled(self, execution_id: str, duration_ms: int | None) -> None:
        await self.outcomes.write(
            Outcome(
                execution_id=execution_id,
                status=ExecutionStatus.ERROR,
                duration_ms=duration_ms,
                error_message=CANCELLED,
                error_kind=CANCELLED_KIND,
            )
        )

    async def _report_failure(self, execution_id: str, function_id: str, message: str) -> None:
        _log.warning(
            "execution %s of function %s failed: %s",
            execution_id,
            function_id,
            message.partition("\n")[0],
        )
        try:
            await self._logger.error(execution_id, message)
        except Exception:
            _log.exception("the failure of execution %s could not be logged", execution_id)


def new(cfg: Config) -> DefaultEngine:
    """Return an engine built from *cfg*; equivalent to `DefaultEngine(cfg)`."""
    return DefaultEngine(cfg)


def _shipped_runtime(cfg: Config) -> WorkerRuntime:
    try:
        kv_store = cfg.kv_store or KV(cast("DB", cfg.db).kv, clock=cfg.clock)
        env_store = cfg.env_store or Env(cast("DB", cfg.db).env)
    except AttributeError:
        raise TypeError(
            "give a runtime, or kv_store and env_store, or a db that has them"
        ) from None
    return WorkerRuntime(
        logger=cfg.logger,
        kv_store=kv_store,
        env_store=env_store,
        http_client=cfg.http_client,
        ai_client=cfg.ai_client,
        ai_tracker=cfg.ai_tracker,
        email_client=cfg.email_client,
        email_tracker=cfg.email_tracker,
    )


def _kind(error: BaseException | None) -> str | None:
    return None if error is None else getattr(error, "error_kind", "internal")


def _draft_id(version: FunctionVersion, code: str) -> str:
    """Return what identifies a draft to the runtime: no version has this id, and no other code."""
    digest = hashlib.sha256(code.encode("utf-8", "surrogatepass"))
    return f"draft of {version.id} {digest.hexdigest()}"
