"""Language-specific execution: runs the code of one function version for one event.

`contract.py` is what the engine asks of a runtime; `host.py` is the runtime
that ships, on the processes of `workers`; `languages` has its languages;
`guest` has what guest code can call; `packages` what versions may require.
"""

from perilune.runtimes.contract import (
    CallbackRuntime,
    Cancellable,
    CheckUnavailable,
    CodeChecker,
    GuestError,
    GuestSyntaxError,
    MemoryLimitError,
    Runtime,
    RuntimeCaller,
    RuntimeFailure,
    RuntimeRequest,
    RuntimeResult,
    SandboxUnavailableError,
    SourceProblem,
    SourceReport,
    Usage,
    WorkerDiedError,
    WorkersBusyError,
)
from perilune.runtimes.host import SandboxReport, WorkerRuntime
from perilune.runtimes.language import Language, Spawner, Wording, WorkerKind
from perilune.runtimes.languages.installed import LANGUAGES, LanguageError, find_languages
from perilune.runtimes.limits import WorkerLimits
from perilune.runtimes.packages import (
    Packages,
    PackagesError,
    RequirementsError,
    remove_leftovers,
)
from perilune.runtimes.workers.forking import forked
from perilune.runtimes.workers.plan import PoolMetrics

__all__ = [
    "LANGUAGES",
    "CallbackRuntime",
    "Cancellable",
    "CheckUnavailable",
    "CodeChecker",
    "GuestError",
    "GuestSyntaxError",
    "Language",
    "LanguageError",
    "MemoryLimitError",
    "Packages",
    "PackagesError",
    "PoolMetrics",
    "RequirementsError",
    "Runtime",
    "RuntimeCaller",
    "RuntimeFailure",
    "RuntimeRequest",
    "RuntimeResult",
    "SandboxReport",
    "SandboxUnavailableError",
    "SourceProblem",
    "SourceReport",
    "Spawner",
    "Usage",
    "Wording",
    "WorkerDiedError",
    "WorkerKind",
    "WorkerLimits",
    "WorkerRuntime",
    "WorkersBusyError",
    "find_languages",
    "forked",
    "remove_leftovers",
]
