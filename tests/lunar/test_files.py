"""Which files are taken over, and that the original is never written to."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest

from perilune.store import (
    StoreError,
    StoreInUse,
    UnusableLunarFile,
    maintenance_of,
    open_store,
)
from tests.lunar.database import some_rows, write_database

NOW = 1_800_000_000

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
connection.execute("SELECT count(*) FROM functions").fetchone()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lunar(tmp_path):
    (tmp_path / "lunar").mkdir()
    return tmp_path / "lunar" / "lunar.db"


@pytest.fixture
def ours(tmp_path):
    return tmp_path / "data" / "lunar.db"


def content_of(directory) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in directory.iterdir()}


@pytest.fixture
def held():
    """Start a process that uses a database; it ends with the test."""
    processes = []

    def hold(path, statement: str) -> int:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path), statement],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        return process.pid

    yield hold
    for process in processes:
        process.communicate()


def make_dirty(path) -> None:
    write_database(path, some_rows(), 7, dirty=1)


def make_newer(path) -> None:
    write_database(path, some_rows(), 10)


def make_incomplete(path) -> None:
    write_database(path, some_rows(), 6)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE schema_migrations SET version = 9")
        connection.commit()


def make_torn(path) -> None:
    write_database(path, some_rows())
    path.write_bytes(path.read_bytes()[:9000])


def make_foreign(path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE cakes (id TEXT)")


def make_endless(path) -> None:
    """A file whose log lines never end."""
    write_database(path, some_rows())
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("""
            DROP TABLE logs;
            CREATE VIEW logs AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
            SELECT id, id AS rowid, 'e' AS execution_id, 0 AS level, 'm' AS message, 1 AS timestamp
            FROM n;
        """)


def make_endless_versions(path) -> None:
    write_database(path, some_rows())
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("""
            DROP TABLE schema_migrations;
            CREATE VIEW Schema_Migrations AS
            WITH RECURSIVE n(version) AS (SELECT 1 UNION ALL SELECT version FROM n)
            SELECT version, 0 AS dirty FROM n;
        """)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        pytest.param(make_dirty, "marked dirty: Lunar's migration 7 broke off", id="dirty"),
        pytest.param(make_newer, "schema version 10; this program takes over 1 to 9", id="newer"),
        pytest.param(make_incomplete, "functions lacks cron_schedule", id="incomplete"),
        pytest.param(make_torn, "damaged", id="torn"),
        pytest.param(make_endless, "logs is no ordinary table", id="computed rows"),
        pytest.param(make_endless_versions, "no database of Lunar", id="computed versions"),
        pytest.param(make_foreign, "is no database of Lunar", id="foreign"),
        pytest.param(lambda path: path.write_text("x" * 5000), "no SQLite database", id="text"),
        pytest.param(lambda path: None, "does not exist", id="missing"),
        pytest.param(lambda path: path.mkdir(), "is no file", id="directory"),
    ],
)
def test_unusable_files_are_refused_and_left_alone(lunar, ours, make, text):
    make(lunar)
    before = content_of(lunar.parent) if not lunar.is_dir() else {}

    with pytest.raises(UnusableLunarFile, match=text) as caught:
        maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert str(lunar) in str(caught.value)
    assert lunar.is_dir() or content_of(lunar.parent) == before
    assert not ours.exists() and list(ours.parent.iterdir()) == []


def snapshot_of_a_crash(path, folder, change: str) -> None:
    """Leave in *folder* what a crash in the middle of *change* leaves behind."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("PRAGMA cache_spill = 1")
        for statement in change.split(";"):
            connection.execute(statement)
        for one in path.parent.glob(f"{path.name}*"):
            if not one.name.endswith("-shm"):
                shutil.copy(one, folder)


def test_a_half_finished_migration_is_not_used(tmp_path, lunar, ours):
    rows = some_rows()
    rows["logs"] = [{**rows["logs"][0], "id": f"l{n}", "message": "m" * 500} for n in range(300)]
    write_database(tmp_path / "lunar.db", rows)
    snapshot_of_a_crash(
        tmp_path / "lunar.db", lunar.parent, "BEGIN IMMEDIATE; UPDATE logs SET message = 'half'"
    )
    before = content_of(lunar.parent)
    assert set(before) == {"lunar.db", "lunar.db-journal"} and b"half" in before["lunar.db"]

    assert maintenance_of(lunar).is_lunar()
    maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert content_of(lunar.parent) == before
    assert b"half" not in ours.read_bytes()
    with closing(sqlite3.connect(ours)) as connection:
        assert connection.execute("SELECT count(*) FROM logs").fetchone() == (300,)


def test_rows_that_are_only_in_the_log_are_imported(tmp_path, lunar, ours):
    write_database(tmp_path / "lunar.db", some_rows(), mode="wal")
    snapshot_of_a_crash(tmp_path / "lunar.db", lunar.parent, "UPDATE functions SET name = 'newest'")
    before = content_of(lunar.parent)
    assert set(before) == {"lunar.db", "lunar.db-wal"} and b"newest" not in before["lunar.db"]

    maintenance_of(ours).import_lunar(lunar, now=NOW)

    assert content_of(lunar.parent) == before
    with closing(sqlite3.connect(ours)) as connection:
        assert connection.execute("SELECT DISTINCT name FROM functions").fetchall() == [("newest",)]


@pytest.mark.parametrize(
    ("mode", "statement"),
    [
        pytest.param("wal", "SELECT 1", id="log"),
        pytest.param("delete", "BEGIN EXCLUSIVE", id="writing"),
    ],
)
def test_a_lunar_that_runs_is_noticed(lunar, ours, held, monkeypatch, mode, statement):
    monkeypatch.setattr("perilune.store.sqlite.lunar.copying.LOCK_TIMEOUT_S", 0.1)
    write_database(lunar, some_rows(), mode=mode)
    process = held(lunar, statement)

    with pytest.raises(UnusableLunarFile, match=f"in use by process {process}: stop it first"):
        maintenance_of(ours).import_lunar(lunar, now=NOW)


async def test_a_server_that_runs_is_noticed(lunar, ours, held):
    write_database(lunar, some_rows())
    async with open_store(ours):
        pass
    process = held(ours, "SELECT 1")

    with pytest.raises(StoreInUse, match=f"in use by process {process}"):
        maintenance_of(ours).import_lunar(lunar, now=NOW)


async def test_the_first_start_takes_the_file_over_where_it_is(lunar):
    write_database(lunar, some_rows())
    original = lunar.read_bytes()

    report = maintenance_of(lunar).migrate_lunar(now=NOW)

    backup = lunar.with_name("lunar.db.lunar-backup")
    assert report is not None and report.backup == backup
    assert backup.read_bytes() == original
    assert {one.name for one in lunar.parent.iterdir()} == {"lunar.db", backup.name}
    for one in lunar.parent.iterdir():
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert maintenance_of(lunar).migrate_lunar(now=NOW) is None
    async with open_store(lunar) as store:
        assert await store.check_integrity() == []


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_leftovers_of_a_crash_of_lunar_do_not_damage_the_new_file(tmp_path, lunar, mode):
    write_database(tmp_path / "lunar.db", some_rows(), mode=mode)
    change = "UPDATE functions SET name = 'after'"
    snapshot_of_a_crash(
        tmp_path / "lunar.db", lunar.parent, change if mode == "wal" else f"BEGIN; {change}"
    )

    maintenance_of(lunar).migrate_lunar(now=NOW)

    assert {one.name for one in lunar.parent.iterdir()} == {"lunar.db", "lunar.db.lunar-backup"}
    with closing(sqlite3.connect(lunar)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM functions")}
    assert ("after" in names) is (mode == "wal")


DIE = """
import os, sys
from pathlib import Path
from perilune.store import maintenance_of

def die(table, done, total):
    if table == "logs":
        os._exit(9)

maintenance_of(Path(sys.argv[1])).migrate_lunar(now=1, progress=die)
"""


def test_a_migrate_that_is_killed_leaves_the_original_and_is_done_again(lunar):
    write_database(lunar, some_rows())
    original = lunar.read_bytes()

    ended = subprocess.run([sys.executable, "-c", DIE, str(lunar)], check=False)
    assert ended.returncode == 9
    assert lunar.read_bytes() == original
    report = maintenance_of(lunar).migrate_lunar(now=NOW)

    assert report is not None and report.tables["logs"].taken == 3
    assert {one.name for one in lunar.parent.iterdir()} == {"lunar.db", "lunar.db.lunar-backup"}


def test_an_earlier_backup_is_kept(lunar):
    older = lunar.with_name("lunar.db.lunar-backup")
    older.write_bytes(b"something else")
    write_database(lunar, some_rows())

    report = maintenance_of(lunar).migrate_lunar(now=NOW)

    assert older.read_bytes() == b"something else"
    assert report is not None and report.backup == lunar.with_name("lunar.db.lunar-backup-2")


def test_a_failure_takes_everything_back(lunar, ours):
    write_database(lunar, some_rows())
    original = lunar.read_bytes()

    def fail(table: str, done: int, total: int) -> None:
        if table == "logs":
            raise StoreError("no more")

    with pytest.raises(StoreError, match="no more"):
        maintenance_of(ours).import_lunar(lunar, now=NOW, progress=fail)
    with pytest.raises(StoreError, match="no more"):
        maintenance_of(lunar).migrate_lunar(now=NOW, progress=fail)

    assert lunar.read_bytes() == original
    with closing(sqlite3.connect(ours)) as connection:
        assert connection.execute("SELECT count(*) FROM functions").fetchone() == (0,)
    assert os.listdir(ours.parent) == ["lunar.db"]
