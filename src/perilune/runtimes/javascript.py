"""JavaScript and TypeScript functions: Deno, started from a zygote that both share."""

from importlib.util import find_spec

from perilune.runtimes.javascript_wording import JAVASCRIPT_WORDING
from perilune.runtimes.language import Language, forked
from perilune.runtimes.limits import MIB

_open_spawner = forked("perilune.worker.javascript.launcher")

JAVASCRIPT = Language(
    name="javascript",
    open_spawner=_open_spawner,
    wording=JAVASCRIPT_WORDING,
    warm=1,
    can_check=True,
    overhead_bytes=128 * MIB,
)
TYPESCRIPT = Language(
    name="typescript",
    open_spawner=_open_spawner,
    wording=JAVASCRIPT_WORDING,
    warm=1,
    can_check=True,
    overhead_bytes=128 * MIB,
)


def is_deno_installed() -> bool:
    """Whether these languages can be used: the extra `perilune[javascript]` brings Deno."""
    return find_spec("deno") is not None
