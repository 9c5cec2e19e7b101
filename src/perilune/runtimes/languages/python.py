"""Python functions: CPython in workers forked from a zygote of their own.

It is another zygote than Lua's, so that workers of either language hold
nothing of the other's interpreter.
"""

from perilune.runtimes.language import Language
from perilune.runtimes.languages.python_wording import PYTHON_WORDING
from perilune.runtimes.workers.forking import forked

PYTHON = Language(
    name="python",
    open_spawner=forked("perilune.worker.python.interpreter", shares_values=True),
    wording=PYTHON_WORDING,
    warm=1,
    can_check=True,
)
