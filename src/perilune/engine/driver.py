"""Does for executions what takes I/O: look-ups, copies, records, the code itself."""

import hashlib
import logging
from typing import cast

from perilune.eager import run_eagerly
from perilune.engine.copy_thread import Copies, is_quick, not_stored
from perilune.engine.coroutines import CoroutineRecords, CoroutineRuntime
from perilune.engine.deadlines import Deadlines
from perilune.engine.errors import (
    FunctionDisabledError,
    FunctionNotFoundError,
    NoActiveVersionError,
    StorageUnavailableError,
    VersionNotFoundError,
)
from perilune.engine.event_bus import ExecutionEvent, ExecutionEventBus, ExecutionEventKind
from perilune.engine.execution import Execution
from perilune.engine.metrics import ExecutionMetrics
from perilune.engine.outcomes import Outcomes
from perilune.engine.slots import Slots
from perilune.engine.stored_copies import stored_event
from perilune.engine.types import Config, ExecutionRequest
from perilune.events import ExecutionContext
from perilune.runtimes import CallbackRuntime, Cancellable, Runtime, RuntimeRequest
from perilune.services.maskers import ExecutionMaskers
from perilune.store import Execution as ExecutionRecord
from perilune.store import (
    ExecutionRecords,
    ExecutionTrigger,
    Function,
    FunctionNotFound,
    FunctionVersion,
    NoActiveVersion,
    Outcome,
    VersionNotFound,
)

_log = logging.getLogger(__name__)


class ExecutionDriver:
    """The `Driver` of all executions of one engine."""

    def __init__(self, cfg: Config, runtime: Runtime) -> None:
        """Take from *cfg* what is needed; run code with *runtime*."""
        self._db = cfg.db
        offered = getattr(cfg.db, "execution_records", None)
        self._records: ExecutionRecords = offered or CoroutineRecords(cfg.db)
        self._begin = (
            cast(CallbackRuntime, runtime).begin
            if hasattr(runtime, "begin")
            else CoroutineRuntime(runtime).begin
        )
        self._logger = cfg.logger
        self._maskers = cfg.maskers or ExecutionMaskers(cfg.masker)
        self._copies = Copies()
        self._event_bus = cfg.event_bus or ExecutionEventBus()
        self.metrics = cfg.metrics or ExecutionMetrics()
        self._slots = Slots(cfg.live_servers)
        self._server_id = cfg.server_id
        self.deadlines = Deadlines()
        self.time_limit_s = cfg.timeout_s()
        self.now = cfg.monotonic
        self.clock = cfg.clock
        self.new_id = cfg.id_generator
        self.outcomes = Outcomes(self._records)

    async def close(self) -> None:
        """Wait for outcomes that are not written yet, though not for ever."""
        await self.outcomes.close()
        self._copies.close()

    # See `Driver`

    def look_up(self, execution: Execution) -> None:
        """Find function and version, both fit to be executed."""
        req = execution.request
        if not req.version_id:
            known = self._records.peek(req.function_id)
            if known is not None and not known[0].disabled:
                execution.looked_up(known, None)
                return
        execution.running = run_eagerly(self._look_up(req), execution.looked_up)

    def take_slot(self, execution: Execution) -> None:
        """Count it among those of its function."""
        function = execution.function
        self._slots.acquire(function.id, function.max_concurrency or 0)

    def copy_event(self, execution: Execution) -> None:
        """Make the copy of the event that is stored."""
        event, masker = execution.request.event, self._maskers.masker
        if not is_quick(event, masker):
            execution.running = run_eagerly(self._copies.of_event(event, masker), execution.copied)
            return
        try:
            stored = stored_event(event, masker)
        except Exception as exc:
            execution.copied(None, not_stored(exc))
        else:
            execution.copied(stored, None)

    def open_record(self, execution: Execution) -> None:
        """Write the pending record."""
        req, stored = execution.request, execution.stored
        record = ExecutionRecord(
            id=execution.id,
            function_id=req.function_id,
            function_version_id=execution.version.id,
            event_json=stored.event_json,
            trigger=req.trigger,
            created_at=execution.started_at,
            method=stored.method,
            path=stored.path,
            request_bytes=stored.request_bytes,
            request_id=req.request_id or None,
            server_id=self._server_id,
        )
        execution.record = record
        try:
            self._records.open(record, execution.recorded)
        except Exception as error:
            execution.recorded(error)

    def run(self, execution: Execution) -> Cancellable:
        """Run the code."""
        req, function, version = execution.request, execution.function, execution.version
        context = ExecutionContext(
            execution_id=execution.id,
            function_id=function.id,
            started_at=execution.started_at,
            request_id=req.request_id or execution.id,
            version=str(version.version),
            function_name=function.name,
            base_url=req.base_url,
        )
        self._maskers.functions[execution.id] = function.id
        if self._event_bus.subscribers:
            self._tell(execution)
        return self._begin(
            RuntimeRequest(
                code=version.code if req.code is None else req.code,
                context=context,
                event=req.event,
                version_id=version.id if req.code is None else _draft_id(version, req.code),
                deadline=self.now() + execution.timeout_s,
                env_writable=function.env_writable,
                runtime=version.runtime,
                memory_mb=function.memory_mb,
                requirements=version.requirements,
            ),
            execution,
        )

    def describe(self, execution: Execution) -> None:
        """Make the copies of response and error that are stored."""
        execution.running = run_eagerly(self._describe(execution), execution.described)

    def close_record(self, execution: Execution, outcome: Outcome) -> None:
        """Write the outcome."""
        try:
            self._records.close(execution.record, outcome, execution.closed)
        except Exception as error:
            execution.closed(error)

    def keep(self, execution: Execution, outcome: Outcome, failure: Exception) -> None:
        """Write the outcome as soon as the store takes it."""
        self.outcomes.keep(execution.record, outcome, failure, execution.settled)

    def give_up(self, execution: Execution, outcome: Outcome) -> None:
        """Keep the outcome, if that is not done already; nobody waits for it any more."""
        self.outcomes.give_up(execution.record, outcome)

    def leave(self, execution: Execution, error: BaseException | None) -> None:
        """Forget what was only kept for the time that the execution took, and count it."""
        if execution.has_slot:
            self._slots.release(execution.function.id)
        if execution.has_run:
            self._maskers.functions.pop(execution.id, None)
            if self._event_bus.subscribers:
                self._tell(execution)
        if error is not None:
            self.metrics.refuse(error)
            return
        req = execution.request
        self.metrics.end(
            (req.function_id, req.trigger, execution.status),
            execution.duration_s or 0.0,
            execution.error,
        )

    # How

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

    async def _describe(self, execution: Execution) -> tuple[str | None, str | None]:
        copy = message = None
        masker = await self._maskers.of(execution.id)
        if execution.error is not None:
            message = await self._copies.of_error(execution.error, masker)
            # Before the record is closed: once it is, all lines of its log can be read.
            await self._report_failure(execution, message)
        elif execution.response is not None:
            copy = await self._copies.of_response(execution.id, execution.response, masker)
        return copy, message

    async def _report_failure(self, execution: Execution, message: str) -> None:
        _log.warning(
            "execution %s of function %s failed: %s",
            execution.id,
            execution.function.id,
            message.partition("\n")[0],
        )
        try:
            await self._logger.error(execution.id, message)
        except Exception:
            _log.exception("the failure of execution %s could not be logged", execution.id)

    def _tell(self, execution: Execution) -> None:
        """Tell those who watch that an execution has begun, or how it has ended."""
        outcome = execution.outcome
        self._event_bus.publish(
            ExecutionEvent(
                kind=ExecutionEventKind.STARTED if outcome is None else ExecutionEventKind.ENDED,
                id=execution.id,
                function_id=execution.function.id,
                function_version_id=execution.version.id,
                trigger=execution.request.trigger,
                status=execution.status,
                created_at=execution.started_at,
                duration_ms=None if outcome is None else outcome.duration_ms,
                error_kind=None if outcome is None else outcome.error_kind,
            )
        )


def _draft_id(version: FunctionVersion, code: str) -> str:
    """Return what identifies a draft to the runtime: no version has this id, and no other code."""
    digest = hashlib.sha256(code.encode("utf-8", "surrogatepass"))
    return f"draft of {version.id} {digest.hexdigest()}"
