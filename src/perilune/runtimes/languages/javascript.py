"""JavaScript and TypeScript functions: Deno, started from a zygote that both share."""

import signal
from importlib.util import find_spec

from perilune.runtimes.contract import GuestError, MemoryLimitError, RuntimeFailure
from perilune.runtimes.language import Language
from perilune.runtimes.languages.javascript_wording import JAVASCRIPT_WORDING
from perilune.runtimes.limits import MIB
from perilune.runtimes.report import format_report
from perilune.runtimes.workers.forking import forked

_OUT_OF_MEMORY = (-signal.SIGTRAP, -signal.SIGABRT)
"""How V8 ends a process whose heap is full, and Deno one that gets no more memory."""
_STALLED = 1
"""How Deno ends when nothing is left to do and a module is still being loaded.  It tells nobody
inside, unlike when a handler waits; everything else of ours or the guest's ends otherwise."""
_STALLED_TEXT = (
    "the module never finished loading: an await at its top level waits for something that will"
    " never happen"
)


def _how_ended(status: int, memory_bytes: int) -> RuntimeFailure | None:
    """See `HowEnded`."""
    if status in _OUT_OF_MEMORY:
        text = f"memory limit exceeded: the function may use {memory_bytes // MIB} MiB"
        return MemoryLimitError(_report("memory", text))
    return GuestError(_report("runtime", _STALLED_TEXT)) if status == _STALLED else None


def _report(kind: str, message: str) -> str:
    """Return the error report of a failure that has no place in the source."""
    return format_report(
        kind=kind, message=message, line=None, column=None, source="", wording=JAVASCRIPT_WORDING
    )


_open_spawner = forked("perilune.worker.javascript.launcher")

JAVASCRIPT = Language(
    name="javascript",
    open_spawner=_open_spawner,
    wording=JAVASCRIPT_WORDING,
    warm=1,
    boots=True,
    can_check=True,
    overhead_bytes=128 * MIB,
    how_ended=_how_ended,
)
TYPESCRIPT = Language(
    name="typescript",
    open_spawner=_open_spawner,
    wording=JAVASCRIPT_WORDING,
    warm=1,
    boots=True,
    can_check=True,
    overhead_bytes=128 * MIB,
    how_ended=_how_ended,
)


def is_deno_installed() -> bool:
    """Whether these languages can be used: the extra `perilune[javascript]` brings Deno."""
    return find_spec("deno") is not None
