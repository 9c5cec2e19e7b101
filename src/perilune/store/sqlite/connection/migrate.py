"""Transactional changes of a file's schema, see `perilune.store.database.migrations`.

A file that is not ours is refused before anything is written.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from perilune.store.database.migrations import Migration, migrations_in, number_made
from perilune.store.errors import IncompatibleDatabase
from perilune.store.sqlite.connection.connection import FileConnection

_TABLE = """
CREATE TABLE IF NOT EXISTS perilune_migrations (
    version    INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    checksum   TEXT    NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT
"""


def shipped_migrations() -> tuple[Migration, ...]:
    """Return the steps this program knows, in order."""
    return migrations_in("perilune.store.sqlite")


def schema_version(connection: sqlite3.Connection, steps: Sequence[Migration]) -> int:
    """Return the number of the last step made in this file; 0 for an empty file.

    Raises:
        IncompatibleDatabase: The file is not ours, newer than *steps*, or made by other steps.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not tables:
        return 0
    if "perilune_migrations" not in tables:
        raise IncompatibleDatabase(_foreign_text(tables))
    made = connection.execute(
        "SELECT version, name, checksum FROM perilune_migrations ORDER BY version"
    ).fetchall()
    return number_made(made, steps)


def stray_code(connection: sqlite3.Connection, steps: Sequence[Migration]) -> str | None:
    """Return which trigger or view of the file none of *steps* has made; None if there is none.

    Triggers act on whatever is written, and neither checksums nor counters show them.
    """
    code = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        for step in steps:
            _make(model, step, 0)
        known = set(model.execute(code))
    return next(
        (
            f"{kind} {name}"
            for kind, name, sql in connection.execute(code)
            if (kind, name, sql) not in known
        ),
        None,
    )


def migrate(connection: FileConnection, path: Path, steps: Sequence[Migration], now: int) -> None:
    """Make the steps that are missing, all in one transaction.

    So nobody ever sees a file between two steps; processes that open it meanwhile wait.
    Before the first change of a file that has data, a copy is left beside it as
    `<name>.before-v<number>`.

    Args:
        connection: A connection with no transaction open.
        path: The file of this connection.
        steps: All steps, in order.
        now: Unix seconds, recorded with each step.

    Raises:
        IncompatibleDatabase: See `schema_version`.
        sqlite3.Error: A step failed; the file is as it was.
    """
    version = schema_version(connection, steps)
    if version == len(steps):
        return
    if version > 0:
        _back_up(connection, path.with_name(f"{path.name}.before-v{len(steps)}"), version)
    connection.begin()
    try:
        # Another process may have been faster while we waited for the lock.
        for step in steps[schema_version(connection, steps) :]:
            _make(connection, step, now)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _make(connection: sqlite3.Connection, step: Migration, now: int) -> None:
    connection.execute(_TABLE)
    for statement in _split(step.sql):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO perilune_migrations (version, name, checksum, applied_at) "
        "VALUES (?1, ?2, ?3, ?4)",
        (step.version, step.name, step.checksum, now),
    )


def _split(script: str) -> Iterator[str]:
    """Yield the statements of *script*; `executescript` would commit behind our back."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def _back_up(connection: sqlite3.Connection, target: Path, version: int) -> None:
    """Leave a copy of the file, which has this schema version, as *target* if there is none."""
    if target.exists():
        return
    # Several processes may be doing this, each with a file of its own.
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    try:
        connection.execute("VACUUM INTO ?1", (str(partial),))
        # Otherwise another process has made its copy already, and changed the file since.
        if _newest_step(partial) == version:
            partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _newest_step(path: Path) -> int:
    """Return the number of the last step made in a file of ours."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        sql = "SELECT max(version) FROM perilune_migrations"
        newest: int = connection.execute(sql).fetchone()[0]
        return newest


def _foreign_text(tables: set[str]) -> str:
    if "schema_migrations" in tables and "functions" in tables:
        return (
            "this is a database of Lunar: `perilune serve` takes it over where it is, "
            "`perilune import-lunar` brings it into another store"
        )
    return "this database belongs to another program (it has tables, but none of Perilune's)"
