"""Where Python finds Perilune and what it needs, for processes that are started isolated.

Isolated mode and no `site` keep start files and variables of the user out, so this process's own
search path is handed over.
"""

import sys
from collections.abc import Iterable
from pathlib import Path


def import_path(before: Iterable[str | Path] = ()) -> list[str]:
    """Return directories as absolute paths, each once: *before*, then this process's own.

    The directory of this very package is added for installations that find it by an import hook.
    """
    own = filter(None, sys.path)
    known = [*map(Path, before), *map(Path, own), Path(__file__).parents[1]]
    return list(dict.fromkeys(str(directory.absolute()) for directory in known))
