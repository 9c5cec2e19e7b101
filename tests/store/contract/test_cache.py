"""`get_function` and `get_active_version` answer from memory, but never with the past."""

import asyncio

import pytest

from perilune.store import (
    FunctionNotFound,
    NoActiveVersion,
    UpdateFunctionRequest,
)
from tests.store.helpers import some_function, some_version


async def set_name(store, version):
    await store.update_function(version.function_id, UpdateFunctionRequest(name="after"))


async def test_every_write_is_seen_at_once(store):
    version = await some_version(store, "before")

    async def names() -> tuple[str, int]:
        function = await store.get_function(version.function_id)
        return function.name, (await store.get_active_version(version.function_id)).version

    assert await names() == ("before", 1)
    await set_name(store, version)
    assert await names() == ("after", 1)
    await store.create_version(version.function_id, "two")
    assert await names() == ("after", 2)
    await store.activate_version(version.id)
    assert await names() == ("after", 1)
    async with store.transaction() as tx:
        await tx.create_version(version.function_id, "three")
        assert await names() == ("after", 1)
    assert await names() == ("after", 3)
    async with store.transaction() as tx:
        await tx.activate_version(version.id)
    assert await names() == ("after", 1)
    await store.delete_function(version.function_id)
    with pytest.raises(FunctionNotFound):
        await store.get_function(version.function_id)
    with pytest.raises(NoActiveVersion):
        await store.get_active_version(version.function_id)


async def test_readers_always_see_their_own_writes_under_load(store):
    functions = [await some_function(store) for _ in range(4)]

    async def write_and_read(function, number):
        made = await store.create_version(function.id, f"{number}")
        assert (await store.get_active_version(function.id)).version >= made.version

    await asyncio.gather(
        *(write_and_read(function, number) for number in range(50) for function in functions)
    )

    assert {(await store.get_active_version(each.id)).version for each in functions} == {50}


async def test_one_of_many_giving_up_does_not_end_the_read_of_the_others(store):
    function = await some_function(store)
    first = asyncio.ensure_future(store.get_function(function.id))
    second = asyncio.ensure_future(store.get_function(function.id))
    await asyncio.sleep(0)

    first.cancel()

    assert (await second).id == function.id


async def test_unknown_ids_fill_nothing(store):
    for number in range(500):
        with pytest.raises(FunctionNotFound):
            await store.get_function(f"unknown-{number}")

    assert len(store._functions._kept) == len(store._functions._loading) == 0


async def test_a_function_created_after_it_was_missed_is_found(store):
    with pytest.raises(FunctionNotFound):
        await store.get_function("f000")
    function = await some_function(store)

    assert (await store.get_function(function.id)).id == function.id


@pytest.mark.parametrize(
    ("settings", "is_guarded"),
    [
        pytest.param({}, False, id="none"),
        pytest.param({"timeout_s": 1, "max_concurrency": 1}, False, id="those of the engine"),
        pytest.param({"rate_window_s": 1, "signature_scheme": "github"}, False, id="no effect"),
        pytest.param({"access": "token"}, True, id="access"),
        pytest.param({"rate_limit": 1}, True, id="rate"),
        pytest.param({"allowed_methods": "GET"}, True, id="methods"),
        pytest.param({"handles_options": True}, True, id="options"),
    ],
)
async def test_which_functions_are_guarded(store, settings, is_guarded):
    function = await some_function(store)
    await store.update_function(function.id, UpdateFunctionRequest(**settings))

    assert (await store.get_function(function.id)).is_guarded is is_guarded
