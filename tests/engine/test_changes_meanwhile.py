"""What is changed while an execution of it begins."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from perilune.engine import (
    FunctionDisabledError,
    FunctionNotFoundError,
    VersionNotFoundError,
)
from perilune.store import (
    FunctionVersion,
    Store,
    UpdateFunctionRequest,
    open_store,
)
from tests.engine.conftest import add_function, engine_on, request, rows
from tests.engine.fakes import answering

Change = Callable[[FunctionVersion], Awaitable[None]]


def after_look_up(
    store: Store, monkeypatch: pytest.MonkeyPatch, change: Change, times: int = 1
) -> None:
    """Do *change* to the active version each time that it has been looked up, *times* times."""
    find_version, left = store.get_active_version, [change] * times

    async def find_and_change(function_id: str) -> FunctionVersion:
        found = await find_version(function_id)
        if left:
            await left.pop()(found)
        return found

    monkeypatch.setattr(store, "get_active_version", find_and_change)


async def test_a_function_that_is_deleted_while_it_is_looked_up_is_not_there(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_function(store)
    find_version = store.get_active_version

    async def delete_first(function_id: str) -> FunctionVersion:
        await store.delete_function(function_id)
        return await find_version(function_id)

    monkeypatch.setattr(store, "get_active_version", delete_first)
    runtime = answering()

    with pytest.raises(FunctionNotFoundError):
        await engine_on(store, runtime).execute(request())

    assert runtime.requests == []


async def test_a_version_that_is_replaced_and_deleted_after_the_look_up_gives_way_to_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_function(store)
    await store.get_active_version("greet")  # so that it is remembered

    async def replace(found: FunctionVersion) -> None:
        await store.create_version("greet", "newer code")
        await store.delete_version(found.id)

    after_look_up(store, monkeypatch, replace)
    runtime = answering(body="ran")

    result = await engine_on(store, runtime).execute(request())

    assert result.response is not None
    assert result.response.body == "ran"
    (asked,) = runtime.requests
    assert (asked.code, asked.context.version) == ("newer code", "2")
    (row,) = await rows(store)
    assert (row.id, row.function_version_id) == (result.execution_id, result.function_version_id)


async def test_another_process_may_have_replaced_and_deleted_the_version(
    store: Store, tmp_path: Path
) -> None:
    await add_function(store)
    remembered = await store.get_active_version("greet")
    async with open_store(tmp_path / "perilune.db") as other:
        await other.create_version("greet", "code of the other")
        await other.delete_version(remembered.id)
    runtime = answering()

    await engine_on(store, runtime).execute(request())

    assert [one.code for one in runtime.requests] == ["code of the other"]


async def test_losing_the_race_twice_reports_that_the_version_is_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_function(store)

    async def replace(found: FunctionVersion) -> None:
        await store.create_version("greet", "code")
        await store.delete_version(found.id)

    after_look_up(store, monkeypatch, replace, times=2)
    runtime = answering()

    with pytest.raises(VersionNotFoundError):
        await engine_on(store, runtime).execute(request())

    assert runtime.requests == []
    assert await rows(store) == []


async def test_the_second_look_up_sees_that_the_function_is_out_of_use(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_function(store)

    async def replace(found: FunctionVersion) -> None:
        await store.create_version("greet", "code")
        await store.delete_version(found.id)
        await store.update_function("greet", UpdateFunctionRequest(disabled=True))

    after_look_up(store, monkeypatch, replace)
    runtime = answering()

    with pytest.raises(FunctionDisabledError):
        await engine_on(store, runtime).execute(request())

    assert runtime.requests == []


async def test_a_version_that_was_asked_for_by_name_is_not_replaced_by_another(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_function(store)
    wanted = await store.get_active_version("greet")
    await store.create_version("greet", "newer code")
    find = store.get_version_by_id

    async def find_and_delete(version_id: str) -> FunctionVersion:
        found = await find(version_id)
        await store.delete_version(version_id)
        return found

    monkeypatch.setattr(store, "get_version_by_id", find_and_delete)
    runtime = answering()

    with pytest.raises(VersionNotFoundError, match=wanted.id):
        await engine_on(store, runtime).execute(request(version_id=wanted.id))

    assert runtime.requests == []
