"""Coroutines that are begun at once, and go on in a task only if they have to wait."""

import asyncio

import pytest

from perilune.eager import run_eagerly


class Told:
    """Notes how coroutines have ended."""

    def __init__(self) -> None:
        self.ends: list[tuple[object, BaseException | None]] = []
        self.has_ended = asyncio.Event()

    def done(self, value: object, error: BaseException | None) -> None:
        self.ends.append((value, error))
        self.has_ended.set()


async def test_what_never_waits_has_ended_before_anybody_else_runs():
    told = Told()

    async def work() -> int:
        return 7

    assert run_eagerly(work(), told.done) is None
    assert told.ends == [(7, None)]


async def test_an_error_is_told_and_not_raised():
    told = Told()

    async def work() -> int:
        raise ValueError("no")

    assert run_eagerly(work(), told.done) is None
    [(value, error)] = told.ends
    assert value is None
    assert isinstance(error, ValueError)


async def sleep(event: asyncio.Event) -> str:
    await asyncio.sleep(0)
    return "slept"


async def wait(event: asyncio.Event) -> str:
    await event.wait()
    return "waited"


async def use_a_thread(event: asyncio.Event) -> str:
    return await asyncio.to_thread(lambda: "threaded")


async def take_time(event: asyncio.Event) -> str:
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await event.wait()
    return "in time"


@pytest.mark.parametrize(
    ("work", "value"),
    [(sleep, "slept"), (wait, "waited"), (use_a_thread, "threaded"), (take_time, "in time")],
)
async def test_what_waits_goes_on_in_a_task(work, value):
    told, event = Told(), asyncio.Event()

    task = run_eagerly(work(event), told.done)

    assert task is not None
    assert told.ends == []
    event.set()
    await asyncio.wait_for(told.has_ended.wait(), 10)
    assert told.ends == [(value, None)]


@pytest.mark.parametrize("turns", [0, 1, 2], ids=["at once", "in a turn", "later"])
async def test_a_cancellation_reaches_the_coroutine_where_it_waits(turns):
    told, seen = Told(), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    task = run_eagerly(work(), told.done)
    assert task is not None
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait_for(told.has_ended.wait(), 10)

    assert seen == ["cancelled"]
    [(_, error)] = told.ends
    assert isinstance(error, asyncio.CancelledError)


async def wait_for_another(event: asyncio.Event, left: list[str]) -> None:
    try:
        await event.wait()
    finally:
        left.append("left")


@pytest.mark.parametrize("is_there", [False, True], ids=["waits", "what it waits for is there"])
async def test_a_cancellation_is_never_lost(is_there):
    told, event = Told(), asyncio.Event()
    left: list[str] = []
    task = run_eagerly(wait_for_another(event, left), told.done)
    assert task is not None

    if is_there:
        event.set()
    task.cancel()
    await asyncio.wait_for(told.has_ended.wait(), 10)

    assert left == ["left"]
    [(_, error)] = told.ends
    assert isinstance(error, asyncio.CancelledError)
