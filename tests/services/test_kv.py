"""The key-value store, in memory and on SQLite alike."""

import asyncio
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perilune.errors import PeriluneError
from perilune.services.kv import (
    KV,
    MAX_LIST_LIMIT,
    MAX_PAGE_BYTES,
    MAX_TTL_S,
    KVError,
    KVKeyNotFound,
    KVLimits,
)
from perilune.store import IN_MEMORY, StoreUnavailable, open_store
from tests.profiles import examples
from tests.services.conftest import BrokenRows
from tests.store.helpers import some_function
from tests.store.memory import store_with


async def test_a_value_is_read_back_overwritten_and_removed(kv):
    await kv.set("f_ours", b"a", b"1")
    assert await kv.get("f_ours", b"a") == b"1"

    await kv.set("f_ours", b"a", b"2")
    assert await kv.get("f_ours", b"a") == b"2"

    await kv.delete("f_ours", b"a")
    with pytest.raises(KVKeyNotFound):
        await kv.get("f_ours", b"a")


async def test_a_missing_key_is_named(kv):
    with pytest.raises(KVKeyNotFound) as caught:
        await kv.get("f_ours", b"nope")

    assert str(caught.value) == "KV error: key not found: nope"
    assert isinstance(caught.value, KVError)
    assert isinstance(caught.value, PeriluneError)


async def test_the_name_of_a_missing_binary_key_can_be_stored(kv):
    """The message never contains what has no UTF-8 form."""
    with pytest.raises(KVKeyNotFound) as caught:
        await kv.get("f_ours", b"a\xff")

    assert str(caught.value) == "KV error: key not found: a\\xff"


async def test_deleting_a_missing_key_changes_nothing(kv):
    await kv.set("f_ours", b"other", b"1")

    await kv.delete("f_ours", b"nope")

    assert (await kv.list("f_ours")).items == [(b"other", b"1")]


async def test_functions_do_not_see_each_other(kv):
    await kv.set("f_ours", b"token", b"s3cret")

    with pytest.raises(KVKeyNotFound):
        await kv.get("f_theirs", b"token")
    await kv.delete("f_theirs", b"token")
    assert (await kv.list("f_theirs")).items == []
    assert await kv.get("f_ours", b"token") == b"s3cret"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param(b"", b"e", id="empty key"),
        pytest.param(b"ev", b"", id="empty value"),
        pytest.param("hé".encode(), "😀".encode(), id="unicode"),
        pytest.param(b"bin\0k", b"\x00\xff\xfev", id="bytes that are no text"),
    ],
)
async def test_any_text_is_a_key_and_a_value(kv, key, value):
    await kv.set("f_ours", key, value)

    assert await kv.get("f_ours", key) == value
    assert (await kv.list("f_ours")).items == [(key, value)]


@given(key=st.binary(max_size=40), value=st.binary(max_size=200))
@settings(examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_byte_survives(key, value):
    async def scenario() -> None:
        async with store_with("f") as store:
            kv = KV(store.kv)
            await kv.set("f", key, value)
            assert await kv.get("f", key) == value
            assert await kv.cas("f", key, value, b"new")

    asyncio.run(scenario())


async def test_all_byte_values_survive_the_store(kv):
    every_byte = bytes(range(256))

    await kv.set("f_ours", every_byte, every_byte)

    assert await kv.get("f_ours", every_byte) == every_byte


async def test_a_value_expires(kv, now):
    await kv.set("f_ours", b"session", b"abc", ttl_s=60)
    now.time += 59
    assert await kv.get("f_ours", b"session") == b"abc"

    now.time += 1
    with pytest.raises(KVKeyNotFound):
        await kv.get("f_ours", b"session")
    assert (await kv.list("f_ours")).items == []
    assert await kv.cas("f_ours", b"session", None, b"new")


async def test_setting_again_without_ttl_makes_a_value_stay(kv, now):
    await kv.set("f_ours", b"a", b"1", ttl_s=60)
    await kv.set("f_ours", b"a", b"2")
    now.time += 100

    assert await kv.get("f_ours", b"a") == b"2"


@pytest.mark.parametrize(
    "ttl_s", [0, -1, float("nan"), float("inf"), MAX_TTL_S + 1, 1e300, 2**64, 10**400]
)
async def test_an_impossible_ttl_is_refused(kv, ttl_s):
    with pytest.raises(KVError, match="ttl must be a positive number"):
        await kv.set("f_ours", b"a", b"1", ttl_s=ttl_s)

    with pytest.raises(KVKeyNotFound):
        await kv.get("f_ours", b"a")


async def test_incr_counts_from_zero_and_stores_plain_numbers(kv):
    assert await kv.incr("f_ours", b"n") == 1
    assert await kv.incr("f_ours", b"n", 41) == 42
    assert await kv.get("f_ours", b"n") == b"42"
    assert await kv.incr("f_ours", b"n", -42.5) == -0.5
    assert await kv.get("f_ours", b"n") == b"-0.5"


async def test_incr_goes_on_from_a_number_that_was_set(kv):
    await kv.set("f_ours", b"n", b"10")

    assert await kv.incr("f_ours", b"n", 2) == 12


async def test_parallel_incr_loses_nothing(kv):
    sums = await asyncio.gather(*(kv.incr("f_ours", b"n") for _ in range(50)))

    assert sorted(sums) == list(range(1, 51))


async def test_incr_of_something_else_fails_and_changes_nothing(kv):
    await kv.set("f_ours", b"n", b"ten")

    with pytest.raises(KVError, match="failed to increment value: "):
        await kv.incr("f_ours", b"n")
    assert await kv.get("f_ours", b"n") == b"ten"


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
async def test_incr_by_no_number_is_refused(kv, amount):
    with pytest.raises(KVError, match="amount must be a finite number"):
        await kv.incr("f_ours", b"n", amount)


async def test_cas_writes_only_over_the_expected_value(kv):
    assert await kv.cas("f_ours", b"lock", None, b"me")
    assert not await kv.cas("f_ours", b"lock", None, b"you")
    assert not await kv.cas("f_ours", b"lock", b"nobody", b"you")
    assert await kv.get("f_ours", b"lock") == b"me"
    assert await kv.cas("f_ours", b"lock", b"me", b"you")
    assert await kv.get("f_ours", b"lock") == b"you"


@pytest.mark.parametrize(
    ("stored", "amount"),
    [
        pytest.param(b"nan", 1, id="not a number by name"),
        pytest.param(b"1_000", 1, id="digits of another language"),
        pytest.param(b"", 1, id="empty"),
        pytest.param(b"1.7e308", 1.7e308, id="sum too large"),
        pytest.param(b"9007199254740992", 1, id="sum no longer exact"),
        pytest.param(b"9007199254740993", 1, id="value no longer exact"),
        pytest.param(b"10000000000000000001", 1, id="value of more than 64 bits"),
        pytest.param(b"-9007199254740992", -1, id="negative sum no longer exact"),
        pytest.param(b"1e20", 1, id="exponent no longer exact"),
    ],
)
async def test_incr_stores_only_numbers(kv, stored, amount):
    await kv.set("f_ours", b"n", stored)

    with pytest.raises(KVError, match="failed to increment value: "):
        await kv.incr("f_ours", b"n", amount)
    assert await kv.get("f_ours", b"n") == stored


@pytest.mark.parametrize(
    ("stored", "amount", "text"),
    [
        pytest.param(b" 1.5e1 ", 1, b"16", id="blanks and exponent"),
        pytest.param(b"0.1", 0.2, b"0.30000000000000004", id="shortest exact form"),
        pytest.param(b"9007199254740991", 1, b"9007199254740992", id="largest exact integer"),
        pytest.param(b"9007199254740993", -2, b"9007199254740991", id="back to exact integers"),
        pytest.param(b"1e3", 1, b"1001", id="exponent"),
    ],
)
async def test_the_text_of_a_sum(kv, stored, amount, text):
    await kv.set("f_ours", b"n", stored)

    await kv.incr("f_ours", b"n", amount)

    assert await kv.get("f_ours", b"n") == text


async def test_incr_and_cas_leave_the_time_to_live_alone(kv, now):
    await kv.set("f_ours", b"n", b"1", ttl_s=60)
    await kv.set("f_ours", b"lock", b"me", ttl_s=60)

    await kv.incr("f_ours", b"n")
    assert await kv.cas("f_ours", b"lock", b"me", b"you")
    now.time += 60

    assert (await kv.list("f_ours")).items == []


async def test_one_of_several_parallel_cas_calls_wins(kv):
    won = await asyncio.gather(*(kv.cas("f_ours", b"lock", None, b"%d" % i) for i in range(20)))

    assert won.count(True) == 1


async def test_list_pages_through_a_prefix_in_order(kv):
    for number in range(70):
        await kv.set("f_ours", b"user:%02d" % number, b"%d" % number)
    await kv.set("f_ours", b"order:1", b"x")
    await kv.set("f_ours", b"user;", b"just after the prefix")

    seen = []
    cursor = None
    for _ in range(10):
        page = await kv.list("f_ours", b"user:", 30, cursor)
        seen += page.items
        cursor = page.cursor
        if cursor is None:
            break

    assert seen == [(b"user:%02d" % number, b"%d" % number) for number in range(70)]
    assert cursor is None


async def test_a_page_that_holds_everything_has_no_cursor(kv):
    for key in (b"a", b"b"):
        await kv.set("f_ours", key, b"1")

    assert (await kv.list("f_ours", limit=2)).cursor is None
    assert (await kv.list("f_ours", limit=1)).cursor == b"a"


async def test_list_of_a_prefix_of_the_highest_byte(kv):
    await kv.set("f_ours", b"\xff\xff1", b"x")
    await kv.set("f_ours", b"\xfe", b"y")

    assert (await kv.list("f_ours", b"\xff\xff")).items == [(b"\xff\xff1", b"x")]


async def test_a_page_is_bounded_in_bytes(kv):
    """Large values come in several pages, and none is lost."""
    value = b"x" * (MAX_PAGE_BYTES // 4)
    for key in (b"a", b"b", b"c", b"d", b"e", b"f"):
        await kv.set("f_ours", key, value)

    first = await kv.list("f_ours")
    second = await kv.list("f_ours", cursor=first.cursor)

    assert [key for key, _ in first.items] == [b"a", b"b", b"c"]
    assert [key for key, _ in second.items] == [b"d", b"e", b"f"]
    assert second.cursor is None


@pytest.mark.parametrize("limit", [0, -1, MAX_LIST_LIMIT + 1])
async def test_an_impossible_list_limit_is_refused(kv, limit):
    with pytest.raises(KVError, match="limit must be between 1 and 1000"):
        await kv.list("f_ours", limit=limit)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        pytest.param(lambda kv: kv.get("f", b"a"), "failed to get value: ", id="get"),
        pytest.param(lambda kv: kv.set("f", b"a", b"1"), "failed to set value: ", id="set"),
        pytest.param(lambda kv: kv.delete("f", b"a"), "failed to delete value: ", id="delete"),
        pytest.param(lambda kv: kv.incr("f", b"a"), "failed to increment value: ", id="incr"),
        pytest.param(lambda kv: kv.cas("f", b"a", None, b"1"), "failed to set value: ", id="cas"),
        pytest.param(lambda kv: kv.list("f"), "failed to list values: ", id="list"),
    ],
)
async def test_a_failing_store_is_an_error_and_not_absence(call, text):
    with pytest.raises(KVError) as caught:
        await call(KV(BrokenRows()))

    assert str(caught.value) == f"{text}database is locked"
    assert not isinstance(caught.value, KVKeyNotFound)
    assert isinstance(caught.value.__cause__, StoreUnavailable)


async def test_kd_75_memory_and_file_behave_alike(store, now):
    """The same calls, chosen at random, have the same outcomes."""
    function = await some_function(store)
    limits = KVLimits(max_key_bytes=4, max_value_bytes=20, max_function_bytes=60)
    chance = random.Random(75)

    async def outcome(form, name, *args):
        try:
            return await getattr(form, name)(function.id, *args)
        except KVError as error:
            return type(error), str(error)

    async with open_store(IN_MEMORY, clock=now) as memory:
        await memory.create_function(function)
        forms = [KV(one.kv, limits=limits, clock=now) for one in (store, memory)]
        for _ in range(400):
            key = chance.choice([b"a", b"b", b"c", b"ab", b"too long"])
            value = chance.choice([b"1", b"7", b"x" * 20, b"x" * 21])
            call: tuple[object, ...] = chance.choice(
                [
                    ("get", key),
                    ("set", key, value, chance.choice([None, 5])),
                    ("delete", key),
                    ("incr", key, chance.choice([1, -3])),
                    ("cas", key, chance.choice([None, b"1", b"7"]), value),
                    ("list", chance.choice([b"", b"a"]), 2),
                ]
            )
            now.time += chance.choice([0, 0, 1])

            first, second = [await outcome(form, *call) for form in forms]

            assert first == second, call
