"""What SQLite's errors mean, and their names in the store."""

import errno
import sqlite3
from pathlib import Path

from perilune.store.errors import DiskFull, StoreError, StoreUnavailable
from perilune.store.sqlite.connection.space import file_system

_INDEX_BYTES = 32 * 1024
"""What SQLite needs at least for the index of its log, `-shm`."""


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether *error* only says that somebody else holds a lock."""
    return _primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether *error* says that the file is no database, or a broken one."""
    return _primary_code(error) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def is_full(error: Exception, path: Path | None = None) -> bool:
    """Tell whether *error* says that the disk is full.

    Where SQLite can't make room for an index of its log it says something else; then the file
    system of *path* is asked.
    """
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    code = _primary_code(error) if isinstance(error, sqlite3.Error) else 0
    if code == sqlite3.SQLITE_IOERR and path is not None:
        return file_system(path.parent).free < _INDEX_BYTES
    return code == sqlite3.SQLITE_FULL


def outage(what: str, error: Exception, path: Path | None = None) -> StoreUnavailable:
    """Return the error for *what* did not work because of *error*, which is its cause."""
    named = (
        DiskFull(f"{what}: the disk is full")
        if is_full(error, path)
        else StoreUnavailable(f"{what}: {error}")
    )
    named.__cause__ = error
    return named


def as_store_error(error: Exception) -> StoreError:
    """See `Connection.named`."""
    if isinstance(error, StoreError):
        return error
    named: StoreError
    if isinstance(error, sqlite3.IntegrityError | sqlite3.DataError):
        named = StoreError(f"the database refused the values: {error}")
    elif isinstance(error, sqlite3.Error) and not isinstance(
        error, sqlite3.InterfaceError | sqlite3.ProgrammingError
    ):
        return outage("the database failed", error)
    else:
        named = StoreError(f"the database cannot take the values: {error}")
    named.__cause__ = error
    return named


def _primary_code(error: sqlite3.Error) -> int:
    # Errors of the Python module itself carry no code.
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
