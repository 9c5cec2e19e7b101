"""Makes the standard library importable in a worker that can't open files.

Asking about files and opening them is denied in workers, without exception.
So the zygote puts the compiled modules into one block of memory, which all
workers share and of which only what is imported becomes resident.  Extension
modules are all imported before the lock-down.
"""

import importlib
import importlib.abc
import importlib.machinery
import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence

from perilune.worker.python.archive import PACKAGE_FILE, Source

STDLIB = sysconfig.get_path("stdlib")
# Of no use without a screen, a terminal or files to write, or not meant for programs.
_LEFT_OUT = frozenset(
    {"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages"}
    | {"dist-packages", "lib-dynload", "__pycache__", "curses", "dbm", "venv", "pydoc_data"}
)
_NO_EXTENSIONS = ("_test", "_xx", "xx", "_ctypes_test", "_curses", "_tkinter", "_dbm", "_gdbm")
_UNWANTED_EXTENSIONS = frozenset({"readline", "nis", "ossaudiodev", "spwd"})


def list_modules(directory: str, prefix: str = "") -> Iterator[Source]:
    """Yield the Python modules in a directory, packages entered."""
    with os.scandir(directory) as entries:
        for entry in entries:
            name, ending = os.path.splitext(entry.name)
            if ending == ".py" and name != "__init__" and entry.is_file():
                yield Source(prefix + name, entry.path, entry.path)
            elif not ending and entry.name not in _LEFT_OUT and entry.is_dir():
                start = os.path.join(entry.path, PACKAGE_FILE)
                if os.path.exists(start):
                    yield Source(prefix + entry.name, start, start)
                    yield from list_modules(entry.path, f"{prefix}{entry.name}.")


def import_extensions() -> None:
    """Import every extension module of the standard library that guests may want."""
    directory = os.path.join(STDLIB, "lib-dynload")
    names = {name.partition(".")[0] for name in os.listdir(directory) if name.endswith(".so")}
    for name in sorted(names - _UNWANTED_EXTENSIONS):
        if name.startswith(_NO_EXTENSIONS):
            continue
        try:
            importlib.import_module(name)
        except ImportError:
            # A library of the system that it needs is not installed.
            continue


def leave_only_stdlib(finders: Sequence[importlib.abc.MetaPathFinder]) -> None:
    """Make this process import from *finders* alone, and forget what else it has imported.

    That is no protection: it makes sure that functions find here what they
    find on every other server.
    """
    known = sys.stdlib_module_names
    for name in [name for name in sys.modules if name.partition(".")[0] not in known]:
        if name != "__main__":
            del sys.modules[name]
    sys.meta_path[:] = [
        importlib.machinery.BuiltinImporter,
        importlib.machinery.FrozenImporter,
        *finders,
    ]
    sys.path[:] = []
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()
    # Nor where the server is installed: these are paths that nobody here can open.
    sys.argv[:] = sys.orig_argv[:] = [""]
    sys.executable = ""
