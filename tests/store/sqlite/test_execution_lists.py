"""Lists of executions: what they show, in parts, and what a part costs (KD-66, KD-69, KD-70)."""

import sqlite3
from itertools import product
from typing import Any

import msgspec
import pytest

from perilune.store import (
    ExecutionFilter,
    PaginationParams,
)
from perilune.store.tables import execution_lists as lists
from perilune.store.tables.execution_lists import ExecutionLists
from tests.store.helpers import NOW, execution_of, fresh_id, some_version
from tests.store.listed import CRON, ERROR, PENDING, SUCCESS, expected, some_executions
from tests.store.sqlite.file import other_connection, recount, rows

ALL = PaginationParams(100)


FILTERS: list[dict[str, Any]] = [
    {"status": status, "trigger": trigger, "text": text, "since": since, "until": until}
    for status, trigger, text, (since, until) in product(
        (None, ERROR, SUCCESS, PENDING),
        (None, CRON),
        (None, "LINE 1"),
        ((None, None), (NOW + 3, NOW + 11)),
    )
]


@pytest.mark.parametrize("of", ["function", "version", "all"])
async def test_every_filter_shows_what_it_says_in_parts_that_fit_together(store, of, monkeypatch):
    monkeypatch.setattr(lists, "WINDOW_ROWS", 7)
    monkeypatch.setattr(lists, "TABLE_WINDOW_ROWS", 5)
    one, second, made = await some_executions(store)
    owners: dict[str, dict[str, Any]] = {
        "function": {"function_id": one.function_id},
        "version": {"function_id": one.function_id, "version_id": second.id},
        "all": {},
    }
    owner = owners[of]
    for members in FILTERS:
        wanted = ExecutionFilter(**owner, **members)

        seen, after, parts = [], None, 0
        while True:
            page = await store.find_executions(wanted, PaginationParams(4), after=after)
            seen += page.executions
            after, parts = page.next, parts + 1
            assert len(page.executions) <= 4
            if after is None:
                break
        in_order = [each.id for each in seen]
        assert in_order == [each.id for each in expected(made, wanted)], members
        assert page.total <= len(seen)
        assert page.total == len(seen) or not page.is_total_exact
        assert parts <= 25


async def test_leftovers_of_deleted_versions_are_hidden(store, path):
    """A version with many executions is deleted at once, its executions go afterwards."""
    version = await some_version(store)
    second = await store.create_version(version.function_id, "return 2")
    add_executions(path, version, 1000)
    kept = await store.create_execution(execution_of(second))
    add_executions(path, version, 1000, 1000)

    await store.delete_version(version.id)

    for wanted in (ExecutionFilter(), ExecutionFilter(function_id=version.function_id)):
        page = await store.find_executions(wanted, PaginationParams(5))
        assert ([each.id for each in page.executions], page.total) == ([kept.id], 1)
        failed = msgspec.structs.replace(wanted, status=ERROR)
        assert (await store.find_executions(failed, PaginationParams(5))).executions == []


class Counting:
    """Reads on one connection, counting the steps of SQLite's machine: no clock is as steady."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.steps = 0

    async def read(self, work):
        self.steps = 0
        self._connection.set_progress_handler(self._step, 1)
        try:
            return work(self._connection)
        finally:
            self._connection.set_progress_handler(None, 1)

    def _step(self) -> int:
        self.steps += 1
        return 0


def add_executions(path, version, number: int, first: int = 0) -> None:
    """Add closed executions, one in ten a failure, one in five by cron."""
    with other_connection(path) as connection:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO executions (id, function_id, function_version_id, status, trigger,"
            " error_message, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    fresh_id("b"),
                    version.function_id,
                    version.id,
                    "error" if at % 10 == 0 else "success",
                    "cron" if at % 5 == 1 else "http",
                    "boom" if at % 10 == 0 else None,
                    NOW + at,
                )
                for at in range(first, first + number)
            ],
        )
        recount(connection)
        connection.execute("COMMIT")


GROWING = [
    pytest.param({}, 2.0, id="none"),
    pytest.param({"status": ERROR}, 2.0, id="errors"),
    pytest.param({"status": PENDING}, 2.0, id="pending"),
    pytest.param({"text": "boom"}, 2.0, id="text"),
    pytest.param({"since": NOW + 10, "until": NOW + 90}, 2.0, id="times"),
]


@pytest.mark.parametrize("of_all", [False, True])
@pytest.mark.parametrize(("members", "bound"), GROWING)
async def test_kd_70_a_first_page_costs_the_same_however_many_rows_there_are(
    store, path, members, bound, of_all, monkeypatch
):
    monkeypatch.setattr(lists, "COUNTED_ROWS", 10)
    version = await some_version(store)
    steps = []
    for first, number in ((0, 300), (300, 9700)):
        add_executions(path, version, number, first)
        with other_connection(path) as connection:
            counting = Counting(connection)
            wanted = ExecutionFilter(function_id=None if of_all else version.function_id, **members)
            await ExecutionLists(counting).find(wanted, PaginationParams(10))  # type: ignore[arg-type]
        steps.append(counting.steps)

    assert steps[1] <= bound * steps[0]


async def test_filters_without_an_index_search_a_bounded_window(store, path):
    version = await some_version(store)
    add_executions(path, version, 30_000)
    wanted = ExecutionFilter(function_id=version.function_id, version_id="never")
    with other_connection(path) as connection:
        counting = Counting(connection)

        page = await ExecutionLists(counting).find(wanted, ALL)  # type: ignore[arg-type]

    assert (page.executions, page.total, page.is_total_exact) == ([], 0, False)
    assert page.next is not None
    assert counting.steps < 30 * lists.WINDOW_ROWS


async def test_a_deep_offset_does_not_touch_the_rows_it_passes(store, path):
    version = await some_version(store)
    add_executions(path, version, 3000)
    wanted = ExecutionFilter(function_id=version.function_id)
    with other_connection(path) as connection:
        seen: list[str] = []
        connection.set_trace_callback(seen.append)
        await ExecutionLists(Counting(connection)).find(  # type: ignore[arg-type]
            wanted, PaginationParams(20, 2000)
        )
        connection.set_trace_callback(None)
        walks = [sql for sql in seen if "OFFSET" in sql]
        plans = [connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in walks]

    assert plans
    for ((_, _, _, plan),) in plans:
        assert "COVERING INDEX executions_newest" in plan


async def test_kd_70_lists_and_clean_up_have_their_index_and_no_table_has_idle_ones(store, path):
    found = rows(path, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    columns = {
        name: [row[2] for row in rows(path, f"PRAGMA index_info({name})")] for (name,) in found
    }

    assert columns["executions_newest"][:2] == ["function_id", "created_at"]
    assert "executions_pending" in columns
    for idle in ("level", "timestamp", "disabled"):
        assert all(first != idle for first, *_ in columns.values())
    for condition, index in (
        ("function_id = 'f' ORDER BY created_at DESC, seq DESC", "executions_newest"),
        ("function_id = 'f' AND created_at < 5", "executions_newest"),
        ("status = 'pending' AND created_at < 5", "executions_pending"),
    ):
        plan = f"EXPLAIN QUERY PLAN SELECT 1 FROM executions WHERE {condition}"
        steps = str(rows(path, plan))
        assert index in steps and "SCAN" not in steps and "TEMP B-TREE" not in steps
