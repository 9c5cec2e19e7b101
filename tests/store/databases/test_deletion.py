"""Functions and versions with many executions: gone at once, cleaned up in batches."""

import asyncio

import pytest

from perilune.store import (
    AIRequest,
    ExecutionNotFound,
    Function,
    FunctionNotFound,
    PaginationParams,
    RequestStatus,
    UpdateFunctionRequest,
    VersionNotFound,
    open_store,
)
from perilune.store.tables.removal import AT_ONCE
from tests.store.databases.outside import add_executions, other_connection, row_count, rows
from tests.store.helpers import NOW, execution_of, fresh_id, some_version

MANY = AT_ONCE + 1
FIRST_PAGE = PaginationParams()


def ai_request(execution_id):
    return AIRequest(
        id=fresh_id("a"),
        execution_id=execution_id,
        provider="openai",
        model="m",
        endpoint="/",
        request_json="{}",
        status=RequestStatus.SUCCESS,
        duration_ms=1,
    )


async def closed_execution(store, version):
    """A closed execution with a log line and an AI request."""
    made = await store.create_execution(execution_of(version, status="success"))
    store.logs.append(fresh_id(), made.id, 0, "line", NOW)
    store.ai_requests.append(ai_request(made.id))
    return made


@pytest.fixture
async def large(store, where):
    """A version with more executions than are deleted at once, and one of them."""
    version = await some_version(store)
    one = await closed_execution(store, version)
    add_executions(where, version, MANY)
    return version, one


async def test_executions_of_a_deleted_version_are_not_activity(store, large):
    version, _ = large
    (before,) = await store.statistics.activity([version.function_id], 0)
    await store.create_version(version.function_id, "next")

    await store.delete_version(version.id)

    (after,) = await store.statistics.activity([version.function_id], 0)
    assert before.last is not None
    assert after.last is None


async def test_a_large_function_is_out_of_sight_at_once(store, where, large):
    version, one = large
    await store.env.set(version.function_id, "KEY", "s3cret")
    await store.kv.set(version.function_id, b"k", b"v", None, 100)

    await store.delete_function(version.function_id)

    assert await store.list_functions(FIRST_PAGE) == ([], 0)
    assert await store.list_versions(version.function_id, FIRST_PAGE) == ([], 0)
    assert await store.list_executions(version.function_id, FIRST_PAGE) == ([], 0)
    assert await store.logs.page(one.id, None, 0) == ([], 0)
    assert await store.ai_requests.page(one.id, None, 0) == ([], 0)
    for ask, error in (
        (store.get_function(version.function_id), FunctionNotFound),
        (store.delete_function(version.function_id), FunctionNotFound),
        (store.update_function(version.function_id, UpdateFunctionRequest()), FunctionNotFound),
        (store.create_version(version.function_id, "x"), FunctionNotFound),
        (store.create_execution(execution_of(version)), FunctionNotFound),
        (store.get_version_by_id(version.id), VersionNotFound),
        (store.get_execution(one.id), ExecutionNotFound),
    ):
        with pytest.raises(error):
            await ask
    for table in ("functions", "function_versions", "function_counters", "env_vars", "kv_store"):
        assert rows(where, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert await store.check_integrity() == []


async def test_leftovers_of_a_large_function_are_cleaned_up(store, where, large):
    version, _ = large
    kept = await closed_execution(store, await some_version(store))
    await store.delete_function(version.function_id)

    gone = await store.purge_deleted()

    assert gone == {"executions": MANY + 1, "logs": 1, "ai_requests": 1}
    assert rows(where, "SELECT id FROM executions") == [(kept.id,)]
    assert rows(where, "SELECT execution_id FROM logs") == [(kept.id,)]
    assert rows(where, "SELECT count(*) FROM execution_counters") == [(1,)]
    assert await store.purge_deleted() == {}


async def test_a_running_execution_of_a_deleted_function_leaves_nothing(store, where, large):
    version, _ = large
    running = await store.create_execution(execution_of(version))
    store.logs.append(fresh_id(), running.id, 0, "line", NOW)

    await store.delete_function(version.function_id)

    with pytest.raises(ExecutionNotFound):
        await store.update_execution(running.id, "success", 1, None, None)
    assert rows(where, "SELECT count(*) FROM logs WHERE execution_id = ?", running.id) == [(0,)]


async def test_a_large_version_is_out_of_sight_at_once(store, where, large):
    version, one = large
    other = await store.create_version(version.function_id, "two")
    kept = await store.create_execution(execution_of(other))

    await store.delete_version(version.id)

    found, total = await store.list_executions(version.function_id, FIRST_PAGE)
    assert ([each.id for each in found], total) == ([kept.id], 1)
    with pytest.raises(ExecutionNotFound):
        await store.get_execution(one.id)
    with pytest.raises(VersionNotFound):
        await store.create_execution(execution_of(version))
    assert await store.check_integrity() == []
    assert (await store.purge_deleted())["executions"] == MANY + 1
    assert rows(where, "SELECT id FROM executions") == [(kept.id,)]


async def test_a_function_that_comes_back_does_not_bring_its_executions_back(store, large):
    version, one = large
    await store.delete_function(version.function_id)

    again = await store.create_function(Function(id=version.function_id, name="again"))
    new = await store.create_version(again.id, "new")

    assert new.version == version.version + 1
    assert await store.list_executions(again.id, FIRST_PAGE) == ([], 0)
    made = await store.create_execution(execution_of(new))
    await store.purge_deleted()
    found, total = await store.list_executions(again.id, FIRST_PAGE)
    assert ([each.id for each in found], total) == ([made.id], 1)
    with pytest.raises(ExecutionNotFound):
        await store.get_execution(one.id)


async def test_the_clean_up_goes_on_after_a_restart(where, clock, monkeypatch):
    monkeypatch.setattr("perilune.store.database.long_work.MOST_ROWS", 10)
    async with open_store(where, clock=clock) as store:
        version = await some_version(store)
        add_executions(where, version, 3 * MANY)
        await store.delete_function(version.function_id)
        cleaning = asyncio.ensure_future(store.purge_deleted())
        async with asyncio.timeout(30):
            while rows(where, "SELECT count(*) FROM executions") == [(3 * MANY,)]:
                await store.ping()
        cleaning.cancel()
    left = rows(where, "SELECT count(*) FROM executions")

    async with open_store(where, clock=clock) as store:
        assert await store.check_integrity() == []
        gone = await store.purge_deleted()
        assert await store.check_integrity() == []

    assert [(gone["executions"],)] == left
    assert 0 < gone["executions"] < 3 * MANY
    assert rows(where, "SELECT count(*) FROM executions") == [(0,)]


@pytest.mark.soak
async def test_others_write_while_a_large_function_is_cleaned_up(store, where, large):
    """The writer takes what came in meanwhile between two batches."""
    version, _ = large
    add_executions(where, version, 5000)
    other = await some_version(store)
    await store.delete_function(version.function_id)
    cleaning = asyncio.ensure_future(store.purge_deleted())

    written = 0
    while not cleaning.done():
        await store.create_execution(execution_of(other))
        written += 1

    assert written > 10
    assert (await store.list_executions(other.function_id, FIRST_PAGE))[1] == written
    assert rows(where, "SELECT count(*) FROM executions") == [(written,)]


async def test_the_row_of_an_empty_version_waits_until_looking_for_its_executions_is_cheap(
    store, where, monkeypatch
):
    """A foreign key without an index of its own: its search goes through the whole function."""
    few = MANY
    monkeypatch.setattr("perilune.store.upkeep.retention.FEW", few)
    first = await some_version(store)
    second = await store.create_version(first.function_id, "two")
    add_executions(where, second, few + 1, created_at=NOW - 100)
    add_executions(where, first, MANY)

    await store.delete_version(first.id)
    await store.purge_deleted()
    (left,) = rows(where, "SELECT executions, deleted FROM execution_counters WHERE deleted = 1")
    found, total = await store.list_executions(first.function_id, FIRST_PAGE)
    await store.delete_old_executions(NOW)
    await store.purge_deleted()

    assert left == (0, 1)
    assert (len(found), total) == (20, few + 1)
    assert rows(where, "SELECT version_id, deleted FROM execution_counters") == [(second.id, 0)]


@pytest.mark.parametrize("executions", [0, 3, MANY])
async def test_leftovers_of_versions_go_with_the_last_execution(store, where, executions):
    version = await some_version(store)
    await store.create_version(version.function_id, "two")
    add_executions(where, version, executions)

    await store.delete_function(version.function_id)
    left = rows(where, "SELECT count(*), min(deleted) FROM execution_counters")
    await store.purge_deleted()

    assert left == [(2, 1) if executions == MANY else (0, None)]
    assert rows(where, "SELECT count(*) FROM execution_counters") == [(0,)]
    assert await store.check_integrity() == []


DAY_S = 86400


async def filled_version(store):
    """A version with an execution, a log line, a pair and a variable."""
    version = await some_version(store)
    made = await store.create_execution(execution_of(version, status="success"))
    store.logs.append(fresh_id(), made.id, 0, "line", NOW)
    await store.kv.set(version.function_id, b"k", b"v", None, 1000)
    await store.env.set(version.function_id, "KEY", "secret")
    return version


async def test_kd_62_log_lines_go_with_their_execution(store, where):
    by_function, by_version, by_age = [await filled_version(store) for _ in range(3)]
    await store.create_version(by_version.function_id, "two")
    with other_connection(where) as somebody:
        somebody.execute(
            "UPDATE executions SET created_at = ? WHERE function_id = ?",
            (NOW - 8 * DAY_S, by_age.function_id),
        )

    await store.delete_function(by_function.function_id)
    await store.delete_version(by_version.id)
    await store.purge_expired(NOW)

    assert row_count(where, "logs") == 0
