"""The engine that ships: look up, check, record, run, measure, close the record."""

from typing import cast

from perilune.engine.coroutines import WaitingCaller
from perilune.engine.driver import ExecutionDriver
from perilune.engine.errors import StorageUnavailableError
from perilune.engine.execution import Execution
from perilune.engine.metrics import ExecutionMetrics
from perilune.engine.outcomes import Outcomes
from perilune.engine.types import Caller, Config, ExecutionRequest, ExecutionResult, Running
from perilune.runtimes import Runtime, WorkerRuntime
from perilune.services.env import Env
from perilune.services.kv import KV
from perilune.store import DB, Function, FunctionVersion, StoreUnavailable


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
        self._own_runtime = None if cfg.runtime is not None else _shipped_runtime(cfg)
        runtime: Runtime = cfg.runtime or self._own_runtime  # type: ignore[assignment]
        self._driver = ExecutionDriver(cfg, runtime)
        self.outcomes: Outcomes = self._driver.outcomes
        """Those that are not written yet."""
        self.metrics: ExecutionMetrics = self._driver.metrics
        """What its executions have come to."""

    async def execute(self, req: ExecutionRequest) -> ExecutionResult:
        """Execute a function once and record it.

        Raises:
            TypeError: the request has no event.
            FunctionNotFoundError, FunctionDisabledError, FunctionBusyError,
            NoActiveVersionError, VersionNotFoundError, EventSerializationError,
            ExecutionRecordError,
            StorageUnavailableError: nothing was executed; no record exists.
        """
        caller = WaitingCaller()
        return await caller.wait(self.begin(req, caller))

    def begin(
        self,
        req: ExecutionRequest,
        caller: Caller,
        known: tuple[Function, FunctionVersion] | None = None,
    ) -> Running:
        """See `CallbackEngine.begin`.  Raises `TypeError` for a request without event."""
        if req.event is None:
            raise TypeError("an execution needs an event")
        driver = self._driver
        driver.metrics.inflight += 1
        execution = Execution(driver, req, caller)
        if self.outcomes.is_full:
            why = StoreUnavailable("too many outcomes are not written yet")
            execution.looked_up(None, StorageUnavailableError(why))
        elif known is not None and not known[0].disabled:
            execution.looked_up(known, None)
        else:
            driver.look_up(execution)
        return execution

    async def close(self) -> None:
        """Wait for records still being closed, and stop the runtime if the engine made it."""
        await self._driver.close()
        if self._own_runtime is not None:
            await self._own_runtime.close()


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
