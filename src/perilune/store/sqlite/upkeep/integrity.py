"""Finds out whether a file is in order."""

import sqlite3
from pathlib import Path

from perilune.store.database.connection import Connection
from perilune.store.database.counters import miscounted_bytes, miscounted_executions
from perilune.store.errors import IncompatibleDatabase, StoreUnavailable
from perilune.store.sqlite.connection.connect import connect
from perilune.store.sqlite.connection.failures import is_damage
from perilune.store.sqlite.connection.migrate import schema_version, shipped_migrations


def find_problems(connection: Connection) -> list[str]:
    """Return what is wrong with the file: damage, dangling references, wrong counters.

    Raises:
        sqlite3.Error: it is so damaged that it can't be read.
    """
    damage = [text for (text,) in connection.execute("PRAGMA integrity_check")]
    dangling = [
        f"row {row} of {table} refers to a missing row of {parent}"
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check")
    ]
    counters = [*miscounted_executions(connection), *miscounted_bytes(connection)]
    return [*(text for text in damage if text != "ok"), *dangling, *counters]


def check_file(path: Path) -> list[str]:
    """See `Maintenance.check`."""
    try:
        connection = connect(path, read_only=True)
        try:
            steps = shipped_migrations()
            version = schema_version(connection, steps)
            if version < len(steps):
                raise IncompatibleDatabase(
                    f"{path} has schema version {version}, this program has {len(steps)}: "
                    "start the server once, or use the program that made it"
                )
            return find_problems(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        if is_damage(error):
            return [f"the file is damaged: {error}"]
        raise StoreUnavailable(f"cannot read {path}: {error}") from error
