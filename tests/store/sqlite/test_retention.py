"""What the clean-up deletes, what it keeps, and what it gives back to the file system."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perilune.store import (
    DiskFull,
    Function,
    PaginationParams,
    UpdateFunctionRequest,
    open_store,
)
from perilune.store.database.long_work import (
    BATCH_S,
    FIRST_ROWS,
    MOST_ROWS,
    Batches,
    next_rows,
)
from perilune.store.sqlite.connection.migrate import shipped_migrations
from perilune.store.sqlite.connection.prepare import prepare_file
from perilune.store.sqlite.upkeep import compaction
from perilune.store.upkeep import retention
from tests.profiles import examples
from tests.store.helpers import NOW, execution_of, fresh_id, some_version
from tests.store.sqlite.file import add_executions, other_connection, recount, row_count, rows

DAY_S = 86400
LEFT = "SELECT id FROM executions ORDER BY created_at, seq"


def pragma(path, name) -> int:
    with other_connection(path) as connection:
        value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
        return value


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
    store, path, days, kept_s
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
    assert {row[0] for row in rows(path, LEFT)} == {just, elsewhere}
    assert rows(path, "SELECT count(*) FROM logs") == [(0,)]


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
async def test_the_oldest_go_first_until_the_rest_fits(store, path, limit, left):
    version = await version_keeping(store, retention_bytes=limit)
    unlimited = await some_version(store)
    ids = [await sized(store, version, size, NOW + size) for size in (10, 20, 30, 40)]
    other = await sized(store, unlimited, 5000)

    gone = await store.purge_expired(NOW)

    assert gone["executions"] == 4 - left
    assert [row[0] for row in rows(path, LEFT)] == [other, *ids[4 - left :]]


async def test_all_that_belongs_to_an_execution_counts(store, path):
    version = await version_keeping(store, retention_bytes=100)
    first = await sized(store, version, 10)
    store.logs.append(fresh_id(), first, 0, "ü" * 30, NOW)
    second = await sized(store, version, 30)

    assert (await store.purge_expired(NOW))["executions"] == 0
    third = await sized(store, version, 1)
    assert (await store.purge_expired(NOW))["executions"] == 1

    assert [row[0] for row in rows(path, LEFT)] == [second, third]


async def test_a_running_execution_stays_whatever_its_size(store, path):
    version = await version_keeping(store, retention_bytes=1)
    running = await store.create_execution(execution_of(version, event_json="x" * 100))
    await sized(store, version, 100)

    await store.purge_expired(NOW)

    assert rows(path, LEFT) == [(running.id,)]


@settings(examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(0, 50), max_size=12),
    limit=st.integers(0, 200),
    at_once=st.integers(1, 5),
)
async def test_the_longest_newest_part_that_fits_stays(
    store, path, monkeypatch, sizes, limit, at_once
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
    left = [row[0] for row in rows(path, sql, version.function_id)]
    assert left == ids[len(sizes) - number :]


async def test_every_function_is_looked_at(store, path):
    """Not only the newest hundred (KD-81)."""
    oldest = await version_keeping(store, retention_days=365)
    stays = await sized(store, oldest, 1, NOW - 300 * DAY_S)
    for number in range(120):
        await store.create_function(Function(id=f"n{number}", name="n"))

    await store.purge_expired(NOW)

    assert rows(path, LEFT) == [(stays,)]


async def test_expired_sessions_ticks_and_figures_go(store, path):
    function_id = (await some_version(store)).function_id
    with other_connection(path) as connection:
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
                "INSERT INTO execution_stats VALUES (?, 1, ?, 1, 0, 1)", (function_id, bucket)
            )

    gone = await store.purge_expired(NOW)

    assert (gone["sessions"], gone["cron_ticks"], gone["execution_stats"]) == (1, 1, 1)
    assert rows(path, "SELECT id FROM sessions") == [("new",)]
    assert rows(path, "SELECT tick FROM cron_ticks") == [(NOW - 29 * DAY_S,)]
    assert rows(path, "SELECT sum(executions) FROM execution_stats") == [(1,)]


async def test_the_last_tick_of_a_function_stays(store, path):
    """A yearly schedule must not forget when it was executed."""
    function_id = (await some_version(store)).function_id
    with other_connection(path) as connection:
        for tick in (NOW - 800 * DAY_S, NOW - 400 * DAY_S):
            connection.execute(
                "INSERT INTO cron_ticks (function_id, tick, outcome, claimed_at)"
                " VALUES (?, ?, 'started', 0)",
                (function_id, tick),
            )

    assert (await store.purge_expired(NOW))["cron_ticks"] == 1

    assert rows(path, "SELECT tick FROM cron_ticks") == [(NOW - 400 * DAY_S,)]


async def test_rows_without_their_execution_are_found_and_deleted(store, path, monkeypatch):
    monkeypatch.setattr("perilune.store.upkeep.expiry.LOOKED_AT_ONCE", 3)
    version = await some_version(store)
    kept = await sized(store, version, 1)
    lost = await sized(store, version, 1)
    for _ in range(5):
        store.logs.append(fresh_id(), kept, 0, "kept", NOW)
        store.logs.append(fresh_id(), lost, 0, "lost", NOW)
    await sized(store, version, 1)
    with other_connection(path) as connection:
        connection.execute("DELETE FROM executions WHERE id = ?", (lost,))
        recount(connection)

    assert await store.purge_orphans() == {"logs": 5, "ai_requests": 0, "email_requests": 0}

    assert rows(path, "SELECT DISTINCT message, count(*) FROM logs") == [("kept", 5)]
    assert (await store.purge_orphans())["logs"] == 0


async def test_the_clean_up_works_within_a_transaction(store, path):
    version = await some_version(store)
    await sized(store, version, 1, NOW - 8 * DAY_S)

    async with store.transaction() as transaction:
        assert (await transaction.purge_expired(NOW))["executions"] == 1

    assert rows(path, LEFT) == []


async def test_the_file_gets_smaller_while_it_is_open(store, path, monkeypatch):
    monkeypatch.setattr(compaction, "LEAST_RESERVE_PAGES", 10)
    version = await some_version(store)
    add_executions(path, version, 2000, NOW - 8 * DAY_S, event="x" * 2000)
    await store.purge_expired(NOW)
    before = pragma(path, "page_count")

    given = await store.shrink()

    assert 500 < given <= before - pragma(path, "page_count")
    assert 10 <= pragma(path, "freelist_count") < 30
    assert await store.shrink() == 0
    assert await store.check_integrity() == []


async def test_a_file_without_incremental_vacuum_keeps_its_size(path, clock):
    with other_connection(path) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("DROP TABLE t")

    async with open_store(path, clock=clock) as store:
        version = await some_version(store)
        add_executions(path, version, 2000, NOW - 8 * DAY_S, event="x" * 2000)
        await store.purge_expired(NOW)

        assert await store.shrink() == 0


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
    assert next_rows(rows_before, took_s) == expected


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


async def test_a_file_of_before_keeps_its_executions_and_counts_them(path, clock, monkeypatch):
    """The step that makes executions outlive their version, on a file with data."""
    steps = shipped_migrations()
    monkeypatch.setattr(
        "perilune.store.sqlite.connection.prepare.shipped_migrations", lambda: steps[:6]
    )
    prepare_file(path, NOW).close()
    with other_connection(path) as connection:
        connection.execute(
            "INSERT INTO functions (id, name, created_at, updated_at) VALUES ('f', 'n', 1, 1)"
        )
        for number in (1, 2):
            connection.execute(
                "INSERT INTO function_versions (id, function_id, version, code, created_at)"
                " VALUES (?, 'f', ?, 'x', 1)",
                (f"v{number}", number),
            )
        connection.execute(
            "INSERT INTO executions (id, function_id, function_version_id, status, created_at)"
            " VALUES ('e', 'f', 'v2', 'success', 1)"
        )
        connection.execute("INSERT INTO logs VALUES (1, 'l', 'e', 0, 'm', 1)")
    monkeypatch.undo()

    async with open_store(path, clock=clock) as store:
        assert await store.check_integrity() == []
        assert (await store.list_executions("f", PaginationParams()))[1] == 1
        assert len((await store.logs.page("e", None, 0))[0]) == 1
        await store.delete_function("f")
        assert await store.check_integrity() == []

    for table in ("executions", "logs", "execution_counters"):
        assert rows(path, f"SELECT count(*) FROM {table}") == [(0,)], table


async def test_kd_82_the_clean_up_is_done_in_batches_and_takes_everything_along(store, path):
    version = await some_version(store)
    add_executions(path, version, 3000, NOW - 8 * DAY_S)
    with other_connection(path) as somebody:
        somebody.execute(
            "INSERT INTO logs (id, execution_id, level, message, timestamp)"
            " SELECT id, id, 0, 'line', 1 FROM executions"
        )
        somebody.execute("INSERT INTO logs VALUES (9999, 'orphan', 'nothing', 0, 'line', 1)")
        somebody.execute(
            "INSERT INTO sessions (id, token_hash, created_at, last_used_at, expires_at)"
            " VALUES ('s', x'00', 0, 0, ?)",
            (NOW,),
        )
    commits: list[str] = []
    store._connection.set_trace_callback(commits.append)

    gone = await store.purge_expired(NOW)
    orphans = await store.purge_orphans()

    store._connection.set_trace_callback(None)
    assert (gone["executions"], gone["logs"], gone["sessions"]) == (3000, 3000, 1)
    assert orphans["logs"] == 1
    assert commits.count("COMMIT") >= 5
    assert (row_count(path, "executions"), row_count(path, "logs")) == (0, 0)
