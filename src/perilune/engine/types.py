"""The engine's own types: what goes in, what comes out, what it is built from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import msgspec

from perilune.clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from perilune.engine.event_bus import ExecutionEventBus
from perilune.engine.metrics import ExecutionMetrics
from perilune.events import HTTPResponse
from perilune.ids import new_id
from perilune.masking import DEFAULT_MASKER, Masker
from perilune.runtimes import Runtime
from perilune.services.ai import AIClient, AITracker
from perilune.services.email import EmailClient, EmailTracker
from perilune.services.env import Env
from perilune.services.http import HTTPClient
from perilune.services.kv import KV
from perilune.services.logger import Logger
from perilune.services.maskers import ExecutionMaskers
from perilune.store import (
    ExecutionStatus,
    ExecutionStore,
    ExecutionTrigger,
    Function,
    FunctionVersion,
)

MAX_RESPONSE_BODY_SIZE = 1024 * 1024
"""Most bytes of a response body that are stored with an execution (1 MiB)."""

DEFAULT_EXECUTION_TIMEOUT_S = 300.0


class ExecutionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for one execution of one function."""

    function_id: str
    event: Any
    """An `HTTPEvent`, which is what the runtime that ships takes; for a runtime of your own, what
    it takes.  What is no `perilune.events.Event` is stored as the JSON that msgspec makes of it
    (mappings, dataclasses, structs, …), with secrets replaced."""
    trigger: ExecutionTrigger = ExecutionTrigger.HTTP
    base_url: str = ""
    """Public base URL, given to functions for building links."""
    request_id: str = ""
    """The caller's id of the request; the execution's id is used when it is empty."""
    execution_id: str = ""
    """The id of the record, if the caller has to know it before; a new one when it is empty."""
    version_id: str = ""
    """The version of the function to execute; empty means the active one."""
    code: str | None = None
    """A draft to run instead of the version's own code; it is recorded under that version."""


class ExecutionResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one execution ended."""

    execution_id: str
    function_version_id: str
    response: HTTPResponse | None
    """Complete, as the runtime gave it; None when there is none."""
    duration: timedelta
    status: ExecutionStatus
    error: BaseException | None = None
    """What the runtime raised, unchanged; None also for a response of 400 and above."""
    recorded: bool = True
    """Whether its record was closed in time; if not, that is done when the store works again."""

    @property
    def duration_ms(self) -> int:
        """Whole milliseconds, truncated toward zero."""
        return int(self.duration / timedelta(milliseconds=1))


class Engine(Protocol):
    """Executes functions."""

    async def execute(self, req: ExecutionRequest) -> ExecutionResult:
        """Execute a function once and record it.

        Raises:
            EngineError: nothing was executed and no record exists.
        """
        ...


class Caller(Protocol):
    """Who waits for an execution.  One of its methods is called, once, maybe within `begin`."""

    def ended(self, result: ExecutionResult) -> None:
        """It was executed."""
        ...

    def refused(self, error: BaseException) -> None:
        """It was not (`EngineError`), or was cancelled and its record closed (`CancelledError`)."""
        ...


class Running(Protocol):
    """An execution that has begun."""

    def cancel(self) -> object:
        """Stop it and close its record as cancelled; the caller is told afterwards."""
        ...


class CallbackEngine(Engine, Protocol):
    """An engine that can do without a task for each execution."""

    def begin(
        self,
        req: ExecutionRequest,
        caller: Caller,
        known: tuple[Function, FunctionVersion] | None = None,
    ) -> Running:
        """Do what `execute` does, and tell *caller* how it ended.

        *known* are the function and the version to execute, where they have just been looked up.
        """
        ...


@dataclass(kw_only=True, slots=True)
class Config:
    """Everything a `DefaultEngine` depends on.

    With `runtime` None, the one that ships is built from the services given
    here; `kv_store` and `env_store` are then those of `db`, if it has them.
    `execution_timeout` is in seconds or a timedelta; None and zero mean 300 s.
    """

    db: ExecutionStore
    logger: Logger
    runtime: Runtime | None = None
    kv_store: KV | None = None
    env_store: Env | None = None
    http_client: HTTPClient | None = None
    ai_client: AIClient | None = None
    ai_tracker: AITracker | None = None
    email_client: EmailClient | None = None
    email_tracker: EmailTracker | None = None
    execution_timeout: timedelta | float | None = None
    id_generator: Callable[[], str] = new_id
    clock: WallClock = wall_clock
    monotonic: MonotonicClock = field(default=monotonic_clock)
    masker: Masker = DEFAULT_MASKER
    maskers: ExecutionMaskers | None = None
    """Those that *logger* and trackers have; take the place of *masker*, which knows no values."""
    event_bus: ExecutionEventBus | None = None
    """Is told what begins and ends."""
    metrics: ExecutionMetrics | None = None
    """Counts what begins and ends."""
    server_id: str | None = None
    """The server that this is, where several work on *db*; see `perilune.store.ServerRows`."""
    live_servers: Callable[[], int] = lambda: 1
    """How many those are, of which each takes its share of `max_concurrency`."""

    def timeout_s(self) -> float:
        """Return the effective execution timeout in seconds.

        Raises:
            ValueError: it is negative.
        """
        value = self.execution_timeout
        seconds = value.total_seconds() if isinstance(value, timedelta) else float(value or 0)
        if seconds < 0:
            raise ValueError(f"execution_timeout must not be negative, got {seconds:g} s")
        return seconds or DEFAULT_EXECUTION_TIMEOUT_S
