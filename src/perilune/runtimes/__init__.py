"""Language-specific execution: runs the code of one function version for one event.

`contract.py` is what the engine asks of a runtime; `lua.py` is the runtime
that ships, on the worker pool of `pool.py`; `guest_api.py` describes what
guest code can call.
"""

from perilune.runtimes.contract import (
    GuestError,
    GuestSyntaxError,
    MemoryLimitError,
    Runtime,
    RuntimeFailure,
    RuntimeRequest,
    RuntimeResult,
    SandboxUnavailableError,
    WorkerDiedError,
    WorkersBusyError,
)
from perilune.runtimes.limits import WorkerLimits
from perilune.runtimes.lua import LuaRuntime, SandboxReport

__all__ = [
    "GuestError",
    "GuestSyntaxError",
    "LuaRuntime",
    "MemoryLimitError",
    "Runtime",
    "RuntimeFailure",
    "RuntimeRequest",
    "RuntimeResult",
    "SandboxReport",
    "SandboxUnavailableError",
    "WorkerDiedError",
    "WorkerLimits",
    "WorkersBusyError",
]
