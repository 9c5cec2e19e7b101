"""Functions with many key-value pairs: what deleting them costs, whoever does it."""

from perilune.store import open_store
from perilune.store.tables.removal import (
    AT_ONCE,
)
from tests.store.helpers import some_version
from tests.store.sqlite.file import other_connection, recount

MANY = AT_ONCE + 1


def add_pairs(path, function_id, number, size=1):
    with other_connection(path) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executemany(
            "INSERT INTO kv_store (function_id, key, value) VALUES (?, ?, zeroblob(?))",
            ((function_id, b"%08d" % index, size) for index in range(number)),
        )
        recount(connection)


async def test_functions_deleted_by_any_way_leave_their_entries_for_the_clean_up(path, clock):
    async with open_store(path, clock=clock) as store:
        version = await some_version(store)
        add_pairs(path, version.function_id, 3)
    with other_connection(path) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM functions")

    async with open_store(path, clock=clock) as store:
        assert await store.check_integrity() == []
        assert await store.purge_deleted() == {"kv_store": 3}


async def test_deleting_does_not_look_at_the_entries(store, path):
    """Counted in steps of SQLite's machine: timings would depend on the neighbours."""
    steps = []
    for number in (MANY, 10 * MANY):
        version = await some_version(store)
        add_pairs(path, version.function_id, number)
        taken = 0

        def step() -> int:
            nonlocal taken
            taken += 1
            return 0

        store._connection.set_progress_handler(step, 1)
        await store.delete_function(version.function_id)
        store._connection.set_progress_handler(None, 1)
        steps.append(taken)

    assert steps[1] < 1.2 * steps[0]
