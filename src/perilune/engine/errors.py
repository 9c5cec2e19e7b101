"""Why an execution was refused, or how it ended.

Raised by `Engine.execute` (nothing was executed): `FunctionNotFoundError`,
`FunctionDisabledError`, `FunctionBusyError`, `NoActiveVersionError`,
`ExecutionRecordError`, `EventSerializationError`, `StorageUnavailableError`.  Only ever found in
`ExecutionResult.error`: `ExecutionTimeoutError`.
"""

from perilune.errors import PeriluneError


class EngineError(PeriluneError):
    """The base of the engine's errors."""

    code = "engine_error"


class FunctionNotFoundError(EngineError):
    """The store says that there is no such function."""

    code = "function_not_found"

    def __init__(self, function_id: str) -> None:
        super().__init__(f"function not found: {function_id}")
        self.function_id = function_id


class FunctionDisabledError(EngineError):
    """The function exists but is switched off."""

    code = "function_disabled"

    def __init__(self, function_id: str) -> None:
        super().__init__(f"function is disabled: {function_id}")
        self.function_id = function_id


class FunctionBusyError(EngineError):
    """The function runs as often at a time as it may."""

    code = "function_busy"

    def __init__(self, function_id: str, limit: int) -> None:
        super().__init__(f"function runs {limit} times already, which is its limit: {function_id}")
        self.function_id = function_id
        self.limit = limit


class NoActiveVersionError(EngineError):
    """The function exists and is enabled, but none of its versions is active."""

    code = "no_active_version"

    def __init__(self, function_id: str) -> None:
        super().__init__(f"no active version found for function: {function_id}")
        self.function_id = function_id


class VersionNotFoundError(EngineError):
    """The function has no such version."""

    code = "version_not_found"

    def __init__(self, version_id: str) -> None:
        super().__init__(f"version not found: {version_id}")
        self.version_id = version_id


class ExecutionRecordError(EngineError):
    """The execution's record could not be created, so the code was not run.

    Raise it `from` the failure it wraps: `err` is the `__cause__`.
    """

    code = "execution_record_error"

    def __init__(self, err: BaseException) -> None:
        super().__init__(f"execution record error: {err}")
        self.err = err


class EventSerializationError(EngineError):
    """The event can't be turned into the JSON that is stored with the execution."""

    code = "event_serialization_error"

    def __init__(self, err: BaseException) -> None:
        super().__init__(f"event serialization error: {err}")
        self.err = err


class StorageUnavailableError(EngineError):
    """The store failed in a way that says nothing about the function; the cause is chained."""

    code = "storage_unavailable"

    def __init__(self, err: BaseException) -> None:
        super().__init__(f"storage unavailable: {err}")
        self.err = err


class ExecutionTimeoutError(EngineError):
    """The execution used up its time; `timeout` is in seconds."""

    code = "execution_timeout"
    error_kind = "timeout"

    def __init__(self, timeout: float) -> None:
        super().__init__(f"execution timed out after {timeout:g}s")
        self.timeout = timeout
