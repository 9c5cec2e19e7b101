"""Python functions: CPython in workers forked from a zygote of their own.

It is another zygote than Lua's, so that workers of either language hold
nothing of the other's interpreter.
"""

from perilune.runtimes.language import Language, forked
from perilune.runtimes.languages.python_wording import PYTHON_WORDING

PYTHON = Language(
    name="python",
    open_spawner=forked("perilune.worker.python.interpreter"),
    wording=PYTHON_WORDING,
    warm=1,
    can_check=True,
)
