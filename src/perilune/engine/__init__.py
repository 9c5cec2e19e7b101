"""Execution orchestration: one request to execute a function becomes one recorded execution.

The engine looks the function up, creates the record, runs the active version
through a `Runtime`, and closes the record.  It knows nothing about HTTP
servers and nothing about languages.
"""

from perilune.engine.default import DefaultEngine, new
from perilune.engine.errors import (
    EngineError,
    EventSerializationError,
    ExecutionRecordError,
    ExecutionTimeoutError,
    FunctionBusyError,
    FunctionDisabledError,
    FunctionNotFoundError,
    NoActiveVersionError,
    StorageUnavailableError,
    VersionNotFoundError,
)
from perilune.engine.event_bus import (
    ExecutionEvent,
    ExecutionEventBus,
    ExecutionEventKind,
    Subscriber,
)
from perilune.engine.metrics import ExecutionMetrics
from perilune.engine.stored_copies import EVENT_TRUNCATED
from perilune.engine.types import (
    MAX_RESPONSE_BODY_SIZE,
    CallbackEngine,
    Caller,
    Config,
    Engine,
    ExecutionRequest,
    ExecutionResult,
    Running,
)
from perilune.runtimes import Runtime, RuntimeRequest, RuntimeResult
from perilune.store import ExecutionStore

__all__ = [
    "EVENT_TRUNCATED",
    "MAX_RESPONSE_BODY_SIZE",
    "CallbackEngine",
    "Caller",
    "Config",
    "DefaultEngine",
    "Engine",
    "EngineError",
    "EventSerializationError",
    "ExecutionEvent",
    "ExecutionEventBus",
    "ExecutionEventKind",
    "ExecutionMetrics",
    "ExecutionRecordError",
    "ExecutionRequest",
    "ExecutionResult",
    "ExecutionStore",
    "ExecutionTimeoutError",
    "FunctionBusyError",
    "FunctionDisabledError",
    "FunctionNotFoundError",
    "NoActiveVersionError",
    "Running",
    "Runtime",
    "RuntimeRequest",
    "RuntimeResult",
    "StorageUnavailableError",
    "Subscriber",
    "VersionNotFoundError",
    "new",
]
