import pytest

from perilune.store import (
    ExecutionNotFound,
    PaginationParams,
    open_store,
)
from perilune.store.sqlite.connection.migrate import shipped_migrations
from perilune.store.sqlite.connection.prepare import prepare_file
from perilune.store.tables.removal import AT_ONCE
from tests.store.helpers import NOW, execution_of, some_version
from tests.store.sqlite.file import add_executions, other_connection, rows


async def test_executions_that_are_kept_outlive_their_version_but_not_their_function(store, path):
    old = await some_version(store)
    unused = await store.create_version(old.function_id, "two")
    await store.create_version(old.function_id, "three")
    kept = await store.create_execution(execution_of(old))

    for one in (old, unused):
        await store.delete_version(one.id, keep_executions=True)

    await store.update_execution(kept.id, "error", 1, "failed", None)
    found, total = await store.list_executions(old.function_id, PaginationParams())
    assert ([each.id for each in found], total) == ([kept.id], 1)
    assert await store.purge_deleted() == {}
    assert (await store.get_execution(kept.id)).status == "error"
    assert await store.check_integrity() == []
    await store.delete_function(old.function_id)
    with pytest.raises(ExecutionNotFound):
        await store.get_execution(kept.id)
    await store.purge_deleted()
    assert rows(path, "SELECT count(*) FROM execution_counters") == [(0,)]


async def test_many_executions_that_were_kept_go_with_their_function(store, path):
    old = await some_version(store)
    await store.create_version(old.function_id, "two")
    add_executions(path, old, AT_ONCE + 1)
    await store.delete_version(old.id, keep_executions=True)

    await store.delete_function(old.function_id)

    assert (await store.purge_deleted())["executions"] == AT_ONCE + 1
    assert rows(path, "SELECT count(*) FROM execution_counters") == [(0,)]


async def test_figures_of_versions_come_from_what_an_older_file_has(path, clock, monkeypatch):
    steps = shipped_migrations()
    monkeypatch.setattr(
        "perilune.store.sqlite.connection.prepare.shipped_migrations", lambda: steps[:7]
    )
    prepare_file(path, NOW).close()
    with other_connection(path) as connection:
        connection.executescript(
            "INSERT INTO functions (id, name, created_at, updated_at) VALUES ('f', 'n', 1, 1);"
            "INSERT INTO function_versions (id, function_id, version, code, created_at, is_active)"
            " VALUES ('v', 'f', 1, 'x', 1, 1);"
            "INSERT INTO executions (id, function_id, function_version_id, status, trigger,"
            " created_at) VALUES ('a', 'f', 'v', 'error', 'http', 1),"
            " ('b', 'f', 'v', 'success', 'cron', 1), ('c', 'f', 'v', 'error', 'test', 1)"
        )
    monkeypatch.undo()

    async with open_store(path, clock=clock) as store:
        (found,), _ = await store.summarize_versions("f", PaginationParams())
        assert await store.check_integrity() == []

    assert (found.executions, found.errors, found.note) == (2, 1, None)
