"""Waiting for answers of other processes."""

import asyncio
from typing import Any


async def is_done_within(answer: "asyncio.Future[Any]", seconds: float) -> bool:
    """Wait until *answer* is done, for so long at most; return whether it is.

    The time passes in two halves, since a process that stands still, as one whose machine is paused
    or moved, finds its time over and the answer not yet read: it loses one half at most.
    """
    for _ in range(2):
        await asyncio.wait([answer], timeout=seconds / 2)
        if answer.done():
            return True
    return False
