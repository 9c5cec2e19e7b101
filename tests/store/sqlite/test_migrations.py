"""How the schema of a file gets up to date."""

import hashlib
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from perilune.store import Execution, ExecutionStatus, FunctionNotFound, open_store
from perilune.store import sqlite as sqlite_store
from perilune.store.database.migrations import Migration
from perilune.store.sqlite.connection import connect, migrate
from perilune.store.sqlite.connection.connection import FileConnection
from perilune.store.sqlite.connection.migrate import shipped_migrations
from perilune.store.sqlite.connection.prepare import prepare_file
from tests.store.helpers import NOW
from tests.store.sqlite.file import mode_of, open_at_once, rows

MIGRATIONS = Path(sqlite_store.__file__).parent / "migrations"


async def test_several_processes_may_bring_an_old_file_up_to_date_at_once(path, monkeypatch):
    """One changes it, the others wait; the copy is of the file as it was before."""
    steps = shipped_migrations()
    monkeypatch.setattr(
        "perilune.store.sqlite.connection.prepare.shipped_migrations", lambda: steps[:3]
    )
    prepare_file(path, NOW).close()

    await open_at_once(path)

    copy = path.with_name(f"{path.name}.before-v{len(steps)}")
    newest = "SELECT max(version) FROM perilune_migrations"
    assert (rows(path, newest), rows(copy, newest)) == ([(len(steps),)], [(3,)])
    assert rows(path, "SELECT count(*) FROM functions") == [(6,)]
    assert rows(copy, "SELECT count(*) FROM functions") == [(0,)]
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, copy.name]
    assert mode_of(copy) == 0o600


async def test_functions_from_before_there_were_addresses_get_none(path, monkeypatch):
    """Nobody's public function is called by a name that can be guessed unless it is asked for."""
    with file_of_version(11, path, monkeypatch) as connection:
        connection.execute("INSERT INTO functions (id, name, created_at, updated_at)"
                           " VALUES ('old', 'hello', 1, 1)")  # fmt: skip

    async with open_store(path) as store:
        assert (await store.get_function("old")).address is None
        with pytest.raises(FunctionNotFound):
            await store.get_function_at("hello")


async def test_executions_from_before_there_were_figures_stay_as_they_are(path, monkeypatch):
    with file_of_version(12, path, monkeypatch) as connection:
        connection.execute("INSERT INTO functions (id, name, created_at, updated_at)"
                           " VALUES ('f', 'hello', 1, 1)")  # fmt: skip
        connection.execute("INSERT INTO function_versions (id, function_id, version, code,"
                           " created_at) VALUES ('v', 'f', 1, 'x', 1)")  # fmt: skip
        connection.execute("INSERT INTO executions (id, function_id, function_version_id, status,"
                           " duration_ms, created_at, event_json)"
                           " VALUES ('old', 'f', 'v', 'success', 3, 1, '{}')")  # fmt: skip
        connection.execute("UPDATE execution_counters SET executions = 1")

    async with open_store(path) as store:
        assert await store.get_execution("old") == Execution(
            id="old", function_id="f", function_version_id="v", status=ExecutionStatus.SUCCESS,
            duration_ms=3, created_at=1, event_json="{}",
        )  # fmt: skip
        assert await store.check_integrity() == []


def test_each_field_of_an_execution_has_a_column(path):
    with closing(prepare_file(path, NOW)) as connection:
        columns = connection.execute("SELECT name FROM pragma_table_info('executions')").fetchall()

    assert {name for (name,) in columns} == {"seq", *Execution.__struct_fields__}


@contextmanager
def file_of_version(version, path, monkeypatch):
    """A connection to a new file as it was made before there was a further step."""
    steps = shipped_migrations()[:version]
    with monkeypatch.context() as patched:
        patched.setattr(
            "perilune.store.sqlite.connection.prepare.shipped_migrations", lambda: steps
        )
        with closing(prepare_file(path, NOW)) as connection:
            yield connection


# Migrations to come: the steps are handed in, as the program will ship them.

ONE = Migration(1, "one", "CREATE TABLE a (x TEXT);\nINSERT INTO a VALUES ('kept; -- ');")
TWO = Migration(2, "two", "ALTER TABLE a ADD COLUMN y TEXT;\nUPDATE a SET y = x;")
BROKEN = Migration(2, "broken", "DELETE FROM a;\nINSERT INTO nowhere VALUES (1);")


def migrated(path: Path, *steps: Migration) -> None:
    connect.create_file(path)
    connection = connect.connect(path)
    try:
        migrate.migrate(connection, path, steps, NOW)
    finally:
        connection.close()


def test_a_new_step_is_made_once_and_after_a_copy(path):
    migrated(path, ONE)

    migrated(path, ONE, TWO)
    migrated(path, ONE, TWO)

    copy = path.with_name(f"{path.name}.before-v2")
    assert rows(path, "SELECT x, y FROM a") == [("kept; -- ", "kept; -- ")]
    assert rows(path, "SELECT version FROM perilune_migrations") == [(1,), (2,)]
    assert rows(copy, "SELECT * FROM a") == [("kept; -- ",)]
    assert mode_of(copy) == 0o600


def test_a_step_that_fails_changes_nothing(path):
    migrated(path, ONE)

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrated(path, ONE, BROKEN)

    assert rows(path, "SELECT x FROM a") == [("kept; -- ",)]
    assert rows(path, "SELECT version FROM perilune_migrations") == [(1,)]
    migrated(path, ONE, TWO)
    assert rows(path, "SELECT version FROM perilune_migrations") == [(1,), (2,)]


def test_a_step_another_process_made_meanwhile_is_not_made_again(path, monkeypatch):
    begin = FileConnection.begin

    def begin_too_late(connection: FileConnection) -> None:
        monkeypatch.setattr(FileConnection, "begin", begin)
        migrated(path, ONE)
        begin(connection)

    monkeypatch.setattr(FileConnection, "begin", begin_too_late)
    migrated(path, ONE)

    assert rows(path, "SELECT x FROM a") == [("kept; -- ",)]


def test_the_shipped_steps_are_numbered_without_gaps():
    steps = migrate.shipped_migrations()

    assert [step.version for step in steps] == list(range(1, len(steps) + 1))
    assert steps[0].name == "initial"


def test_migrations_that_were_merged_never_change():
    """A database that went through one of them would be refused; add a line for a new one."""
    listed = (Path(__file__).parent / "migrations.sha256").read_text().splitlines()

    present = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}"
        for path in sorted(MIGRATIONS.glob("*.sql"))
    ]

    assert present == listed
