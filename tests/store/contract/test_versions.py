import asyncio

import pytest

from perilune.store import (
    CannotDeleteActiveVersion,
    ExecutionNotFound,
    NoActiveVersion,
    PaginationParams,
    VersionNotFound,
)
from tests.store.helpers import NOW, execution_of, some_function, some_version


async def test_versions_are_numbered_from_one_and_the_newest_is_active(store):
    function = await some_function(store)

    first = await store.create_version(function.id, "one")
    second = await store.create_version(function.id, "two", created_by="ada")

    assert (first.version, first.id, first.is_active) == (1, f"ver_{function.id}_v1", True)
    assert (second.version, second.created_by, second.created_at) == (2, "ada", NOW)
    assert await store.get_active_version(function.id) == second
    assert (await store.get_version(function.id, 1)).is_active is False
    assert await store.get_version_by_id(second.id) == second


async def test_numbers_of_deleted_versions_are_not_used_again(store):
    first = await some_version(store)
    await store.create_version(first.function_id, "two")
    third = await store.create_version(first.function_id, "three")
    await store.activate_version(first.id)
    await store.delete_version(third.id)

    fourth = await store.create_version(first.function_id, "four")

    assert fourth.version == 4


async def test_lists_have_the_highest_number_first(store):
    first = await some_version(store)
    for code in ("two", "three"):
        await store.create_version(first.function_id, code)

    page, total = await store.list_versions(first.function_id, PaginationParams(2, 0))
    rest, _ = await store.list_versions(first.function_id, PaginationParams(2, 2))

    assert total == 3
    assert [version.version for version in [*page, *rest]] == [3, 2, 1]
    assert await store.list_versions("nope", PaginationParams()) == ([], 0)


async def test_creating_a_version_touches_the_function(store, clock):
    function = await some_function(store)
    clock.now += 9

    await store.create_version(function.id, "one")

    assert (await store.get_function(function.id)).updated_at == NOW + 9


async def test_another_functions_version_is_not_found(store):
    """Neither activated nor deleted through the wrong owner (KD-68)."""
    ours, theirs = await some_version(store), await some_version(store)
    newer = await store.create_version(theirs.function_id, "two")

    for call in (store.activate_version, store.delete_version):
        with pytest.raises(VersionNotFound):
            await call(theirs.id, ours.function_id)

    assert (await store.get_active_version(theirs.function_id)).id == newer.id
    assert await store.get_version_by_id(theirs.id)


async def test_the_active_version_stays(store):
    only = await some_version(store)

    with pytest.raises(CannotDeleteActiveVersion, match="^cannot delete active version$"):
        await store.delete_version(only.id)

    assert await store.get_active_version(only.function_id) == only


async def test_deleting_a_version_removes_its_executions_only(store):
    old = await some_version(store)
    new = await store.create_version(old.function_id, "two")
    gone = await store.create_execution(execution_of(old))
    kept = await store.create_execution(execution_of(new))

    await store.delete_version(old.id, old.function_id)

    with pytest.raises(ExecutionNotFound):
        await store.get_execution(gone.id)
    found, total = await store.list_executions(old.function_id, PaginationParams())
    assert ([each.id for each in found], total) == ([kept.id], 1)


async def test_summaries_say_how_large_a_version_is_and_what_became_of_it(store):
    function = await some_function(store)
    code = "\n \t\n-- été  \nreturn 1\n"
    version = await store.create_version(function.id, code, "ada", "x==1", "first try")
    endings = [("success", "http"), ("error", "http"), ("error", "cron"), ("error", "test")]
    for status, trigger in endings:
        made = await store.create_execution(execution_of(version, trigger=trigger))
        await store.update_execution(made.id, status, 1, None, None)
    await store.create_execution(execution_of(version, status="error", created_at=NOW - 9))
    running = await store.create_execution(execution_of(version))

    (found,), total = await store.summarize_versions(function.id, PaginationParams())

    assert total == 1
    assert (found.id, found.version, found.is_active) == (version.id, 1, True)
    assert (found.created_by, found.requirements, found.note) == ("ada", "x==1", "first try")
    assert (found.code_bytes, found.first_line) == (len(code.encode()), "-- été")
    assert (found.executions, found.errors) == (5, 3)
    await store.delete_old_executions(NOW)
    await store.update_execution(running.id, "error", 1, None, None)
    (found,), _ = await store.summarize_versions(function.id, PaginationParams())
    assert (found.executions, found.errors) == (4, 3)


@pytest.mark.parametrize("code", ["", " \n", "x" * 1000])
async def test_a_summary_has_a_short_first_line_of_any_code(store, code):
    function = await some_function(store)
    await store.create_version(function.id, code)

    (found,), _ = await store.summarize_versions(function.id, PaginationParams())

    assert found.first_line == code.strip()[:200]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        pytest.param(
            lambda s: s.get_version("f", 1), VersionNotFound, "version not found", id="get"
        ),
        pytest.param(
            lambda s: s.get_version_by_id("v"), VersionNotFound, "version not found", id="by-id"
        ),
        pytest.param(
            lambda s: s.activate_version("v"), VersionNotFound, "version not found", id="activate"
        ),
        pytest.param(
            lambda s: s.delete_version("v"), VersionNotFound, "version not found", id="delete"
        ),
        pytest.param(
            lambda s: s.get_active_version("f"),
            NoActiveVersion,
            "no active version",
            id="active-of-unknown",
        ),
    ],
)
async def test_missing_versions_have_their_own_errors(store, call, error, text):
    with pytest.raises(error, match=f"^{text}$"):
        await call(store)


async def test_a_function_without_versions_has_no_active_one(store):
    function = await some_function(store)

    with pytest.raises(NoActiveVersion):
        await store.get_active_version(function.id)


async def test_parallel_creations_get_consecutive_numbers(store):
    function = await some_function(store)

    made = await asyncio.gather(*(store.create_version(function.id, str(i)) for i in range(30)))

    assert sorted(version.version for version in made) == list(range(1, 31))
    listed, _ = await store.list_versions(function.id, PaginationParams(limit=100))
    assert [version.version for version in listed if version.is_active] == [30]


async def test_activating_leaves_exactly_one_active(store, clock):
    first = await some_version(store)
    await store.create_version(first.function_id, "two")
    clock.now += 9

    await store.activate_version(first.id, first.function_id)

    assert (await store.get_active_version(first.function_id)).id == first.id
    listed, _ = await store.list_versions(first.function_id, PaginationParams())
    assert [version.id for version in listed if version.is_active] == [first.id]
    assert (await store.get_function(first.function_id)).updated_at == NOW + 9
