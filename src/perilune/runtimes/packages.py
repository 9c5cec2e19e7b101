"""Installs the packages that versions require, each set once, into files that workers import from.

pip only unpacks wheels here: nothing is built, and no code of a package is
run outside the sandbox.  What is installed is named by its content.
"""

import asyncio
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from perilune.errors import PeriluneError
from perilune.runtimes.limits import MIB
from perilune.runtimes.requirements import pinned_requirements
from perilune.worker.python.archive import PACKAGE_FILE, Source, write_archive

TIME_LIMIT_S = 300.0
SIZE_LIMIT_BYTES = 256 * MIB
MAX_LOG_CHARS = 256 * 1024

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


class PackagesError(PeriluneError):
    """The packages could not be installed; the message says why, the log says more."""

    code = "packages_error"


class Packages:
    """Sets of installed packages, in a directory of the server."""

    def __init__(
        self, directory: Path, environment: Mapping[str, str], python: str = sys.executable
    ) -> None:
        """Take the directory, and the server's environment for what tells pip where packages are.

        Nothing is done before the first set is installed.
        """
        self._directory = directory
        self._python = python
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

    async def install(self, requirements: str) -> None:
        """Install a set of packages, if that has not been done.

        Raises:
            RequirementsError: these are no requirements.
            PackagesError: they can't be installed.
        """
        path = self.path_of(requirements)
        async with self._installing:
            if path.exists():
                return
            self._directory.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._directory, prefix=".new-") as folder:
                await self._install(pinned_requirements(requirements), Path(folder), path)

    async def _install(self, lines: list[str], folder: Path, path: Path) -> None:
        """Have pip unpack the packages in *folder*, and put them into the file *path*."""
        wanted, target, packed = folder / "requirements.txt", folder / "target", folder / "packed"
        wanted.write_text("\n".join(lines) + "\n")
        target.mkdir()
        status, log = await self._run_pip(["--target", str(target), "-r", str(wanted)], folder)
        path.with_suffix(".log").write_text(log[-MAX_LOG_CHARS:])
        if status:
            raise PackagesError(f"the packages can't be installed: {_reason(log)}")
        size = sum(one.stat().st_size for one in target.rglob("*") if one.is_file())
        if size > SIZE_LIMIT_BYTES:
            raise PackagesError(f"the packages are larger than {SIZE_LIMIT_BYTES // MIB} MiB")
        await asyncio.to_thread(
            write_archive, str(packed), list(_modules(target)), list(_files(target))
        )
        packed.chmod(0o444)
        packed.replace(path)

    async def _run_pip(self, arguments: list[str], folder: Path) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            self._python,
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
        try:
            async with asyncio.timeout(TIME_LIMIT_S):
                output, _ = await process.communicate()
        except TimeoutError:
            raise PackagesError(f"pip took longer than {TIME_LIMIT_S:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, output.decode("utf-8", "replace")

    def _log_path(self, requirements: str) -> Path:
        return self.path_of(requirements).with_suffix(".log")


def remove_rests(directory: Path) -> None:
    """Remove what installations that were interrupted have left behind."""
    for rest in directory.glob(".new-*"):
        shutil.rmtree(rest, ignore_errors=True)


def _id_of(lines: list[str]) -> str:
    """Return the name of a set of packages, which depends on the Python it is for."""
    parts = [sys.implementation.cache_tag or "", sys.platform, os.uname().machine, *lines]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def _reason(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
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


def _files(target: Path) -> Iterator[tuple[str, str]]:
    """Yield the files that are no modules, as their path in the archive and where they are."""
    for path in sorted(target.rglob("*")):
        is_module = path.suffix in (".py", ".pyc") or path.suffix in _NATIVE
        if path.is_file() and not path.is_symlink() and not is_module:
            yield f"{_PREFIX}/{path.relative_to(target).as_posix()}", str(path)
