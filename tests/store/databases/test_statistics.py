"""Figures of executions: exact numbers, durations within a known error, old rows merged."""

import asyncio

import pytest

from perilune.store import (
    ExecutionStatus,
    ExecutionTotals,
    duration_class,
)
from perilune.store.database import long_work
from tests.store.databases.outside import rows
from tests.store.helpers import NOW, execution_of, some_version

DAY = 86400


ERROR, SUCCESS = ExecutionStatus.ERROR, ExecutionStatus.SUCCESS


async def execute(store, version, duration_ms: int | None = 5, status=SUCCESS, **members) -> str:
    made = await store.create_execution(execution_of(version, **members))
    await store.update_execution(made.id, status, duration_ms, None, None)
    return made.id


async def test_figures_outlive_executions_but_not_their_function(store, where):
    kept, gone = await some_version(store), await some_version(store)
    for version in (kept, gone):
        await execute(store, version)

    await store.delete_old_executions(NOW + 1)
    await store.delete_function(gone.function_id)

    assert rows(where, "SELECT count(*) FROM executions") == [(0,)]
    assert list((await store.statistics.overview(0, 300)).functions) == [kept.function_id]


DURATIONS = [*range(-1, 70), *(2**n + d for n in range(6, 26) for d in (-1, 0, 1)), 2**40]


async def test_the_trigger_sorts_durations_as_the_program_does(store, where):
    version = await some_version(store)
    for duration_ms in DURATIONS:
        await execute(store, version, duration_ms)

    counted = rows(where, "SELECT duration_class, executions FROM execution_stats")

    expected: dict[int, int] = {}
    for duration_ms in DURATIONS:
        number = duration_class(duration_ms)
        expected[number] = expected.get(number, 0) + 1
    assert sorted(counted) == sorted(expected.items())


@pytest.mark.parametrize("most", [3, 1000])
async def test_old_rows_are_merged_and_nothing_is_lost(store, where, monkeypatch, most):
    monkeypatch.setattr(long_work, "MOST_ROWS", most)
    version = await some_version(store)
    ages_s = [*range(0, 4 * 3600, 300), *range(0, 30 * DAY, 11 * 3600)]
    await asyncio.gather(
        *(execute(store, version, 3 + age_s % 7, created_at=NOW - age_s) for age_s in ages_s)
    )
    before = rows(where, "SELECT sum(executions), sum(duration_ms) FROM execution_stats")
    month = await store.statistics.of_function(version.function_id, 0, DAY)

    await store.purge_expired(NOW)

    assert rows(where, "SELECT sum(executions), sum(duration_ms) FROM execution_stats") == before
    assert _sums(await store.statistics.of_function(version.function_id, 0, DAY)) == _sums(month)
    ends = {300: NOW - 75 * 60, 1800: NOW - 25 * 3600, 6 * 3600: NOW - 8 * DAY}
    for span_s, merged_before in ends.items():
        longer = {300: 1800, 1800: 6 * 3600, 6 * 3600: DAY}[span_s]
        end = merged_before // longer * longer
        odd = rows(
            where,
            "SELECT bucket FROM execution_stats WHERE bucket < ? AND bucket % ? <> 0",
            end,
            longer,
        )
        assert odd == []
    fine = rows(where, "SELECT DISTINCT bucket FROM execution_stats WHERE bucket % 1800 <> 0")
    assert len(fine) >= 10


async def test_figures_are_deleted_after_four_hundred_days(store, where):
    version = await some_version(store)
    for age_days in (0, 399, 401, 900):
        await execute(store, version, created_at=NOW - age_days * DAY)

    assert (await store.purge_expired(NOW))["execution_stats"] == 2

    assert rows(where, "SELECT sum(executions) FROM execution_stats") == [(2,)]


def _sums(found: dict[int, list[ExecutionTotals]]) -> dict[int, int]:
    return {start: sum(one.executions for one in totals) for start, totals in found.items()}
