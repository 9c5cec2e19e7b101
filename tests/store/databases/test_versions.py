import pytest

from perilune.store import (
    ExecutionNotFound,
    PaginationParams,
)
from perilune.store.tables.removal import AT_ONCE
from tests.store.databases.outside import add_executions, rows
from tests.store.helpers import execution_of, some_version


async def test_executions_that_are_kept_outlive_their_version_but_not_their_function(store, where):
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
    assert rows(where, "SELECT count(*) FROM execution_counters") == [(0,)]


async def test_many_executions_that_were_kept_go_with_their_function(store, where):
    old = await some_version(store)
    await store.create_version(old.function_id, "two")
    add_executions(where, old, AT_ONCE + 1)
    await store.delete_version(old.id, keep_executions=True)

    await store.delete_function(old.function_id)

    assert (await store.purge_deleted())["executions"] == AT_ONCE + 1
    assert rows(where, "SELECT count(*) FROM execution_counters") == [(0,)]
