"""Installs the packages that versions require, each set once, into files that workers import from.

pip only unpacks wheels here: nothing is built, and no code of a package is
run outside the sandbox.  What is installed is named by its content.  A wheel
can mean far more than its own size, on the disk and to the compiler, so pip
has limits, and what it writes is watched.
"""

import asyncio
import hashlib
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from perilune.clock import WallClock, wall_clock
from perilune.errors import PeriluneError
from perilune.runtimes.limits import MIB
from perilune.runtimes.packages.requirements import RequirementsError, pinned_requirements
from perilune.worker.python.archive import PACKAGE_FILE, Source, write_archive

TIME_LIMIT_S = 300.0
SIZE_LIMIT_BYTES = 256 * MIB
MAX_FILES = 50_000
PIP_MEMORY_BYTES = 1024 * MIB
LOOK_INTERVAL_S = 0.1
LOOK_REST = 9
"""How much longer than the last look the pause before the next one is."""
MAX_LOG_CHARS = 256 * 1024
UNUSED_KEPT_S = 36 * 3600.0
"""How long a set stays that was last wanted, or seen to be in use, then.

More than a day, as the look is daily: a version that has just been deleted may still be running,
and one that has just got its packages may not be stored yet.
"""

_OPTIONS = (
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
    "--no-input",
    "--disable-pip-version-check",
    "--no-color",
    "--progress-bar=off",
)
_PASSED_ON = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_NATIVE = frozenset({".so", ".pyd", ".dylib"})
_PREFIX = "packages"
_LEFT_OUT = "left out, as functions can't load compiled parts: "


class PackagesError(PeriluneError):
    """The packages could not be installed; the message says why, the log says more."""

    code = "packages_error"


class Packages:
    """Sets of installed packages, in a directory of the server."""

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        python: str = sys.executable,
        clock: WallClock = wall_clock,
    ) -> None:
        """Take the directory, and the server's environment for what tells pip where packages are.

        Nothing is done before the first set is installed.
        """
        # pip works in a folder of its own, where a relative path means something else.
        self._directory = directory.absolute()
        self._python = python
        self._clock = clock
        self._environment = {
            name: value
            for name, value in environment.items()
            if name in _PASSED_ON or name.startswith("PIP_") or name.lower().endswith("_proxy")
        }
        self._installing = asyncio.Lock()

    def path_of(self, requirements: str) -> Path:
        """Return the file of a set of packages, which may not exist.

        Raises:
            RequirementsError: these are no requirements.
        """
        return self._directory / f"{_id_of(pinned_requirements(requirements))}.packages"

    def log_of(self, requirements: str) -> str | None:
        """Return what pip said when this set was last installed, None if it never was.

        Raises:
            RequirementsError: these are no requirements.
        """
        try:
            return self._log_path(requirements).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None

    def left_out(self, requirements: str) -> list[str]:
        """Return the compiled parts of an installed set, which functions can't load.

        Raises:
            RequirementsError: these are no requirements.
        """
        lines = (self.log_of(requirements) or "").splitlines()
        return [one.removeprefix(_LEFT_OUT) for one in lines if one.startswith(_LEFT_OUT)]

    async def install(self, requirements: str) -> None:
        """Install a set of packages, if that has not been done.

        Raises:
            RequirementsError: these are no requirements.
            PackagesError: they can't be installed.
        """
        path = self.path_of(requirements)
        async with self._installing:
            if _claim(path):
                return
            self._directory.mkdir(mode=0o700, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self._directory, prefix=".new-"))
            try:
                await self._install(pinned_requirements(requirements), folder, path)
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def remove_unused(self, used: Collection[str]) -> int:
        """Remove the sets that nobody has wanted for a while; return how many.

        Args:
            used: the requirements of all versions.
        """
        ids = set()
        for requirements in used:
            with suppress(RequirementsError):
                ids.add(self.path_of(requirements).stem)
        before = self._clock() - UNUSED_KEPT_S
        return await asyncio.to_thread(_remove_unused, self._directory, ids, before)

    async def _install(self, lines: list[str], folder: Path, path: Path) -> None:
        """Have pip unpack the packages in *folder*, and put them into the file *path*."""
        wanted, target, packed = folder / "requirements.txt", folder / "target", folder / "packed"
        wanted.write_text("\n".join(lines) + "\n")
        target.mkdir()
        status, log = await self._run_pip(["--target", str(target), "-r", str(wanted)], folder)
        record = folder / "log"
        record.touch(mode=0o600)
        record.write_text(log[-MAX_LOG_CHARS:])
        record.replace(path.with_suffix(".log"))
        if status:
            # Where the server's data is, is of no use to whoever deploys.
            reason = _reason(log.replace(f"{folder}{os.sep}", ""))
            raise PackagesError(f"the packages can't be installed: {reason}")
        try:
            await asyncio.to_thread(_pack, target, packed)
        except (OSError, RecursionError, UnicodeError) as error:
            raise PackagesError(
                f"what the packages consist of can't be read: {type(error).__name__}"
            ) from error
        with path.with_suffix(".log").open("a") as record_of_it:
            record_of_it.writelines(f"{_LEFT_OUT}{one}\n" for one in _native_parts(target))
        packed.replace(path)

    async def _run_pip(self, arguments: list[str], folder: Path) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            self._python,
            "-P",  # nothing is imported from the folder that packages are unpacked in
            "-m",
            "pip",
            "install",
            *_OPTIONS,
            *arguments,
            cwd=folder,
            env={**self._environment, "TMPDIR": str(folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        _limit(process.pid)
        talk = asyncio.create_task(process.communicate())
        growth = asyncio.create_task(_outgrown(folder))
        try:
            done, _ = await asyncio.wait(
                {talk, growth}, timeout=TIME_LIMIT_S, return_when=asyncio.FIRST_COMPLETED
            )
            if growth in done:
                growth.result()  # raises what was too much
            if talk not in done:
                raise PackagesError(f"pip took longer than {TIME_LIMIT_S:g} s")
            output, _ = talk.result()
        finally:
            growth.cancel()
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
            await asyncio.wait({talk, growth})
        return process.returncode or 0, output.decode("utf-8", "replace")

    def _log_path(self, requirements: str) -> Path:
        return self.path_of(requirements).with_suffix(".log")


def remove_leftovers(directory: Path) -> None:
    """Remove what installations and removals that were interrupted have left behind."""
    for rest in directory.glob(".new-*"):
        shutil.rmtree(rest, ignore_errors=True)
    for rest in directory.glob("*.unused"):
        rest.unlink(missing_ok=True)


def _claim(path: Path) -> bool:
    """Have a set stay for a while, also if no version requires it; return whether it is there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _remove_unused(directory: Path, used: Collection[str], before: float) -> int:
    """Remove sets that are not *used* and were last claimed *before*; workers keep what they read.

    The age of a file is when it was last claimed, or last seen to be in use here.
    """
    removed = 0
    for path in directory.glob("*.packages"):
        if path.stem in used:
            _claim(path)
        elif path.stat().st_mtime < before:
            aside = path.with_suffix(".unused")
            path.rename(aside)
            if aside.stat().st_mtime < before:
                aside.unlink()
                removed += 1
            else:  # it was claimed before it was put aside
                aside.rename(path)
    for log in directory.glob("*.log"):
        is_needed = log.stem in used or log.with_suffix(".packages").exists()
        if not is_needed and log.stat().st_mtime < before:
            log.unlink(missing_ok=True)
    return removed


def _limit(pid: int) -> None:
    """Limit the memory of a process, and the size of files it writes.

    It has not come further than its own start by now.
    """
    for kind, most in (
        (resource.RLIMIT_AS, PIP_MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, SIZE_LIMIT_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, kind)
            if hard != resource.RLIM_INFINITY:
                most = min(most, hard)
            resource.prlimit(pid, kind, (most, most))


async def _outgrown(folder: Path) -> None:
    """Watch a folder that pip is working in.

    It holds what was downloaded beside what is unpacked, so it may be twice as large.

    Raises:
        PackagesError: it has become larger than it may be.
    """
    took_s = 0.0
    while True:
        # Looking at very many files is work, too.
        await asyncio.sleep(max(LOOK_INTERVAL_S, LOOK_REST * took_s))
        started = time.monotonic()
        await asyncio.to_thread(_check_size, folder, 2)
        took_s = time.monotonic() - started


def _check_size(folder: Path, times: int = 1) -> None:
    """Raise `PackagesError` when a folder holds more than some times what packages may hold."""
    size = files = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                size += os.lstat(os.path.join(parent, name)).st_size
        files += len(names)
        if size > times * SIZE_LIMIT_BYTES:
            raise PackagesError(f"the packages are larger than {SIZE_LIMIT_BYTES // MIB} MiB")
        if files > times * MAX_FILES:
            raise PackagesError(f"the packages consist of more than {MAX_FILES} files")


def _pack(target: Path, packed: Path) -> None:
    """Put what was unpacked into one file that workers can read.

    Raises:
        PackagesError: it is too much.
    """
    _check_size(target)
    write_archive(str(packed), list(_modules(target)), list(_files(target)))
    packed.chmod(0o444)


def _id_of(lines: list[str]) -> str:
    """Return the name of a set of packages, which depends on the Python it is for."""
    parts = [sys.implementation.cache_tag or "", sys.platform, os.uname().machine, *lines]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def _reason(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    if errors == ["Exception:"]:
        return lines[-1]  # a traceback is above it
    return (errors or lines or ["pip said nothing"])[0]


def _modules(target: Path, prefix: str = "", shown: str = _PREFIX) -> Iterator[Source]:
    """Yield everything below a directory that can be imported; links are not followed."""
    for entry in sorted(os.scandir(target), key=lambda one: one.name):
        name, ending = os.path.splitext(entry.name)
        if ending == ".py" and name.isidentifier() and name != "__init__":
            if entry.is_file(follow_symlinks=False):
                yield Source(prefix + name, entry.path, f"{shown}/{entry.name}")
        elif ending or not name.isidentifier() or name == "__pycache__":
            continue
        elif entry.is_dir(follow_symlinks=False):
            inner = f"{shown}/{name}"
            start = os.path.join(entry.path, PACKAGE_FILE)
            yield Source(prefix + name, start, f"{inner}/{PACKAGE_FILE}")
            yield from _modules(Path(entry.path), f"{prefix}{name}.", inner)


def _native_parts(target: Path) -> list[str]:
    return sorted(
        one.relative_to(target).as_posix() for one in target.rglob("*") if one.suffix in _NATIVE
    )


def _files(target: Path) -> Iterator[tuple[str, str]]:
    """Yield the files that are no modules, as their path in the archive and where they are."""
    for path in sorted(target.rglob("*")):
        is_module = path.suffix in (".py", ".pyc") or path.suffix in _NATIVE
        if path.is_file() and not path.is_symlink() and not is_module:
            yield f"{_PREFIX}/{path.relative_to(target).as_posix()}", str(path)
