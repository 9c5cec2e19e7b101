"""Connections to the file: how it is created and what every connection is told."""

import os
import sqlite3
import time
from pathlib import Path

from perilune.store.errors import IncompatibleDatabase, StoreUnavailable
from perilune.store.sqlite.connection.connection import (
    BUSY_PAUSE_S,
    BUSY_TIMEOUT_S,
    FileConnection,
)
from perilune.store.sqlite.connection.failures import is_busy
from perilune.store.sqlite.connection.space import file_system

WAL_LIMIT_BYTES = 64 * 1024 * 1024
"""The size above which the write-ahead log is begun anew, on a disk of a GiB or more."""
WAL_SHARE = 16
"""On a smaller disk the log is begun anew above one part in so many of it."""
OLDEST_SQLITE = (3, 39, 0)
"""The first SQLite with IS DISTINCT FROM (and newer than STRICT tables)."""


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


def connect(path: Path, *, read_only: bool = False) -> FileConnection:
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
        factory=FileConnection,
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
            time.sleep(BUSY_PAUSE_S)
            continue
        if mode != "wal":
            raise StoreUnavailable(f"the file system cannot hold a write-ahead log (mode {mode})")
        return


def check_library() -> None:
    """Raise `IncompatibleDatabase` if the SQLite library is too old for the schema."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise IncompatibleDatabase(f"SQLite {sqlite3.sqlite_version} is older than {needed}")
