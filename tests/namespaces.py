"""Processes with a file system of their own, which takes no root where user namespaces exist."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNSHARE = ("unshare", "-rm")


def _are_available() -> bool:
    return (
        shutil.which("unshare") is not None
        and not subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode
    )


needs_namespaces = pytest.mark.skipif(not _are_available(), reason="no user namespaces here")


def run_python(*arguments: str, before: tuple[str, ...] = (), timeout_s: float = 60) -> str:
    """Run the interpreter, behind the command *before*; return what it wrote, if it succeeded."""
    done = subprocess.run(
        [*before, sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def mount_small_disk(place: Path, mebibytes: int) -> None:
    """Mount a file system of so many MiB; only this process and its children see it."""
    size = f"size={mebibytes}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", str(place)], check=True)


def fill_disk(file: Path) -> None:
    """Write to *file* until nothing is free, as another program might."""
    with file.open("ab", buffering=0) as filling:
        for part in (65536, 4096):
            try:
                while True:
                    filling.write(bytes(part))
            except OSError:
                pass
