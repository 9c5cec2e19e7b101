"""Time limits of executions: those that are over strike, but not for a pause of the server."""

import asyncio
import socket
import time

import pytest

from perilune.engine import deadlines
from perilune.engine.deadlines import Deadlines

LIMIT_S = 0.05
PAUSE_S = 0.15


class Execution:
    """Notes that its time is over."""

    def __init__(self) -> None:
        self.was_late = asyncio.Event()

    def late(self) -> None:
        self.was_late.set()


@pytest.fixture(autouse=True)
def short_pauses_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "STOOD_STILL_S", PAUSE_S / 3)
    monkeypatch.setattr(deadlines, "CATCH_UP_S", 0.02)


async def test_what_came_while_the_server_stood_still_came_in_time() -> None:
    execution, limits = Execution(), Deadlines()
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    is_read = asyncio.Event()

    def read() -> None:
        loop.remove_reader(ours)
        del limited[execution]
        is_read.set()

    with ours, theirs:
        limited = limits.start(execution, LIMIT_S)
        loop.add_reader(ours, read)
        theirs.send(b"x")
        time.sleep(PAUSE_S)  # as a paused machine does
        await asyncio.wait_for(is_read.wait(), 30)
        limits.start(other := Execution(), LIMIT_S)
        await asyncio.wait_for(other.was_late.wait(), 30)

    assert not execution.was_late.is_set()


async def test_what_has_not_come_after_a_pause_is_late() -> None:
    execution, limits = Execution(), Deadlines()
    limits.start(execution, LIMIT_S)

    time.sleep(PAUSE_S)

    await asyncio.wait_for(execution.was_late.wait(), 30)


async def test_a_server_that_is_always_slow_has_limits_all_the_same() -> None:
    execution, limits = Execution(), Deadlines()
    limits.start(execution, LIMIT_S)

    for _ in range(5):
        time.sleep(PAUSE_S)
        await asyncio.sleep(0)

    assert execution.was_late.is_set()
