"""Functions and versions with many executions: what deleting them costs, whoever does it."""

from perilune.store import (
    open_store,
)
from perilune.store.tables.removal import AT_ONCE
from tests.store.helpers import some_version
from tests.store.sqlite.file import add_executions, other_connection


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
