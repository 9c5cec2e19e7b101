"""How often a function may be called."""

import math
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.api.calls.rate_limit import (
    MAX_REMEMBERED,
    CallCounter,
    RateLimiter,
    SharedRateLimiter,
)
from perilune.store import IN_MEMORY, open_store


class Now:
    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        return self.time


def limiter() -> tuple[RateLimiter, Now]:
    now = Now()
    return RateLimiter(now), now


@pytest.fixture(params=["own", "shared"])
async def counted(request) -> AsyncIterator[tuple[CallCounter, Now]]:
    """The counts of one server, and those of all."""
    if request.param == "own":
        yield limiter()
        return
    now = Now()
    async with open_store(IN_MEMORY, clock=now) as store:
        yield SharedRateLimiter(store.limits), now


async def test_all_calls_may_come_at_once_and_then_one_by_one(counted):
    limits, now = counted

    quotas = [await limits.take("f", 3, 60) for _ in range(4)]

    assert [one.retry_s for one in quotas] == [0, 0, 0, 20]
    assert [one.remaining for one in quotas] == [2, 1, 0, 0]
    assert [one.reset_s for one in quotas] == [20, 40, 60, 60]
    now.time += 19.9
    assert (await limits.take("f", 3, 60)).retry_s == 1
    now.time += 0.1
    assert (await limits.take("f", 3, 60)).retry_s == 0
    assert (await limits.take("f", 3, 60)).retry_s == 20


async def test_a_refused_call_counts_for_nothing(counted):
    limits, now = counted
    await limits.take("f", 1, 10)

    for _ in range(100):
        assert (await limits.take("f", 1, 10)).retry_s == 10
    now.time += 10

    assert (await limits.take("f", 1, 10)).retry_s == 0


async def test_functions_do_not_share_a_limit(counted):
    limits, _ = counted

    assert (await limits.take("f", 1, 10)).retry_s == 0
    assert (await limits.take("g", 1, 10)).retry_s == 0


async def test_a_shorter_window_takes_effect_at_once(counted):
    limits, now = counted
    await limits.take("f", 1, 86400)

    assert (await limits.take("f", 1, 5)).retry_s == 5
    now.time += 5
    assert (await limits.take("f", 1, 5)).retry_s == 0


async def test_headers_are_those_of_the_draft(counted):
    limits, _ = counted

    first, second = await limits.take("f", 1, 60), await limits.take("f", 1, 60)

    assert first.headers() == [
        (b"ratelimit-policy", b'"default";q=1;w=60'),
        (b"ratelimit", b'"default";r=0;t=60'),
    ]
    assert second.headers()[1] == (b"ratelimit", b'"default";r=0;t=60')


async def test_memory_is_bounded():
    limits, now = limiter()
    for number in range(MAX_REMEMBERED):
        await limits.take(f"f{number}", 1, 10)
    now.time += 1

    for number in range(100):
        assert (await limits.take(f"g{number}", 1, 10)).retry_s == 0

    assert (await limits.take("g99", 1, 10)).retry_s == 10
    assert len(limits._full_at) <= MAX_REMEMBERED


@given(
    limit=st.integers(1, 20),
    window=st.integers(1, 100),
    pauses=st.lists(st.floats(0, 30, allow_nan=False), max_size=60),
)
async def test_no_more_than_a_full_bucket_and_its_refill_are_ever_admitted(limit, window, pauses):
    """A bucket that is counted the long way decides the same."""
    limits, now = limiter()
    bucket, last = float(limit), now.time

    for pause in pauses:
        now.time += pause
        bucket = min(limit, bucket + (now.time - last) * limit / window)
        last = now.time
        quota = await limits.take("f", limit, window)
        if abs(bucket - 1) < 1e-4:
            return  # too close to tell
        assert (quota.retry_s == 0) is (bucket >= 1)
        if bucket >= 1:
            bucket -= 1
            assert quota.remaining in (int(bucket), int(bucket + 1e-4))
        else:
            assert quota.retry_s == pytest.approx(
                max(1, math.ceil((1 - bucket) * window / limit)), abs=1
            )
