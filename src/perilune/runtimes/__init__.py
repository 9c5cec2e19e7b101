"""Language-specific execution: runs the code of one function version for one event.

`contract.py` is what the engine asks of a runtime; `host.py` is the runtime
that ships, on the processes of `workers`; `languages` has its languages;
`guest` has what guest code can call; `packages` what versions may require.
"""

from perilune.runtimes.contract import (
    CheckUnavailable,
    CodeChecker,
    GuestError,
    GuestSyntaxError,
    MemoryLimitError,
    Runtime,
    RuntimeFailure,
    RuntimeRequest,
    RuntimeResult,
    SandboxUnavailableError,
    SourceProblem,
    SourceReport,
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
    "RuntimeFailure",
    "RuntimeRequest",
    "RuntimeResult",
    "SandboxReport",
    "SandboxUnavailableError",
    "SourceProblem",
    "SourceReport",
    "Spawner",
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
