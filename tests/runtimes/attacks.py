"""Hostile functions beside innocent ones, which must not notice."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from perilune.store import ExecutionStatus
from tests.runtimes.conftest import TIMEOUT_S, WORKERS, Box

INNOCENT = {
    "lua": "function handler() return { body = 'fine' } end",
    "python": "def handler(ctx, event):\n    return 'fine'",
    "javascript": "export default () => 'fine';",
}
"""A function that answers `fine`, in each language."""
LIMIT_S = 1
"""What hostile functions are given when they are not expected to end by themselves."""
GRACE_S = 5.0
"""How much later an execution may end: other processes want the machine too."""
PAUSE_S = 0.002
"""Between two calls of the innocent function, so that hostile ones get some of the machine."""


TOGETHER = WORKERS - 1
"""Hostile functions at a time; the innocent one has the last worker."""


def together(cases: Sequence[ParameterSet]) -> list[ParameterSet]:
    """Return cases of a few codes each, which are attacks at the same time."""
    return [
        pytest.param(
            [str(case.values[0]) for case in few], id=", ".join(str(case.id) for case in few)
        )
        for few in (cases[at : at + TOGETHER] for at in range(0, len(cases), TOGETHER))
    ]


async def attack(box: Box, code: str | Sequence[str], kinds: set[str]) -> None:
    """Run hostile functions at a time: errors of one of *kinds*, in time, and nobody must notice.

    Args:
        box: where they run.
        code: of each function; if it is one text, it runs twice.
        kinds: of errors, one of which each execution ends with.
    """
    # What ends by itself may take as long as a busy machine needs.
    limit_s = LIMIT_S if "timeout" in kinds else int(TIMEOUT_S)
    codes = [code, code] if isinstance(code, str) else code
    hostile = [await box.add(one, timeout_s=limit_s) for one in codes]
    innocent = await box.add(INNOCENT[box.language])
    await box.call(innocent)
    started = time.monotonic()
    attackers = asyncio.gather(*map(box.call, hostile))
    answered = 0
    while not attackers.done():
        other = await box.call(innocent)
        assert other.error is None, other.error
        answered += 1
        await asyncio.sleep(PAUSE_S)
    elapsed_s = time.monotonic() - started

    for result in await attackers:
        record = await box.record(result)
        assert record.status == ExecutionStatus.ERROR, result.response
        assert record.error_kind in kinds, (record.error_kind, record.error_message)
        assert record.error_message
    assert elapsed_s < limit_s + GRACE_S
    assert answered > 0
    assert (await box.call(innocent)).error is None


def resident_bytes() -> int:
    """Return the memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
