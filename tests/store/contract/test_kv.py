import asyncio
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from perilune.store import (
    IN_MEMORY,
    Function,
    KVQuotaExceeded,
    NotANumber,
    StoreError,
    open_store,
)
from tests.profiles import examples
from tests.store.helpers import NOW, SettableClock, some_function

PLENTY = 10**9


@pytest.fixture
async def fn(store) -> str:
    return (await some_function(store)).id


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param(b"k", b"v", id="plain"),
        pytest.param(b"", b"", id="empty"),
        pytest.param(b"\0\xff", bytes(range(256)), id="any-bytes"),
        pytest.param("schlüssel".encode(), b"\xff\xfe", id="no-utf8"),
        pytest.param(b"k", b"x" * 2_000_000, id="large"),
    ],
)
async def test_bytes_come_back_as_they_were(store, fn, key, value):
    assert await store.kv.get(fn, key) is None

    await store.kv.set(fn, key, value, None, PLENTY)

    assert await store.kv.get(fn, key) == value


async def test_set_overwrites_and_delete_removes(store, fn):
    await store.kv.set(fn, b"k", b"one", None, PLENTY)
    await store.kv.set(fn, b"k", b"two", None, PLENTY)
    assert await store.kv.get(fn, b"k") == b"two"

    await store.kv.delete(fn, b"k")
    await store.kv.delete(fn, b"k")

    assert await store.kv.get(fn, b"k") is None


async def test_keys_are_private_to_their_function(store, fn):
    other = (await some_function(store)).id

    await store.kv.set(fn, b"k", b"ours", None, PLENTY)

    assert await store.kv.get(other, b"k") is None
    assert await store.kv.list(other, b"", 10, None) == []
    await store.kv.delete(other, b"k")
    assert await store.kv.get(fn, b"k") == b"ours"


async def test_a_entry_expires_at_its_time(store, fn, clock):
    await store.kv.set(fn, b"k", b"v", NOW + 1.5, PLENTY)

    clock.now = NOW + 1.25
    assert await store.kv.get(fn, b"k") == b"v"
    clock.now = NOW + 1.5

    assert await store.kv.get(fn, b"k") is None
    assert await store.kv.list(fn, b"", 10, None) == []
    assert await store.kv.cas(fn, b"k", b"v", b"w", PLENTY) is False
    assert await store.kv.cas(fn, b"k", None, b"w", PLENTY) is True
    clock.now = NOW + 9999
    assert await store.kv.get(fn, b"k") == b"w"


async def test_setting_again_replaces_the_expiry(store, fn, clock):
    await store.kv.set(fn, b"k", b"v", NOW + 1, PLENTY)
    await store.kv.set(fn, b"k", b"v", None, PLENTY)

    clock.now = NOW + 2

    assert await store.kv.get(fn, b"k") == b"v"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda kv, fn: kv.incr(fn, b"k", 1, PLENTY), id="incr"),
        pytest.param(lambda kv, fn: kv.cas(fn, b"k", b"1", b"2", PLENTY), id="cas"),
    ],
)
async def test_incr_and_cas_keep_the_expiry(store, fn, clock, change):
    await store.kv.set(fn, b"k", b"1", NOW + 1, PLENTY)

    await change(store.kv, fn)

    assert await store.kv.get(fn, b"k") == b"2"
    clock.now = NOW + 1
    assert await store.kv.get(fn, b"k") is None


async def test_the_quota_counts_keys_and_values_of_one_function(store, fn):
    other = (await some_function(store)).id
    await store.kv.set(other, b"k", b"x" * 100, None, PLENTY)

    await store.kv.set(fn, b"ab", b"x" * 8, None, 10)
    with pytest.raises(KVQuotaExceeded):
        await store.kv.set(fn, b"c", b"", None, 10)
    assert await store.kv.get(fn, b"c") is None
    with pytest.raises(KVQuotaExceeded):
        await store.kv.set(fn, b"ab", b"x" * 9, None, 10)
    assert await store.kv.get(fn, b"ab") == b"x" * 8

    await store.kv.delete(fn, b"ab")
    await store.kv.set(fn, b"c", b"x" * 9, None, 10)


async def test_over_quota_a_entry_may_still_become_smaller(store, fn):
    await store.kv.set(fn, b"k", b"x" * 20, None, 100)

    await store.kv.set(fn, b"k", b"x" * 20, None, 10)
    await store.kv.set(fn, b"k", b"x" * 19, None, 10)
    with pytest.raises(KVQuotaExceeded):
        await store.kv.set(fn, b"k", b"x" * 20, None, 10)


async def test_an_expired_entry_gives_no_right_to_its_old_size(store, fn, clock):
    await store.kv.set(fn, b"k", b"x" * 20, NOW + 1, 100)

    clock.now = NOW + 1

    with pytest.raises(KVQuotaExceeded):
        await store.kv.set(fn, b"k", b"x" * 20, None, 10)
    await store.kv.set(fn, b"k", b"x" * 9, None, 10)


async def test_incr_and_cas_raise_at_the_quota(store, fn):
    with pytest.raises(KVQuotaExceeded):
        await store.kv.incr(fn, b"counter", 1, 7)
    with pytest.raises(ValueError, match="quota"):
        await store.kv.cas(fn, b"k", None, b"123456789", 9)

    assert await store.kv.list(fn, b"", 10, None) == []


async def test_parallel_increments_lose_nothing(store, fn):
    sums = await asyncio.gather(*(store.kv.incr(fn, b"n", 1, PLENTY) for _ in range(50)))

    assert sorted(sums) == [float(n) for n in range(1, 51)]
    assert await store.kv.get(fn, b"n") == b"50"


@pytest.mark.parametrize(
    ("stored", "amount", "total", "text"),
    [
        pytest.param(b"1", 1, 2.0, b"2", id="integer"),
        pytest.param(b"1.5", 1, 2.5, b"2.5", id="fraction"),
        pytest.param(b" -3 ", 1, -2.0, b"-2", id="white-space"),
        pytest.param(b"1e3", -0.5, 999.5, b"999.5", id="exponent"),
        pytest.param(b".5", 0.5, 1.0, b"1", id="leading-point"),
        pytest.param(b"9007199254740992", 0, 2.0**53, b"9007199254740992", id="largest-exact"),
    ],
)
async def test_incr_reads_and_writes_decimal_numbers(store, fn, stored, amount, total, text):
    await store.kv.set(fn, b"n", stored, None, PLENTY)

    assert await store.kv.incr(fn, b"n", amount, PLENTY) == total

    assert await store.kv.get(fn, b"n") == text


@pytest.mark.parametrize(
    ("stored", "amount"),
    [
        pytest.param(b"", 1, id="empty"),
        pytest.param(b"abc", 1, id="text"),
        pytest.param(b"nan", 1, id="nan"),
        pytest.param(b"inf", 1, id="infinity"),
        pytest.param(b"1_000", 1, id="underscore"),
        pytest.param("٣".encode(), 1, id="other-digits"),
        pytest.param(b"9" * 500, 1, id="endless"),
        pytest.param(b"1e308", 1e308, id="sum-too-large"),
        pytest.param(b"1", math.nan, id="amount-nan"),
        pytest.param(b"1e300", 0, id="sum-not-exact"),
    ],
)
async def test_incr_refuses_what_is_no_number_or_gives_none_that_is_exact(
    store, fn, stored, amount
):
    await store.kv.set(fn, b"n", stored, None, PLENTY)

    with pytest.raises(NotANumber) as caught:
        await store.kv.incr(fn, b"n", amount, PLENTY)

    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, StoreError)
    assert await store.kv.get(fn, b"n") == stored


async def test_one_of_many_swaps_wins(store, fn):
    await store.kv.set(fn, b"k", b"old", None, PLENTY)

    won = await asyncio.gather(
        *(store.kv.cas(fn, b"k", b"old", b"%d" % n, PLENTY) for n in range(20))
    )

    assert won.count(True) == 1
    assert await store.kv.get(fn, b"k") == b"%d" % won.index(True)


KEYS = st.binary(max_size=3) | st.sampled_from([b"a", b"ab", b"\xff", b"\xff\xff", b"a\xff"])


VALUES = st.binary(max_size=6) | st.integers(-9, 9).map(lambda n: b"%d" % n)


class KVMachine(RuleBasedStateMachine):
    """The store behaves like a dict of pairs with expiry times and a size limit."""

    QUOTA = 40

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = SettableClock()
        self.opening = open_store(IN_MEMORY, clock=self.clock)
        self.store = self.runner.run(self.opening.__aenter__())
        self.runner.run(self.store.create_function(Function(id="f", name="n")))
        self.kv = self.store.kv
        self.model: dict[bytes, tuple[bytes, float | None]] = {}

    def teardown(self) -> None:
        assert self.runner.run(self.store.check_integrity()) == []
        self.runner.run(self.opening.__aexit__(None, None, None))
        self.runner.close()

    def live(self) -> dict[bytes, bytes]:
        now = self.clock.now
        return {
            key: value
            for key, (value, expires_at) in self.model.items()
            if expires_at is None or expires_at > now
        }

    def size(self, pairs: dict[bytes, bytes]) -> int:
        return sum(len(key) + len(value) for key, value in pairs.items())

    def expiry(self, key: bytes) -> float | None:
        return self.model[key][1] if key in self.live() else None

    def fits(self, key: bytes, value: bytes) -> bool:
        """Expired pairs never stand in the way; a pair that does not grow always fits."""
        stored = self.live().get(key)
        if stored is not None and len(value) <= len(stored):
            return True
        return self.size({**self.live(), key: value}) <= self.QUOTA

    @rule(key=KEYS, value=VALUES, life=st.none() | st.integers(0, 3))
    def set(self, key, value, life):
        expires_at = None if life is None else self.clock.now + life
        expected = self.fits(key, value)
        writing = self.kv.set("f", key, value, expires_at, self.QUOTA)
        if expected:
            self.runner.run(writing)
            self.model[key] = (value, expires_at)
        else:
            with pytest.raises(KVQuotaExceeded):
                self.runner.run(writing)

    @rule(key=KEYS)
    def delete(self, key):
        self.runner.run(self.kv.delete("f", key))
        self.model.pop(key, None)

    @rule(key=KEYS, old=st.none() | VALUES, use_current=st.booleans(), new=VALUES)
    def cas(self, key, old, use_current, new):
        current = self.live().get(key)
        old = current if use_current else old
        try:
            done = self.runner.run(self.kv.cas("f", key, old, new, self.QUOTA))
        except KVQuotaExceeded:
            assert old == current
            assert not self.fits(key, new)
            return
        assert done == (old == current)
        if done:
            self.model[key] = (new, self.expiry(key))

    @rule(key=KEYS, amount=st.integers(-5, 5))
    def incr(self, key, amount):
        current = self.live().get(key, b"0")
        try:
            total = self.runner.run(self.kv.incr("f", key, amount, self.QUOTA))
        except NotANumber:
            with pytest.raises(ValueError, match="invalid literal"):
                int(current)
            return
        except KVQuotaExceeded:
            assert not self.fits(key, b"%d" % (int(current) + amount))
            return
        assert total == int(current) + amount
        self.model[key] = (b"%d" % total, self.expiry(key))

    @rule(seconds=st.integers(1, 2))
    def time_passes(self, seconds):
        self.clock.now += seconds

    @precondition(lambda self: self.model)
    @rule()
    def purge(self):
        self.runner.run(self.store.purge_expired(int(self.clock.now)))
        self.model = {key: self.model[key] for key in self.live()}

    @rule(prefix=KEYS, limit=st.integers(0, 5), after=st.none() | KEYS)
    def list(self, prefix, limit, after):
        expected = [
            (key, value)
            for key, value in sorted(self.live().items())
            if key.startswith(prefix) and (after is None or key > after)
        ]
        assert self.runner.run(self.kv.list("f", prefix, limit, after)) == expected[:limit]

    @invariant()
    def everything_is_readable(self):
        assert dict(self.runner.run(self.kv.list("f", b"", 1000, None))) == self.live()


KVMachine.TestCase.settings = settings(examples(25), stateful_step_count=25)


TestKVMachine = KVMachine.TestCase


@given(keys=st.sets(st.binary(max_size=4), max_size=30), prefix=st.binary(max_size=2))
@examples(15)
def test_listing_page_by_page_gives_every_key_once(keys, prefix):
    async def walk() -> list[bytes]:
        async with open_store(IN_MEMORY) as store:
            await store.create_function(Function(id="f", name="n"))
            await asyncio.gather(*(store.kv.set("f", key, b"", None, PLENTY) for key in keys))
            seen: list[bytes] = []
            while page := await store.kv.list("f", prefix, 3, seen[-1] if seen else None):
                seen += [key for key, _ in page]
            return seen

    assert asyncio.run(walk()) == sorted(key for key in keys if key.startswith(prefix))


async def test_expired_entries_make_room(store, fn, clock):
    await store.kv.set(fn, b"old", b"x" * 7, NOW + 1, 10)
    with pytest.raises(KVQuotaExceeded):
        await store.kv.set(fn, b"new", b"x" * 7, None, 10)

    clock.now = NOW + 1

    await store.kv.set(fn, b"new", b"x" * 7, None, 10)
    assert await store.kv.list(fn, b"", 9, None) == [(b"new", b"x" * 7)]
    assert await store.kv.used_bytes(fn) == 10
