"""What the engine asks of a runtime, and what a runtime may answer.

These types belong to the engine's public contract and are re-exported by
`perilune.engine`; they live here because runtimes lie below the engine.
"""

from typing import Any, ClassVar, Protocol

import msgspec

from perilune.errors import PeriluneError
from perilune.events import ExecutionContext, HTTPResponse


class RuntimeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One execution, as handed to a runtime."""

    code: str
    """Source of the active version."""
    context: ExecutionContext
    event: Any
    """The original event, not the masked copy: what the request for the execution has."""
    version_id: str = ""
    """Identifies the code: two requests with the same id have the same code."""
    deadline: float = float("inf")
    """Reading of `time.monotonic` at which the execution must be over."""
    env_writable: bool = True
    """Whether the function may change its own environment variables."""
    runtime: str = "lua"
    """The language of the code."""
    memory_mb: int | None = None
    """Memory that the code may use, in MiB; None means the runtime's own limit."""
    requirements: str | None = None
    """Packages that the code needs, pinned; they have been installed before."""


class RuntimeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a function gave back."""

    response: HTTPResponse | None = None


class Runtime(Protocol):
    """Runs the code of one language.

    Failure is signalled by raising; an exception may carry `error_kind` (see
    `perilune.store.Execution.error_kind`), otherwise it counts as `internal`.
    Returning None, or a result without response, is legal and a success.
    A runtime stops the guest when the call is cancelled.
    """

    async def execute(self, req: RuntimeRequest) -> RuntimeResult | None:
        """Run the code for one event."""
        ...


class Usage(msgspec.Struct, frozen=True):
    """What an execution has taken of a worker."""

    queue_s: float
    """How long it waited until its code began to run."""
    is_cold: bool
    """Whether its worker had never run its version before."""
    cpu_us: int | None = None
    """Processor time, in microseconds."""
    peak_bytes: int | None = None
    """Most memory that its worker has held at a time."""


class RuntimeCaller(Protocol):
    """Who waits for code that runs.  One of these is called, once, maybe within `begin`."""

    def answered(self, response: HTTPResponse | None, usage: Usage | None = None) -> None:
        """It has ended well."""
        ...

    def failed(self, error: BaseException, usage: Usage | None = None) -> None:
        """It has failed, or was cancelled (`asyncio.CancelledError`)."""
        ...


class Cancellable(Protocol):
    """What has been begun and can be stopped."""

    def cancel(self) -> object:
        """Stop it; its caller is told afterwards, maybe before this returns."""
        ...


class CallbackRuntime(Runtime, Protocol):
    """A runtime that can do without a task for each execution."""

    def begin(self, req: RuntimeRequest, caller: RuntimeCaller) -> Cancellable:
        """Do what `execute` does, and tell *caller* how it ended."""
        ...


class SourceProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why a source can't be run."""

    message: str
    line: int | None = None
    """From 1."""
    column: int | None = None
    """Character within the line, from 1."""
    tip: str | None = None
    """Advice, in a line or several."""


class SourceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a source, as far as that can be told without running it."""

    errors: list[SourceProblem] = []

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.errors


class CodeChecker(Protocol):
    """A runtime that can tell what is wrong with a source without running it."""

    async def check(self, code: str, runtime: str, requirements: str | None = None) -> SourceReport:
        """Say what is wrong with *code*, written in the language *runtime*.

        *requirements* are those of its packages, which have been installed.

        Raises:
            CheckUnavailable: this can't be told for the language here.
            RuntimeFailure: it was not found out.
        """
        ...


class RuntimeFailure(PeriluneError):
    """An execution that failed; the message is what its record shows."""

    code = "runtime_failure"
    error_kind: ClassVar[str] = "internal"


class CheckUnavailable(PeriluneError):
    """Code of this language can't be checked here."""

    code = "check_unavailable"

    def __init__(self, runtime: str) -> None:
        super().__init__(f"code in {runtime!r} can't be checked on this server")
        self.runtime = runtime


class GuestError(RuntimeFailure):
    """The guest's own code failed: it raised, or returned what it must not."""

    code = "guest_error"
    error_kind = "runtime"


class GuestSyntaxError(GuestError):
    """The source can't be compiled."""

    code = "guest_syntax_error"
    error_kind = "syntax"


class MemoryLimitError(GuestError):
    """The guest wanted more memory than it may have."""

    code = "memory_limit_exceeded"
    error_kind = "memory"


class WorkerDiedError(RuntimeFailure):
    """The worker process ended, or broke the protocol, in the middle of an execution."""

    code = "worker_died"


class WorkersBusyError(RuntimeFailure):
    """Every worker is busy and the queue is full, so this execution was not started."""

    code = "workers_busy"
    error_kind = "overload"

    def __init__(self, queue_limit: int) -> None:
        super().__init__(
            f"all workers are busy and the queue is full ({queue_limit} executions are waiting)"
        )


class SandboxUnavailableError(PeriluneError):
    """Workers can't be locked down as required, so no guest code is run."""

    code = "sandbox_unavailable"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(
            f"the sandbox is incomplete on this machine, missing: {'; '.join(missing)}. "
            "PERILUNE_SANDBOX=relaxed runs guest code without these layers, at your own risk, "
            "but for those that PERILUNE_SANDBOX_REQUIRE names"
        )
        self.missing = missing
