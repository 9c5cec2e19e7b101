"""Making a file ready: create or recognise it, and bring its schema up to date."""

import sqlite3
from pathlib import Path

from perilune.store.errors import IncompatibleDatabase
from perilune.store.sqlite.connection.connect import (
    check_library,
    connect,
    create_file,
    use_write_ahead_log,
)
from perilune.store.sqlite.connection.connection import FileConnection
from perilune.store.sqlite.connection.failures import is_damage, outage
from perilune.store.sqlite.connection.migrate import migrate, schema_version, shipped_migrations


def prepare_file(path: Path, now: int) -> FileConnection:
    """Open or create the file, update its schema, and return a connection for writing.

    Args:
        path: The database file.
        now: Unix seconds, recorded with schema changes.

    Raises:
        IncompatibleDatabase: The file is damaged, newer, or not ours; it is left as it is.
        StoreUnavailable: The file cannot be opened or written.
    """
    check_library()
    try:
        create_file(path)
        connection = connect(path)
        try:
            _prepare(connection, path, now)
        except BaseException:
            connection.close()
            raise
    except IncompatibleDatabase as error:
        raise IncompatibleDatabase(f"{path}: {error}") from error
    except sqlite3.Error as error:
        if is_damage(error):
            raise IncompatibleDatabase(f"{path} is damaged or no database: {error}") from error
        raise outage(f"cannot open {path}", error, path) from error
    except OSError as error:
        raise outage(f"cannot open {path}", error) from error
    return connection


def _prepare(connection: FileConnection, path: Path, now: int) -> None:
    steps = shipped_migrations()
    # First of all a look, so that a file that is not ours stays as it is.
    if schema_version(connection, steps) == 0:
        # Heeded only as long as nothing has been written.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    use_write_ahead_log(connection)
    migrate(connection, path, steps, now)
