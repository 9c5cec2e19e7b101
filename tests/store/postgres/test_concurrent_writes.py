"""Two servers write at once: whatever they do, it is as if one had done it after the other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest

from perilune.store import (
    CannotDeleteActiveVersion,
    Execution,
    ExecutionNotFound,
    ExecutionRunning,
    ExecutionStatus,
    FunctionNotFound,
    KVQuotaExceeded,
    NoActiveVersion,
    Store,
    UpdateFunctionRequest,
    VersionNotFound,
)
from tests.store.helpers import NOW, execution_of, fresh_id, some_function, some_version

EXPECTED = (
    CannotDeleteActiveVersion,
    ExecutionNotFound,
    ExecutionRunning,
    FunctionNotFound,
    VersionNotFound,
)
"""What a write may meet whose turn comes second."""

QUOTA = 1000


class Written(NamedTuple):
    """What a pair of writes is about."""

    function: str
    old: str
    active: str
    running: str
    ended: str


Write = Callable[[Store, Written], Awaitable[object]]

WRITES: dict[str, Write] = {
    "set a pair": lambda s, w: s.kv.set(w.function, b"k", b"some value", None, QUOTA),
    "set a pair that ends": lambda s, w: s.kv.set(w.function, b"e", b"v", NOW - 1, QUOTA),
    "add to a pair": lambda s, w: s.kv.incr(w.function, b"n", 1, QUOTA),
    "swap a pair": lambda s, w: s.kv.cas(w.function, b"k", b"v", b"another", QUOTA),
    "delete a pair": lambda s, w: s.kv.delete(w.function, b"k"),
    "set a variable": lambda s, w: s.env.set(w.function, "KEY", "value"),
    "replace variables": lambda s, w: s.env.replace(w.function, {"OTHER": "value"}),
    "add a signing secret": lambda s, w: s.signing_secrets.add(w.function, fresh_id(), "value"),
    "change settings": lambda s, w: s.update_function(w.function, UpdateFunctionRequest(name="n")),
    "create a version": lambda s, w: s.create_version(w.function, "return 3"),
    "activate a version": lambda s, w: s.activate_version(w.old),
    "delete a version": lambda s, w: s.delete_version(w.old),
    "delete the active version": lambda s, w: s.delete_version(w.active),
    "delete the function": lambda s, w: s.delete_function(w.function),
    "open an execution": lambda s, w: s.create_execution(
        Execution(id=fresh_id("e"), function_id=w.function, function_version_id=w.old)
    ),
    "close an execution": lambda s, w: s.update_execution(
        w.running, ExecutionStatus.ERROR, 3, "m", None
    ),
    "delete an execution": lambda s, w: s.delete_execution(w.ended),
    "clean up": lambda s, w: s.purge_expired(NOW),
}


async def some_data(store: Store) -> Written:
    old = await some_version(store)
    active = await store.create_version(old.function_id, "return 2")
    running = await store.create_execution(execution_of(old))
    ended = await store.create_execution(execution_of(old))
    await store.update_execution(ended.id, ExecutionStatus.SUCCESS, 1, None, None)
    await store.kv.set(old.function_id, b"k", b"v", None, QUOTA)
    return Written(old.function_id, old.id, active.id, running.id, ended.id)


@pytest.mark.slow
@pytest.mark.parametrize("first", WRITES)
async def test_no_pair_of_writes_leaves_anything_half_done(store, other, first):
    rest = [*WRITES][[*WRITES].index(first) :]
    data = await asyncio.gather(*(some_data(store) for _ in rest))

    ends = await asyncio.gather(
        *(
            WRITES[name](server, written)
            for written, second in zip(data, rest, strict=True)
            for server, name in ((store, first), (other, second))
        ),
        return_exceptions=True,
    )

    failed = [end for end in ends if isinstance(end, BaseException)]
    assert [end for end in failed if not isinstance(end, EXPECTED)] == []
    await store.purge_expired(NOW)
    assert await store.check_integrity() == []
    for written in data:
        try:
            await store.get_active_version(written.function)
        except NoActiveVersion:
            with pytest.raises(FunctionNotFound):
                await other.get_function(written.function)


async def test_of_two_swaps_of_the_same_value_one_succeeds(store, other):
    function = await some_function(store)
    value = None
    for number in range(20):
        new = b"%d" % number

        swapped = await asyncio.gather(
            store.kv.cas(function.id, b"k", value, new, QUOTA),
            other.kv.cas(function.id, b"k", value, new + b"!", QUOTA),
        )

        assert sorted(swapped) == [False, True]
        value = await store.kv.get(function.id, b"k")
        assert value == (new if swapped[0] else new + b"!")


async def test_a_quota_is_for_all_servers_together(store, other):
    functions = [await some_function(store) for _ in range(20)]

    for function in functions:
        ends = await asyncio.gather(
            store.kv.set(function.id, b"a", b"x" * 59, None, 100),
            other.kv.set(function.id, b"b", b"x" * 59, None, 100),
            return_exceptions=True,
        )

        assert {type(end) for end in ends} == {KVQuotaExceeded, type(None)}
        assert await store.kv.used_bytes(function.id) == 60


async def test_versions_of_two_servers_have_numbers_of_their_own(store, other):
    function = await some_function(store)

    made = await asyncio.gather(
        *(server.create_version(function.id, "return 1") for server in (store, other) * 10)
    )

    assert sorted(version.version for version in made) == list(range(1, 21))
    active = await other.get_active_version(function.id)
    assert active.version in range(1, 21)


async def test_an_execution_is_deleted_once(store, other):
    version = await some_version(store)
    for _ in range(10):
        made = await store.create_execution(execution_of(version))
        await store.update_execution(made.id, ExecutionStatus.SUCCESS, 1, None, None)

        ends = await asyncio.gather(
            store.delete_execution(made.id), other.delete_execution(made.id), return_exceptions=True
        )

        assert {type(end) for end in ends} == {ExecutionNotFound, type(None)}
