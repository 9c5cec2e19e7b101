"""Python modules in one block of memory, from which a worker that can't open files imports.

The standard library is read into memory in the zygote.  The packages of a
function version are in a file, which a worker maps before its lock-down.
"""

import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import io
import marshal
import mmap
import os
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources.abc import ResourceReader
from pathlib import PurePosixPath
from types import CodeType, ModuleType
from typing import Any, BinaryIO, NamedTuple

import msgspec

PACKAGE_FILE = "__init__.py"
_PYC_HEADER_BYTES = 16
_LENGTH_BYTES = 8
_METADATA = "METADATA"


class Source(NamedTuple):
    """A module to be put into an archive."""

    name: str
    path: str
    """Its file; for a package its `__init__.py`, which may be missing."""
    shown: str
    """What tracebacks call it."""


class Entry(NamedTuple):
    """Where in the archive a module is."""

    path: str
    """What tracebacks call it."""
    is_package: bool
    is_compiled: bool
    start: int
    end: int


class Index(msgspec.Struct, frozen=True, array_like=True):
    """What is in an archive."""

    modules: dict[str, Entry]
    files: dict[str, tuple[int, int]]
    """Other files, by their path below the packages: start and end."""


class Archive(importlib.abc.MetaPathFinder):
    """Finds modules in a block of memory."""

    def __init__(self, index: Index, memory: mmap.mmap) -> None:
        self._index = index
        self._memory = memory

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # where a package's own modules are: not needed
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Return what importing this module takes; None for modules that are not there."""
        entry = self._index.modules.get(fullname)
        if entry is None:
            return None
        # `spec_from_file_location` would put the working directory in front of the path.
        spec = importlib.machinery.ModuleSpec(
            fullname, _Loader(entry, self), origin=entry.path, is_package=entry.is_package
        )
        spec.has_location = True
        if entry.is_package:
            spec.submodule_search_locations = [os.path.dirname(entry.path)]
        return spec

    def find_distributions(
        self,
        context: importlib.metadata.DistributionFinder.Context | None = None,
    ) -> Iterator[importlib.metadata.Distribution]:
        """Yield the packages with this name, or all; for `importlib.metadata`."""
        wanted = None if context is None else context.name
        for path in self._index.files:
            directory, _, name = path.rpartition("/")
            if name == _METADATA and directory.endswith(".dist-info"):
                package = directory.rpartition("/")[2].partition("-")[0]
                if wanted is None or _plain(wanted) == _plain(package):
                    yield _Distribution(self, directory)

    def data(self, start: int, end: int) -> bytes:
        """Return what is between two places."""
        return self._memory[start:end]

    def read(self, path: str) -> bytes:
        """Return what is in a file.

        Raises:
            FileNotFoundError: there is no such file.
        """
        place = self._index.files.get(path)
        if place is None:
            raise FileNotFoundError(path)
        return self.data(*place)

    def names_in(self, directory: str) -> list[str]:
        """Return the names of the files in a directory."""
        prefix = f"{directory}/"
        names = (path.removeprefix(prefix) for path in self._index.files if path.startswith(prefix))
        return [name for name in names if "/" not in name]


class _Loader(importlib.abc.InspectLoader):
    """Loads one module out of an archive."""

    def __init__(self, entry: Entry, archive: Archive) -> None:
        self._entry = entry
        self._archive = archive

    def get_source(self, fullname: str) -> None:
        """Return None: sources are not kept."""

    def get_data(self, path: str) -> bytes:
        """Return what is in a file of the package."""
        return self._archive.read(path)

    def get_resource_reader(self, fullname: str) -> "_Reader":
        """Return what reads the files beside the module."""
        return _Reader(self._archive, os.path.dirname(self._entry.path))

    def get_code(self, fullname: str) -> CodeType:
        """Return the compiled module."""
        entry = self._entry
        data = self._archive.data(entry.start, entry.end)
        if not entry.is_compiled:
            return self.source_to_code(data, entry.path)
        code = marshal.loads(data)  # noqa: S302 - made by this installation of Python
        if not isinstance(code, CodeType):
            raise ImportError(f"{entry.path} is no module", name=fullname)
        return code if code.co_filename == entry.path else _moved(code, entry.path)


def _moved(code: CodeType, path: str) -> CodeType:
    """Return code under another path: that where it was compiled is nobody's business."""
    constants = (_moved(one, path) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.replace(co_filename=path, co_consts=tuple(constants))


class _Reader(ResourceReader):
    """The files of one package."""

    def __init__(self, archive: Archive, directory: str) -> None:
        self._archive = archive
        self._directory = directory

    def open_resource(self, resource: str) -> BinaryIO:
        """Return a file, opened; raises `FileNotFoundError`."""
        return io.BytesIO(self._archive.read(f"{self._directory}/{resource}"))

    def resource_path(self, resource: str) -> str:
        """Raise `FileNotFoundError`: there are no paths."""
        raise FileNotFoundError(resource)

    def is_resource(self, path: str) -> bool:
        """Tell whether there is a file of this name."""
        return path in self.contents()

    def contents(self) -> Iterator[str]:
        """Return the names of all files."""
        return iter(self._archive.names_in(self._directory))


class _Distribution(importlib.metadata.Distribution):
    """What is known of an installed package."""

    def __init__(self, archive: Archive, directory: str) -> None:
        self._archive = archive
        self._directory = directory

    def read_text(self, filename: str) -> str | None:
        """Return a file of its metadata, None if there is none."""
        try:
            return self._archive.read(f"{self._directory}/{filename}").decode("utf-8", "replace")
        except FileNotFoundError:
            return None

    def locate_file(self, path: str | os.PathLike[str]) -> Any:  # Any: differs between versions
        """Return a path that can't be opened."""
        return PurePosixPath(path)


def read_into_memory(modules: Iterable[Source]) -> Archive:
    """Return an archive of these modules, for this process and what it forks."""
    descriptor = os.memfd_create("modules", os.MFD_CLOEXEC)
    with open(descriptor, "wb") as file:
        index = _write(file, modules, ())
        file.flush()
        # Opened anew for reading: a process that maps a file that is open for
        # writing can make the mapping writable later, and all workers would import what it writes.
        with open(f"/proc/self/fd/{descriptor}", "rb") as readable:
            return Archive(index, _mapped(readable))


def write_archive(path: str, modules: Iterable[Source], files: Iterable[tuple[str, str]]) -> None:
    """Write an archive into a new file.

    Args:
        path: the file.
        modules: what can be imported.
        files: other files, each as its path in the archive and where it is.
    """
    with open(path, "xb") as file:
        file.seek(_LENGTH_BYTES)
        index = _write(file, modules, files)
        end = file.tell()
        file.write(msgspec.msgpack.encode(index))
        file.seek(0)
        # Where the index starts; what is before it is addressed from the start of the file.
        file.write(end.to_bytes(_LENGTH_BYTES, "big"))


def open_archive(path: str) -> Archive:
    """Map the file of an archive into memory.

    Raises:
        OSError: it can't be opened.
        ValueError: it is no archive.
    """
    with open(path, "rb") as file:
        memory = _mapped(file)
    start = int.from_bytes(memory[:_LENGTH_BYTES], "big")
    try:
        index = msgspec.msgpack.decode(memory[start:], type=Index)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path} is no archive of modules") from error
    return Archive(index, memory)


def _mapped(file: BinaryIO) -> mmap.mmap:
    """Return a file as memory; who manages to write into it writes into a copy of its own."""
    return mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)


def _write(file: BinaryIO, modules: Iterable[Source], files: Iterable[tuple[str, str]]) -> Index:
    entries, others = {}, {}
    for name, path, shown in modules:
        data, is_compiled = _read_module(path)
        start = file.tell()
        file.write(data)
        is_package = os.path.basename(path) == PACKAGE_FILE
        entries[name] = Entry(shown, is_package, is_compiled, start, file.tell())
    for shown, path in files:
        start = file.tell()
        with open(path, "rb") as source:
            file.write(source.read())
        others[shown] = (start, file.tell())
    return Index(entries, others)


def _read_module(path: str) -> tuple[bytes, bool]:
    """Return a compiled module and True; where there is none, its source and False."""
    try:
        with open(importlib.util.cache_from_source(path), "rb", buffering=0) as file:
            data = file.readall()
    except OSError:
        data = b""
    if data[:4] == importlib.util.MAGIC_NUMBER:
        return data[_PYC_HEADER_BYTES:], True
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall(), False
    except FileNotFoundError:
        return b"", False  # a package that is nothing but a directory


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")
