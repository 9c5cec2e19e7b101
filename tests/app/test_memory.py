"""How much memory there is, as control groups of either version say, and who gets it back."""

import asyncio
import os
from pathlib import Path

import pytest

from bench.processes import resident_bytes
from perilune.app.memory import available_bytes, returning_memory

MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        pytest.param("0::/a/b", {"a/b/memory.max": "300"}, 300, id="version 2"),
        pytest.param("0::/a/b", {"a/b/memory.max": "max", "a/memory.max": "7"}, 7, id="a parent"),
        pytest.param("0::/a/b", {"memory.max": "9"}, 9, id="a container's root"),
        pytest.param("4:memory:/x", {"memory/x/memory.limit_in_bytes": "5"}, 5, id="version 1"),
        pytest.param("4:cpu,memory:/x", {"memory/memory.limit_in_bytes": "6"}, 6, id="its root"),
        pytest.param("4:cpu:/x", {"cpu/x/memory.max": "6"}, MACHINE, id="another controller"),
        pytest.param("0::/a", {"a/memory.max": "max"}, MACHINE, id="no limit"),
        pytest.param("0::/a", {"a/memory.max": str(2**62)}, MACHINE, id="more than there is"),
        pytest.param("", {}, MACHINE, id="no groups"),
    ],
)
def test_the_smallest_limit_counts(tmp_path: Path, own, files, expected):
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_text(text + "\n")

    assert available_bytes(tmp_path / "root", tmp_path / "own") == expected


def test_without_proc_it_is_the_machine(tmp_path: Path):
    assert available_bytes(tmp_path, tmp_path / "missing") == MACHINE


async def test_memory_that_is_free_goes_back_to_the_system() -> None:
    """Also what lies below memory that is still in use, which the C library keeps by itself."""
    blocks = [bytes(100_000) for _ in range(400)]
    most = resident_bytes(os.getpid())
    del blocks[:-1]

    async with asyncio.timeout(30), returning_memory(0.01):
        while resident_bytes(os.getpid()) > most - 20 * MIB:
            await asyncio.sleep(0.01)

    assert len(blocks) == 1
