"""What servers on one database count together."""

import asyncio

from perilune.store import FailedAttempts, Store
from tests.store.helpers import NOW


async def test_a_message_is_new_once_for_each_function(store: Store) -> None:
    limits = store.limits

    at_once = await asyncio.gather(*(limits.is_new("f", b"m", NOW + 10) for _ in range(5)))

    assert sorted(at_once) == [False, False, False, False, True]
    assert await limits.is_new("g", b"m", NOW + 10)
    assert await limits.is_new("f", b"other", NOW + 10)


async def test_no_more_calls_are_taken_than_there_are(store: Store, clock) -> None:
    """Many intervals add up to the window, although none of them is a number of seconds."""
    taken = [await store.limits.take("f", 7, 60) for _ in range(9)]

    assert [is_there for is_there, _ in taken] == [True] * 7 + [False] * 2
    assert round(taken[0][1], 3) == round(60 / 7, 3)
    assert round(taken[-1][1], 3) == 60
    clock.now += 8.58
    assert [(await store.limits.take("f", 7, 60))[0] for _ in range(2)] == [True, False]


async def test_failures_are_counted_until_they_are_forgotten(store: Store, clock) -> None:
    limits = store.limits
    assert await limits.failures("a") is None

    await limits.failed("a", 10)
    clock.now += 10
    assert await limits.failed("a", 10) == FailedAttempts(2, NOW + 10)
    assert await limits.failures("a") == FailedAttempts(2, NOW + 10)
    assert await limits.failures("b") is None
    clock.now += 11
    assert await limits.failed("a", 10) == FailedAttempts(1, NOW + 21)
    await limits.succeeded("a")
    assert await limits.failures("a") is None


async def test_what_is_out_of_date_is_deleted(store: Store, clock) -> None:
    limits = store.limits
    await limits.is_new("f", b"old", NOW + 10)
    await limits.is_new("f", b"young", NOW + 9000)
    await limits.take("f", 1, 60)
    await limits.take("g", 1, 9000)
    await limits.failed("a", 900)
    clock.now += 7200
    await limits.failed("b", 900)

    gone = await store.purge_expired(NOW + 7200)

    tables = ("seen_messages", "rate_limits", "failed_attempts")
    assert [gone[table] for table in tables] == [1, 1, 1]
    assert not await limits.is_new("f", b"young", NOW + 9000)
    assert await limits.is_new("f", b"old", NOW + 9000)
    assert not (await limits.take("g", 1, 9000))[0]
    assert await limits.failures("a") is None
    assert await limits.failures("b") is not None
