"""Limits of the key-value store, in memory and on SQLite alike."""

import pytest

from perilune.services.kv import (
    KVKeyNotFound,
    KVLimitError,
    KVLimits,
)

LIMITS = KVLimits(max_key_bytes=8, max_value_bytes=100, max_function_bytes=250)


async def test_limits_are_counted_in_bytes_and_their_exact_size_is_allowed(make_kv):
    kv = make_kv(LIMITS)

    await kv.set("f_ours", "éééé".encode(), b"x" * 100)

    assert await kv.get("f_ours", "éééé".encode()) == b"x" * 100


@pytest.mark.parametrize(
    ("write", "limit", "words"),
    [
        pytest.param(
            lambda kv: kv.set("f_ours", "é".encode() * 4 + b"k", b"v"),
            "max_key_bytes",
            "key is too long: 9 bytes, at most 8",
            id="key of set",
        ),
        pytest.param(
            lambda kv: kv.incr("f_ours", b"k" * 9),
            "max_key_bytes",
            "key is too long",
            id="key of incr",
        ),
        pytest.param(
            lambda kv: kv.cas("f_ours", b"k" * 9, None, b"v"),
            "max_key_bytes",
            "key is too long",
            id="key of cas",
        ),
        pytest.param(
            lambda kv: kv.set("f_ours", b"k", b"v" * 101),
            "max_value_bytes",
            "value is too large: 101 bytes, at most 100",
            id="value of set",
        ),
        pytest.param(
            lambda kv: kv.cas("f_ours", b"k", None, b"v" * 101),
            "max_value_bytes",
            "value is too large",
            id="value of cas",
        ),
    ],
)
async def test_oversized_members_are_refused_by_name(make_kv, write, limit, words):
    kv = make_kv(LIMITS)

    with pytest.raises(KVLimitError, match=words) as caught:
        await write(kv)

    assert caught.value.limit == limit
    assert limit in str(caught.value)
    assert (await kv.list("f_ours")).items == []


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda kv: kv.set("f_ours", b"c", b"v" * 49), id="set"),
        pytest.param(lambda kv: kv.cas("f_ours", b"c", None, b"v" * 49), id="cas"),
    ],
)
async def test_the_quota_of_a_function_is_kept(make_kv, write):
    kv = make_kv(LIMITS)
    await kv.set("f_ours", b"a", b"v" * 100)
    await kv.set("f_ours", b"b", b"v" * 99)

    with pytest.raises(KVLimitError, match="quota of 250 bytes") as caught:
        await write(kv)

    assert caught.value.limit == "max_function_bytes"
    with pytest.raises(KVKeyNotFound):
        await kv.get("f_ours", b"c")


async def test_incr_keeps_the_quota(make_kv):
    kv = make_kv(KVLimits(max_function_bytes=10))
    await kv.set("f_ours", b"a", b"v" * 8)

    with pytest.raises(KVLimitError, match="quota of 10 bytes"):
        await kv.incr("f_ours", b"c")


async def test_the_quota_counts_what_is_there(make_kv):
    """Overwriting and deleting give room back, and other functions take none."""
    kv = make_kv(LIMITS)
    await kv.set("f_theirs", b"a", b"v" * 100)
    await kv.set("f_ours", b"a", b"v" * 100)
    await kv.set("f_ours", b"b", b"v" * 100)
    await kv.set("f_ours", b"b", b"w" * 100)
    await kv.delete("f_ours", b"a")

    await kv.set("f_ours", b"c", b"v" * 100)

    assert await kv.get("f_ours", b"c") == b"v" * 100
