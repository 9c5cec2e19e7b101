import sqlite3

import pytest

from perilune.store import (
    ExecutionNotFound,
    ExecutionStatus,
    PaginationParams,
)
from perilune.store.database.statements import load_statements
from tests.store.helpers import NOW, execution_of, fresh_id, some_version
from tests.store.sqlite.file import add_executions, other_connection, rows


async def test_delete_old_is_strict_and_takes_the_lines_along(store, path):
    ours, theirs = await some_version(store), await some_version(store)
    for version in (ours, theirs):
        for at in (NOW - 1, NOW, NOW + 1):
            made = await store.create_execution(execution_of(version, created_at=at))
            store.logs.append(fresh_id(), made.id, 0, "line", at)

    assert await store.delete_old_executions(NOW, ours.function_id) == 1
    assert await store.delete_old_executions(NOW, "nope") == 0
    assert (await store.list_executions(theirs.function_id, PaginationParams()))[1] == 3
    assert await store.delete_old_executions(NOW + 1) == 3

    assert rows(path, "SELECT DISTINCT created_at FROM executions") == [(NOW + 1,)]
    assert rows(path, "SELECT DISTINCT timestamp FROM logs") == [(NOW + 1,)]


async def test_delete_old_gets_through_more_than_one_chunk(store, path):
    version = await some_version(store)
    add_executions(path, version, 2500, created_at=NOW - 10)

    assert await store.delete_old_executions(NOW) == 2500

    assert await store.list_executions(version.function_id, PaginationParams()) == ([], 0)


async def test_recovery_finds_open_executions_by_their_index(store, path):
    sql = load_statements("executions")
    with other_connection(path) as connection:
        opened = query_plan(connection, sql["recover_pending"], (1, "m", "k", 9, None))

    assert "executions_pending" in opened


def query_plan(connection: sqlite3.Connection, sql: str, params: tuple[object, ...]) -> str:
    plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
    return "\n".join(row[3] for row in plan)


async def test_an_execution_is_deleted_with_what_it_left(store, path):
    version = await some_version(store)
    one = await store.create_execution(execution_of(version))
    other = await store.create_execution(execution_of(version))
    for made in (one, other):
        store.logs.append(fresh_id(), made.id, 0, "line", NOW)
        await store.update_execution(made.id, ExecutionStatus.SUCCESS, 5, None, None)

    await store.delete_execution(one.id)

    with pytest.raises(ExecutionNotFound):
        await store.get_execution(one.id)
    with pytest.raises(ExecutionNotFound):
        await store.delete_execution(one.id)
    found, total = await store.list_executions(version.function_id, PaginationParams())
    assert ([each.id for each in found], total) == ([other.id], 1)
    assert rows(path, "SELECT DISTINCT execution_id FROM logs") == [(other.id,)]
    assert rows(path, "SELECT sum(executions) FROM execution_stats") == [(2,)]


ALL = PaginationParams(100, 0)


async def test_kd_76_times_stay_seconds_and_the_order_within_one_is_kept(store, path, clock):
    """Whole seconds in the fields that clients read; beside them the order of insertion."""
    version = await some_version(store)
    made = [await store.create_execution(execution_of(version)) for _ in range(5)]

    found, _ = await store.list_executions(version.function_id, ALL)

    assert {one.created_at for one in found} == {int(clock.now)}
    assert [one.id for one in found] == [one.id for one in reversed(made)]
    ordered = rows(path, "SELECT id FROM executions ORDER BY seq")
    assert ordered == [(one.id,) for one in made]
