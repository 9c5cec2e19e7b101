"""A process that was killed while it wrote: what is left of its files is a store in order."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from perilune.store import open_store
from tests.store.sqlite.file import rows

ANSWERED = 400
WRITING = """
import asyncio, sys
from pathlib import Path
from perilune.store import Execution, Function, open_store
from perilune.store.sqlite.connection import checkpoints

async def work(path, writers, is_copied):
    if not is_copied:
        checkpoints.CHECKPOINT_PAUSE_S = 3600
    async with open_store(path) as store:
        await store.create_function(Function(id="f", name="n"))
        version = await store.create_version("f", "return 1")
        async def write(start):
            for number in range(start, start + 100000, writers):
                await store.create_execution(
                    Execution(id=f"{number}", function_id="f", function_version_id=version.id)
                )
                print(number, flush=True)
        await asyncio.gather(*(write(start) for start in range(writers)))
asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "copied"))
"""
"""Prints the number of each execution as soon as it is told that it is committed."""


def index_of_log(path: Path) -> Path:
    return path.with_name(f"{path.name}-shm")


def answered_by_a_killed_process(
    path: Path,
    *,
    writers: int = 8,
    is_log_copied: bool = True,
    halfway: Callable[[], object] = lambda: None,
) -> list[int]:
    """Write executions in a process that is killed meanwhile; return those it was told of."""
    copied = "copied" if is_log_copied else "not copied"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITING, str(path), str(writers), copied],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        answered = [int(output.readline()) for _ in range(ANSWERED // 2)]
        halfway()
        answered += [int(output.readline()) for _ in range(ANSWERED // 2)]
        process.kill()
        answered += [int(line) for line in output if line.endswith("\n")]
    process.wait()
    return answered


def recovered_from(path: Path) -> set[int]:
    """Open the store, which has to be in order; return the executions that it had to close."""

    async def reopen() -> tuple[int, list[str]]:
        async with open_store(path) as store:
            return await store.recover_pending(2**40), await store.check_integrity()

    recovered, problems = asyncio.run(reopen())

    assert problems == []
    stored = {int(str(row[0])) for row in rows(path, "SELECT id FROM executions")}
    assert recovered == len(stored) > 0
    return stored


@pytest.mark.parametrize("is_index_removed", [False, True], ids=["", "index removed"])
def test_answered_executions_survive_a_kill(path, is_index_removed):
    """Also when the index of the log, `-shm`, was removed while it was in use."""
    halfway = (lambda: index_of_log(path).unlink()) if is_index_removed else (lambda: None)

    answered = answered_by_a_killed_process(path, halfway=halfway)

    assert not (is_index_removed and index_of_log(path).exists())
    assert set(answered) <= recovered_from(path)


def test_a_log_that_lost_its_end_costs_the_last_commits_alone(path):
    """As a power failure leaves it: what was not yet copied into the database may be cut off."""
    answered = answered_by_a_killed_process(path, writers=1, is_log_copied=False)
    log = path.with_name(f"{path.name}-wal")
    os.truncate(log, log.stat().st_size * 3 // 4)
    index_of_log(path).unlink()

    stored = recovered_from(path)

    assert stored == set(range(len(stored)))
    assert ANSWERED // 2 < len(stored) < len(answered)
