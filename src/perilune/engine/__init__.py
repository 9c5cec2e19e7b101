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
from perilune.engine.feed import ExecutionFeed, Moment, Notice, Watcher
from perilune.engine.metering import MeteredEngine
from perilune.engine.recording import EVENT_TRUNCATED
from perilune.engine.types import (
    MAX_RESPONSE_BODY_SIZE,
    Config,
    Engine,
    ExecutionRequest,
    ExecutionResult,
)
from perilune.runtimes import Runtime, RuntimeRequest, RuntimeResult

__all__ = [
    "EVENT_TRUNCATED",
    "MAX_RESPONSE_BODY_SIZE",
    "Config",
    "DefaultEngine",
    "Engine",
    "EngineError",
    "EventSerializationError",
    "ExecutionFeed",
    "ExecutionRecordError",
    "ExecutionRequest",
    "ExecutionResult",
    "ExecutionTimeoutError",
    "FunctionBusyError",
    "FunctionDisabledError",
    "FunctionNotFoundError",
    "MeteredEngine",
    "Moment",
    "NoActiveVersionError",
    "Notice",
    "Runtime",
    "RuntimeRequest",
    "RuntimeResult",
    "StorageUnavailableError",
    "VersionNotFoundError",
    "Watcher",
    "new",
]
