"""Makes the standard library importable in a worker that can't open files.

Asking about files and opening them is denied in workers, without exception.
So the zygote puts the compiled modules into one block of memory, which all
workers share and of which only what is imported becomes resident.  Extension
modules are all imported before the lock-down.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import marshal
import mmap
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from types import CodeType, ModuleType
from typing import NamedTuple

STDLIB = sysconfig.get_path("stdlib")
# Of no use without a screen, a terminal or files to write, or not meant for programs.
_LEFT_OUT = frozenset(
    {"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages"}
    | {"dist-packages", "lib-dynload", "__pycache__", "curses", "dbm", "venv", "pydoc_data"}
)
_NO_EXTENSIONS = ("_test", "_xx", "xx", "_ctypes_test", "_curses", "_tkinter", "_dbm", "_gdbm")
_UNWANTED_EXTENSIONS = frozenset({"readline", "nis", "ossaudiodev", "spwd"})
_PACKAGE_FILE = "__init__.py"
_PYC_HEADER_BYTES = 16


class Entry(NamedTuple):
    """Where in the archive a module is."""

    path: str
    """The file it was made from; for tracebacks."""
    is_package: bool
    is_compiled: bool
    start: int
    end: int


class Archive(importlib.abc.MetaPathFinder):
    """Finds modules in a block of memory."""

    def __init__(self, modules: Iterable[tuple[str, str]]) -> None:
        """Read every module, given by name and path of its source."""
        self._entries: dict[str, Entry] = {}
        descriptor = os.memfd_create("stdlib", os.MFD_CLOEXEC)
        with open(descriptor, "wb") as file:
            for name, path in modules:
                data, is_compiled = _read(path)
                start = file.tell()
                file.write(data)
                is_package = os.path.basename(path) == _PACKAGE_FILE
                self._entries[name] = Entry(path, is_package, is_compiled, start, file.tell())
            file.flush()
            self._memory = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # where a package's own modules are: not needed
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Return what importing this module takes; None for modules that are not there."""
        entry = self._entries.get(fullname)
        if entry is None:
            return None
        return importlib.util.spec_from_file_location(
            fullname,
            entry.path,
            loader=_Loader(entry, self._memory),
            submodule_search_locations=[os.path.dirname(entry.path)] if entry.is_package else None,
        )


class _Loader(importlib.abc.InspectLoader):
    """Loads one module out of an archive."""

    def __init__(self, entry: Entry, memory: mmap.mmap) -> None:
        self._entry = entry
        self._memory = memory

    def get_source(self, fullname: str) -> None:
        """Return None: sources are not kept."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the compiled module."""
        entry = self._entry
        data = self._memory[entry.start : entry.end]
        if not entry.is_compiled:
            return self.source_to_code(data, entry.path)
        code = marshal.loads(data)  # noqa: S302 - made by this installation of Python
        if not isinstance(code, CodeType):
            raise ImportError(f"{entry.path} is no module", name=fullname)
        return code


def _read(path: str) -> tuple[bytes, bool]:
    """Return a compiled module and True; where there is none, its source and False."""
    try:
        with open(importlib.util.cache_from_source(path), "rb", buffering=0) as file:
            data = file.readall()
    except OSError:
        data = b""
    if data[:4] == importlib.util.MAGIC_NUMBER:
        return data[_PYC_HEADER_BYTES:], True
    with open(path, "rb", buffering=0) as file:
        return file.readall(), False


def list_modules(directory: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield names and paths of the Python modules in a directory, packages entered."""
    with os.scandir(directory) as entries:
        for entry in entries:
            name, ending = os.path.splitext(entry.name)
            if ending == ".py" and name != "__init__" and entry.is_file():
                yield prefix + name, entry.path
            elif not ending and entry.name not in _LEFT_OUT and entry.is_dir():
                start = os.path.join(entry.path, _PACKAGE_FILE)
                if os.path.exists(start):
                    yield prefix + entry.name, start
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
    sys.argv[:] = [""]
