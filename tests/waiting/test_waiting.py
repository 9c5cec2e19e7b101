"""A limit is for those who answer, not for a process that stands still itself."""

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from perilune.waiting import is_done_within

LIMIT_S = 0.2


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


async def test_an_answer_that_came_while_this_process_stood_still_is_read(ends) -> None:
    ours, theirs = ends
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()
    loop.add_reader(ours, lambda: answer.set_result(ours.recv(1)))

    def stand_still() -> None:
        theirs.send(b"x")
        time.sleep(2 * LIMIT_S)  # as a paused machine does

    loop.call_soon(stand_still)

    assert await is_done_within(answer, LIMIT_S)
    loop.remove_reader(ours)
    assert answer.result() == b"x"


async def test_what_does_not_come_in_time_is_not_done_and_not_cancelled() -> None:
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    assert not await is_done_within(answer, 0.02)

    assert not answer.done()
