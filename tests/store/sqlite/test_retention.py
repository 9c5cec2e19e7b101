"""What the clean-up deletes, what it keeps, and what it gives back to the file system."""

from perilune.store import (
    PaginationParams,
    open_store,
)
from perilune.store.sqlite.connection.migrate import shipped_migrations
from perilune.store.sqlite.connection.prepare import prepare_file
from perilune.store.sqlite.upkeep import compaction
from tests.store.helpers import NOW, execution_of, fresh_id, some_version
from tests.store.sqlite.file import add_executions, other_connection, recount, row_count, rows

DAY_S = 86400


def pragma(path, name) -> int:
    with other_connection(path) as connection:
        value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
        return value


async def sized(store, version, size, created_at=NOW):
    """A closed execution with an event of *size* bytes; return its id."""
    made = execution_of(version, status="success", created_at=created_at, event_json="x" * size)
    return (await store.create_execution(made)).id


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
