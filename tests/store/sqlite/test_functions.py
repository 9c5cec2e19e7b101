import asyncio

import pytest

from perilune.store import (
    Function,
    FunctionNotFound,
    PaginationParams,
)
from tests.store.helpers import NOW, execution_of, fresh_id, some_version
from tests.store.sqlite.file import rows


async def test_delete_removes_all_that_belongs_to_the_function(store, path):
    """Also after many parallel reads, on whatever connection it happens (KD-60, 62, 63)."""
    gone, kept = await some_version(store), await some_version(store)
    for version in (gone, kept):
        await store.create_version(version.function_id, "return 2")
        for _ in range(5):
            execution = await store.create_execution(execution_of(version))
            store.logs.append(fresh_id(), execution.id, 0, "line", NOW)
        await store.kv.set(version.function_id, b"k", b"v", None, 1000)
        await store.env.set(version.function_id, "KEY", "secret")
    await asyncio.gather(
        *(store.list_executions(gone.function_id, PaginationParams()) for _ in range(64))
    )

    await store.delete_function(gone.function_id)

    for table, per_function in {
        "functions": 1,
        "function_counters": 1,
        "function_versions": 2,
        "executions": 5,
        "logs": 5,
        "kv_store": 1,
        "env_vars": 1,
    }.items():
        assert rows(path, f"SELECT count(*) FROM {table}") == [(per_function,)], table
    with pytest.raises(FunctionNotFound):
        await store.get_function(gone.function_id)
    assert await store.list_executions(gone.function_id, PaginationParams()) == ([], 0)
    assert (await store.list_executions(kept.function_id, PaginationParams()))[1] == 5


async def test_a_name_comes_back_with_every_character(store):
    function = await store.create_function(Function(id="f", name="a\0b"))

    assert (await store.get_function(function.id)).name == "a\0b"
