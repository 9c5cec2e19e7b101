"""What the clean-up deletes, what it keeps, and what it gives back to the file system."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perilune.store import (
    DiskFull,
    Function,
    UpdateFunctionRequest,
)
from perilune.store.database.long_work import (
    FIRST_ROWS,
    MOST_ROWS,
    Batches,
    next_rows,
)
from perilune.store.upkeep import retention
from tests.profiles import examples
from tests.store.databases.outside import other_connection, rows
from tests.store.helpers import NOW, execution_of, fresh_id, some_version

DAY_S = 86400
BATCH_S = 0.0015
LEFT = "SELECT id FROM executions ORDER BY created_at, seq"


async def version_keeping(store, **limits):
    version = await some_version(store)
    await store.update_function(version.function_id, UpdateFunctionRequest(**limits))
    return version


async def sized(store, version, size, created_at=NOW):
    """A closed execution with an event of *size* bytes; return its id."""
    made = execution_of(version, status="success", created_at=created_at, event_json="x" * size)
    return (await store.create_execution(made)).id


@pytest.mark.parametrize(
    ("days", "kept_s"),
    [
        pytest.param(None, 7 * DAY_S, id="default"),
        *(pytest.param(days, days * DAY_S, id=f"{days}-days") for days in (7, 15, 30, 365)),
    ],
)
async def test_an_execution_goes_when_it_is_older_than_its_function_keeps_it(
    store, where, days, kept_s
):
    """Strictly older, and each function by its own limit (KD-80)."""
    version = await version_keeping(store, retention_days=days)
    other = await version_keeping(store, retention_days=365)
    old = await sized(store, version, 1, NOW - kept_s - 1)
    just = await sized(store, version, 1, NOW - kept_s)
    elsewhere = await sized(store, other, 1, NOW - 365 * DAY_S)
    store.logs.append(fresh_id(), old, 0, "line", NOW)

    gone = await store.purge_expired(NOW)

    assert (gone["executions"], gone["logs"]) == (1, 1)
    assert {row[0] for row in rows(where, LEFT)} == {just, elsewhere}
    assert rows(where, "SELECT count(*) FROM logs") == [(0,)]


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        pytest.param(1000, 4, id="all-fit"),
        pytest.param(100, 4, id="exactly"),
        pytest.param(99, 3, id="one-byte-too-much"),
        pytest.param(40, 1, id="the-newest"),
        pytest.param(39, 0, id="not-even-the-newest"),
    ],
)
async def test_the_oldest_go_first_until_the_rest_fits(store, where, limit, left):
    version = await version_keeping(store, retention_bytes=limit)
    unlimited = await some_version(store)
    ids = [await sized(store, version, size, NOW + size) for size in (10, 20, 30, 40)]
    other = await sized(store, unlimited, 5000)

    gone = await store.purge_expired(NOW)

    assert gone["executions"] == 4 - left
    assert [row[0] for row in rows(where, LEFT)] == [other, *ids[4 - left :]]


async def test_all_that_belongs_to_an_execution_counts(store, where):
    version = await version_keeping(store, retention_bytes=100)
    first = await sized(store, version, 10)
    store.logs.append(fresh_id(), first, 0, "ü" * 30, NOW)
    second = await sized(store, version, 30)

    assert (await store.purge_expired(NOW))["executions"] == 0
    third = await sized(store, version, 1)
    assert (await store.purge_expired(NOW))["executions"] == 1

    assert [row[0] for row in rows(where, LEFT)] == [second, third]


async def test_a_running_execution_stays_whatever_its_size(store, where):
    version = await version_keeping(store, retention_bytes=1)
    running = await store.create_execution(execution_of(version, event_json="x" * 100))
    await sized(store, version, 100)

    await store.purge_expired(NOW)

    assert rows(where, LEFT) == [(running.id,)]


@settings(examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(0, 50), max_size=12),
    limit=st.integers(0, 200),
    at_once=st.integers(1, 5),
)
async def test_the_longest_newest_part_that_fits_stays(
    store, where, monkeypatch, sizes, limit, at_once
):
    monkeypatch.setattr(retention, "MEASURED_AT_ONCE", at_once)
    monkeypatch.setattr(retention, "FOUND_AT_ONCE", at_once)
    version = await version_keeping(store, retention_bytes=limit)
    ids = [await sized(store, version, size) for size in sizes]

    await store.purge_expired(NOW)

    number = 0
    while number < len(sizes) and sum(sizes[len(sizes) - number - 1 :]) <= limit:
        number += 1
    sql = "SELECT id FROM executions WHERE function_id = ? ORDER BY seq"
    left = [row[0] for row in rows(where, sql, version.function_id)]
    assert left == ids[len(sizes) - number :]


async def test_every_function_is_looked_at(store, where):
    """Not only the newest hundred (KD-81)."""
    oldest = await version_keeping(store, retention_days=365)
    stays = await sized(store, oldest, 1, NOW - 300 * DAY_S)
    for number in range(120):
        await store.create_function(Function(id=f"n{number}", name="n"))

    await store.purge_expired(NOW)

    assert rows(where, LEFT) == [(stays,)]


async def test_expired_sessions_ticks_and_figures_go(store, where):
    function_id = (await some_version(store)).function_id
    with other_connection(where) as connection:
        for name, expires in (("old", NOW), ("new", NOW + 1)):
            connection.execute(
                "INSERT INTO sessions (id, token_hash, created_at, last_used_at, expires_at)"
                " VALUES (?, ?, 0, 0, ?)",
                (name, name.encode(), expires),
            )
        for tick in (NOW - 31 * DAY_S, NOW - 29 * DAY_S):
            connection.execute(
                "INSERT INTO cron_ticks (function_id, tick, outcome, claimed_at)"
                " VALUES (?, ?, 'started', 0)",
                (function_id, tick),
            )
        for bucket in (NOW - 401 * DAY_S, NOW - 399 * DAY_S):
            connection.execute(
                "INSERT INTO execution_stats (function_id, duration_class, bucket, executions,"
                " errors, duration_ms) VALUES (?, 1, ?, 1, 0, 1)",
                (function_id, bucket),
            )

    gone = await store.purge_expired(NOW)

    assert (gone["sessions"], gone["cron_ticks"], gone["execution_stats"]) == (1, 1, 1)
    assert rows(where, "SELECT id FROM sessions") == [("new",)]
    assert rows(where, "SELECT tick FROM cron_ticks") == [(NOW - 29 * DAY_S,)]
    assert rows(where, "SELECT sum(executions) FROM execution_stats") == [(1,)]


async def test_the_last_tick_of_a_function_stays(store, where):
    """A yearly schedule must not forget when it was executed."""
    function_id = (await some_version(store)).function_id
    with other_connection(where) as connection:
        for tick in (NOW - 800 * DAY_S, NOW - 400 * DAY_S):
            connection.execute(
                "INSERT INTO cron_ticks (function_id, tick, outcome, claimed_at)"
                " VALUES (?, ?, 'started', 0)",
                (function_id, tick),
            )

    assert (await store.purge_expired(NOW))["cron_ticks"] == 1

    assert rows(where, "SELECT tick FROM cron_ticks") == [(NOW - 400 * DAY_S,)]


async def test_the_clean_up_works_within_a_transaction(store, where):
    version = await some_version(store)
    await sized(store, version, 1, NOW - 8 * DAY_S)

    async with store.transaction() as transaction:
        assert (await transaction.purge_expired(NOW))["executions"] == 1

    assert rows(where, LEFT) == []


@pytest.mark.parametrize(
    ("rows_before", "took_s", "expected"),
    [
        pytest.param(100, BATCH_S, 100, id="as-wanted"),
        pytest.param(100, BATCH_S * 2, 50, id="too-long"),
        pytest.param(100, BATCH_S / 100, 151, id="grows-slowly"),
        pytest.param(MOST_ROWS, 1e-9, MOST_ROWS, id="bounded"),
        pytest.param(1, 10.0, 1, id="at-least-one"),
        pytest.param(FIRST_ROWS, 0.0, FIRST_ROWS + FIRST_ROWS // 2 + 1, id="no-time"),
    ],
)
def test_batches_follow_the_time_they_take(rows_before, took_s, expected):
    assert next_rows(rows_before, took_s, BATCH_S) == expected


@pytest.mark.parametrize("most", [7, 1])
async def test_batches_become_as_small_as_the_disk_needs(store, most):
    async def pause(_: float) -> None: ...

    batches = Batches(store._access, pause)
    done: list[int] = []

    def work(_: object, items: Sequence[int]) -> int:
        if len(items) > most:
            raise DiskFull("the disk is full")
        done.extend(items)
        return len(items)

    sizes = await batches.each(range(200), work)

    assert done == list(range(200)), "in order, each once"
    assert max(sizes) <= most


async def test_one_row_that_does_not_fit_is_an_error(store):
    async def pause(_: float) -> None: ...

    def work(_: object, items: Sequence[int]) -> int:
        raise DiskFull("the disk is full")

    with pytest.raises(DiskFull):
        await Batches(store._access, pause).each(range(200), work)
