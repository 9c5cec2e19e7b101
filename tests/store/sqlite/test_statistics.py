"""How figures of executions are read."""

from perilune.store.tables import statistics
from tests.store.sqlite.file import other_connection


async def test_all_functions_are_added_up_without_sorting(store, path):
    sql = statistics._SQL["of_all"]
    with other_connection(path) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", (0,)).fetchall()

    assert [row[3] for row in plan] == ["SCAN execution_stats"]
