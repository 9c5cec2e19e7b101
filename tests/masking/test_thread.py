"""Masking in threads: others get the interpreter soon, and only as long as that is needed."""

import asyncio
import sys
import threading
from functools import partial

import pytest

from perilune.masking import MaskingThread
from perilune.masking.thread import TURN_S

ENDS_S = 10.0


@pytest.fixture
def usual_s():
    """Return the switch interval that others have set."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    yield 0.0005
    sys.setswitchinterval(before)


@pytest.fixture
def threads():
    pair = MaskingThread("first"), MaskingThread("second")
    yield pair
    for thread in pair:
        thread.close()


async def test_turns_are_short_until_the_last_masking_has_ended(usual_s, threads) -> None:
    begun, ends = threading.Barrier(3), [threading.Event(), threading.Event()]

    def until(end: threading.Event) -> None:
        begun.wait(ENDS_S)
        assert end.wait(ENDS_S)

    maskings = [
        asyncio.ensure_future(thread.run(partial(until, end)))
        for thread, end in zip(threads, ends, strict=True)
    ]
    await asyncio.to_thread(begun.wait, ENDS_S)
    ends[0].set()
    await maskings[0]
    assert sys.getswitchinterval() == pytest.approx(TURN_S)
    ends[1].set()
    await maskings[1]

    assert sys.getswitchinterval() == pytest.approx(usual_s)


async def test_turns_are_as_long_as_before_when_masking_fails(usual_s, threads) -> None:
    def fail() -> None:
        raise ValueError("no text")

    with pytest.raises(ValueError, match="no text"):
        await threads[0].run(fail)

    assert sys.getswitchinterval() == pytest.approx(usual_s)
