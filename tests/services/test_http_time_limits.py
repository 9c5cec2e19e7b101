"""Time limits that one timer looks after."""

import asyncio

import pytest

from perilune.services.http.time_limits import TimeLimits


async def _waits(limits: TimeLimits, seconds: float, ended: list[float]) -> None:
    limit = asyncio.timeout_at(None)
    limits.start(limit, asyncio.get_running_loop().time() + seconds)
    try:
        with pytest.raises(TimeoutError):
            async with limit:
                await asyncio.Event().wait()
        ended.append(seconds)
    finally:
        limits.stop(limit)


async def test_each_ends_at_its_own_time():
    limits = TimeLimits()
    ended: list[float] = []
    begun = asyncio.get_running_loop().time()

    await asyncio.gather(*(_waits(limits, one, ended) for one in (0.06, 0.02, 0.04, 0.0)))

    assert ended == [0.0, 0.02, 0.04, 0.06]
    assert asyncio.get_running_loop().time() - begun >= 0.06


async def test_what_has_ended_by_itself_is_left_alone():
    limits = TimeLimits()
    ended: list[float] = []
    limit = asyncio.timeout_at(None)
    limits.start(limit, asyncio.get_running_loop().time() + 0.01)
    async with limit:
        limits.stop(limit)
        await _waits(limits, 0.03, ended)

    assert ended == [0.03]
    assert not limit.expired()
