"""Connections to the file: how it is created and what every connection is told."""

import errno
import os
import sqlite3
import time
from pathlib import Path

from perilune.store.errors import IncompatibleDatabase, StoreUnavailable
from perilune.store.sqlite.connection.space import file_system

BUSY_TIMEOUT_S = 5.0
WAL_LIMIT_BYTES = 64 * 1024 * 1024
"""The size above which the write-ahead log is begun anew, on a disk of a GiB or more."""
WAL_SHARE = 16
"""On a smaller disk the log is begun anew above one part in so many of it."""
OLDEST_SQLITE = (3, 37, 0)
"""The first SQLite with STRICT tables (and newer than RETURNING)."""

_BUSY_PAUSE_S = 0.02
_INDEX_BYTES = 32 * 1024
"""What SQLite needs at least for the index of its log, `-shm`."""


def create_file(path: Path) -> None:
    """Create an empty file only its owner can read, unless *path* exists.

    Missing parent directories are created for the owner only.  An existing file is not even
    opened: closing any descriptor of a file drops the locks this process holds on it.
    """
    for parent in reversed(path.parents):
        if not parent.exists():
            parent.mkdir(mode=0o700, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    try:
        # A umask can only have taken bits away; put the owner's back.
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a connection to an existing file, with the settings every connection gets.

    Transactions are never opened implicitly.  The connection may be handed from thread to
    thread, but not be used by two at once.

    Raises:
        sqlite3.Error: The file cannot be opened.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # A file may have been put there by somebody else.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
        # Checkpoints are made by a thread of their own, see `checkpoints`.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"PRAGMA journal_size_limit = {wal_limit_bytes(path)}")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def wal_limit_bytes(path: Path) -> int:
    """Return the size above which the log of the database *path* is begun anew."""
    return min(WAL_LIMIT_BYTES, file_system(path.parent).size // WAL_SHARE)


def use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging; it stays so for every later connection.

    Raises:
        StoreUnavailable: The file system cannot do it.
        sqlite3.OperationalError: Another process kept the file locked for too long.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself for this lock.
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
            time.sleep(_BUSY_PAUSE_S)
            continue
        if mode != "wal":
            raise StoreUnavailable(f"the file system cannot hold a write-ahead log (mode {mode})")
        return


def begin(cursor: sqlite3.Cursor) -> None:
    """Open a write transaction, waiting up to `BUSY_TIMEOUT_S` for other processes.

    Raises:
        sqlite3.Error: The lock was not to be had in time, or the database failed.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            # SQLite waits with back-off by itself; some kinds of busy are reported at once.
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
            time.sleep(_BUSY_PAUSE_S)
            continue
        return


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


def check_library() -> None:
    """Raise `IncompatibleDatabase` if the SQLite library is too old for the schema."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise IncompatibleDatabase(f"SQLite {sqlite3.sqlite_version} is older than {needed}")


def _primary_code(error: sqlite3.Error) -> int:
    # Errors of the Python module itself carry no code.
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
