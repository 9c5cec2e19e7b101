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
from perilune.store.tables.removal import AT_ONCE, FEW
from tests.store.helpers import NOW, execution_of, fresh_id, some_version
from tests.store.sqlite.file import add_executions, other_connection, row_count, rows

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
async def large(store, path):
    """A version with more executions than are deleted at once, and one of them."""
    version = await some_version(store)
    one = await closed_execution(store, version)
    add_executions(path, version, MANY)
    return version, one


async def test_executions_of_a_deleted_version_are_not_activity(store, large):
    version, _ = large
    (before,) = await store.statistics.activity([version.function_id], 0)
    await store.create_version(version.function_id, "next")

    await store.delete_version(version.id)

    (after,) = await store.statistics.activity([version.function_id], 0)
    assert before.last is not None
    assert after.last is None


async def test_a_large_function_is_out_of_sight_at_once(store, path, large):
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
        assert rows(path, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert await store.check_integrity() == []


async def test_leftovers_of_a_large_function_are_cleaned_up(store, path, large):
    version, _ = large
    kept = await closed_execution(store, await some_version(store))
    await store.delete_function(version.function_id)

    gone = await store.purge_deleted()

    assert gone == {"executions": MANY + 1, "logs": 1, "ai_requests": 1}
    assert rows(path, "SELECT id FROM executions") == [(kept.id,)]
    assert rows(path, "SELECT execution_id FROM logs") == [(kept.id,)]
    assert rows(path, "SELECT count(*) FROM execution_counters") == [(1,)]
    assert await store.purge_deleted() == {}


async def test_a_running_execution_of_a_deleted_function_leaves_nothing(store, path, large):
    version, _ = large
    running = await store.create_execution(execution_of(version))
    store.logs.append(fresh_id(), running.id, 0, "line", NOW)

    await store.delete_function(version.function_id)

    with pytest.raises(ExecutionNotFound):
        await store.update_execution(running.id, "success", 1, None, None)
    assert rows(path, "SELECT count(*) FROM logs WHERE execution_id = ?", running.id) == [(0,)]


async def test_a_large_version_is_out_of_sight_at_once(store, path, large):
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
    assert rows(path, "SELECT id FROM executions") == [(kept.id,)]


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


async def test_the_clean_up_goes_on_after_a_restart(path, clock, monkeypatch):
    monkeypatch.setattr("perilune.store.database.long_work.MOST_ROWS", 10)
    async with open_store(path, clock=clock) as store:
        version = await some_version(store)
        add_executions(path, version, 3 * MANY)
        await store.delete_function(version.function_id)
        cleaning = asyncio.ensure_future(store.purge_deleted())
        async with asyncio.timeout(30):
            while rows(path, "SELECT count(*) FROM executions") == [(3 * MANY,)]:
                await store.ping()
        cleaning.cancel()
    left = rows(path, "SELECT count(*) FROM executions")

    async with open_store(path, clock=clock) as store:
        assert await store.check_integrity() == []
        gone = await store.purge_deleted()
        assert await store.check_integrity() == []

    assert [(gone["executions"],)] == left
    assert 0 < gone["executions"] < 3 * MANY
    assert rows(path, "SELECT count(*) FROM executions") == [(0,)]


@pytest.mark.soak
async def test_others_write_while_a_large_function_is_cleaned_up(store, path, large):
    """The writer takes what came in meanwhile between two batches."""
    version, _ = large
    add_executions(path, version, 5000)
    other = await some_version(store)
    await store.delete_function(version.function_id)
    cleaning = asyncio.ensure_future(store.purge_deleted())

    written = 0
    while not cleaning.done():
        await store.create_execution(execution_of(other))
        written += 1

    assert written > 10
    assert (await store.list_executions(other.function_id, FIRST_PAGE))[1] == written
    assert rows(path, "SELECT count(*) FROM executions") == [(written,)]


async def test_versions_deleted_by_any_way_leave_their_executions_for_the_clean_up(path, clock):
    async with open_store(path, clock=clock) as store:
        version = await some_version(store)
        add_executions(path, version, 3)
    with other_connection(path) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM functions")

    async with open_store(path, clock=clock) as store:
        assert await store.check_integrity() == []
        assert (await store.purge_deleted())["executions"] == 3


async def test_the_row_of_an_empty_version_waits_until_looking_for_its_executions_is_cheap(
    store, path, clock
):
    """A foreign key without an index of its own: its search goes through the whole function."""
    first = await some_version(store)
    second = await store.create_version(first.function_id, "two")
    add_executions(path, second, FEW + 1, created_at=NOW - 100)
    add_executions(path, first, MANY)

    await store.delete_version(first.id)
    await store.purge_deleted()
    (left,) = rows(path, "SELECT executions, deleted FROM execution_counters WHERE deleted = 1")
    found, total = await store.list_executions(first.function_id, FIRST_PAGE)
    await store.delete_old_executions(NOW)
    await store.purge_deleted()

    assert left == (0, 1)
    assert (len(found), total) == (20, FEW + 1)
    assert rows(path, "SELECT version_id, deleted FROM execution_counters") == [(second.id, 0)]


async def test_deleting_does_not_look_at_the_executions(store, path):
    """Counted in steps of SQLite's machine: timings would depend on the neighbours."""
    steps = []
    for number in (AT_ONCE + 1, 100 * AT_ONCE):
        version = await some_version(store)
        await store.create_version(version.function_id, "empty")
        add_executions(path, version, number)
        taken = 0

        def step() -> int:
            nonlocal taken
            taken += 1
            return 0

        store._connection.set_progress_handler(step, 1)
        await store.delete_version(version.id)
        await store.delete_function(version.function_id)
        store._connection.set_progress_handler(None, 1)
        steps.append(taken)

    assert steps[1] < 1.2 * steps[0]


async def test_deleting_does_not_look_at_every_version_for_each_of_them(store):
    """Counted in steps of SQLite's machine, per version."""
    per_version = []
    for number in (50, 500):
        version = await some_version(store)
        for _ in range(number):
            await store.create_version(version.function_id, "x")
        taken = 0

        def step() -> int:
            nonlocal taken
            taken += 1
            return 0

        store._connection.set_progress_handler(step, 1)
        await store.delete_function(version.function_id)
        store._connection.set_progress_handler(None, 1)
        per_version.append(taken / number)

    assert per_version[1] < 1.2 * per_version[0]


@pytest.mark.parametrize("executions", [0, 3, MANY])
async def test_leftovers_of_versions_go_with_the_last_execution(store, path, executions):
    version = await some_version(store)
    await store.create_version(version.function_id, "two")
    add_executions(path, version, executions)

    await store.delete_function(version.function_id)
    left = rows(path, "SELECT count(*), min(deleted) FROM execution_counters")
    await store.purge_deleted()

    assert left == [(2, 1) if executions == MANY else (0, None)]
    assert rows(path, "SELECT count(*) FROM execution_counters") == [(0,)]
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


async def test_kd_62_log_lines_go_with_their_execution(store, path):
    by_function, by_version, by_age = [await filled_version(store) for _ in range(3)]
    await store.create_version(by_version.function_id, "two")
    with other_connection(path) as somebody:
        somebody.execute(
            "UPDATE executions SET created_at = ? WHERE function_id = ?",
            (NOW - 8 * DAY_S, by_age.function_id),
        )

    await store.delete_function(by_function.function_id)
    await store.delete_version(by_version.id)
    await store.purge_expired(NOW)

    assert row_count(path, "logs") == 0
