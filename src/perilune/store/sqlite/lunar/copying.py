"""Recognises a file of Lunar and copies it; the original is only ever read.

Opening somebody's database with SQLite can write to it: what a crash left half done is
finished first.  So the file is copied byte by byte, with what belongs to it, and SQLite
sees nothing but the copy.
"""

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from perilune.store.errors import UnusableLunarFile
from perilune.store.sqlite.connection.files import (
    SHARED_FIRST,
    SHARED_SIZE,
    lock_holder,
    remove_database,
    sync,
)
from perilune.store.sqlite.lunar.layout import TABLES

LUNAR_VERSIONS = range(1, 10)
"""The versions of Lunar's schema that can be taken over."""

LOCK_TIMEOUT_S = 5.0

_MAGIC = b"SQLite format 3\x00"
_WRITE_AHEAD_LOG = b"\x02\x02"
_PAUSE_S = 0.02


def is_lunar_file(path: Path) -> bool:
    """Tell whether *path* is a database of Lunar; nothing is written to it."""
    header = _header(path)
    # A file of Perilune always has a write-ahead log.  `immutable` keeps SQLite from looking
    # at what a crash left behind, which the tables' names don't need.
    mode = "mode=ro" if _has_write_ahead_log(header) else "mode=ro&immutable=1"
    if not header.startswith(_MAGIC):
        return False
    with suppress(sqlite3.Error), closing(_connect(path, mode)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        return {"functions", "schema_migrations"} <= tables and "perilune_migrations" not in tables
    return False


def copy_original(source: Path, target: Path) -> int:
    """Copy the database *source* to *target*, readable by its owner only.

    The copy is one file, complete, and checked.  It has its name only when it is.

    Returns:
        The version of Lunar's schema.

    Raises:
        UnusableLunarFile: It is no database of Lunar, damaged, in use, marked as broken off
            in a migration, or of a version that is not known.
        OSError: A file can't be read or written.
    """
    partial = target.with_name(f"{target.name}.partial")
    remove_database(partial)
    try:
        with _held_still(source) as (original, companion):
            _copy(original, partial)
            if companion is not None:
                _copy(companion, Path(f"{partial}{companion.name.removeprefix(source.name)}"))
        try:
            version = _settle(partial)
        except sqlite3.Error as error:
            raise UnusableLunarFile(f"is damaged or no database: {error}") from error
        os.replace(partial, target)
    except UnusableLunarFile as error:
        raise UnusableLunarFile(f"{source}: {error}") from error
    finally:
        remove_database(partial)
    return version


def finish_interrupted(path: Path) -> None:
    """Let SQLite finish what a crash left half done in *path*, so that it is one file.

    Raises:
        UnusableLunarFile: Somebody is using the file.
    """
    if not any(Path(f"{path}{end}").exists() for end in ("-journal", "-wal")):
        return
    try:
        with closing(_connect(path, "mode=rw")) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            connection.execute("BEGIN EXCLUSIVE")
            # Now it can only be one that nobody needs: never begun, or finished long ago.
            Path(f"{path}-journal").unlink(missing_ok=True)
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise UnusableLunarFile(f"{path} is in use, stop Lunar first ({error})") from error


@contextmanager
def _held_still(source: Path) -> Iterator[tuple[Path, Path | None]]:
    """Give the file and its journal or log, while nobody can change them."""
    if not source.is_file():
        raise UnusableLunarFile("is no file" if source.exists() else "does not exist")
    descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        header = os.pread(descriptor, 100, 0)
        if not header.startswith(_MAGIC):
            raise UnusableLunarFile("is no SQLite database")
        if _has_write_ahead_log(header):
            # Who uses a file with such a log holds a lock all the time, and writes in spite of
            # anybody else's.
            if (process := lock_holder(descriptor)) is not None:
                raise UnusableLunarFile(f"is in use by process {process}: stop it first")
            companion = Path(f"{source}-wal")
        else:
            _lock_shared(descriptor)
            companion = Path(f"{source}-journal")
        yield source, companion if companion.exists() else None
    finally:
        os.close(descriptor)


def _lock_shared(descriptor: int) -> None:
    """Keep every SQLite from writing to the file, as a reader does."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB, SHARED_SIZE, SHARED_FIRST)
        except OSError:
            if time.monotonic() >= deadline:
                holder = lock_holder(descriptor)
                raise UnusableLunarFile(f"is in use by process {holder}: stop it first") from None
            time.sleep(_PAUSE_S)
            continue
        return


def _copy(source: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as output, source.open("rb") as original:
        os.fchmod(descriptor, 0o600)
        shutil.copyfileobj(original, output, 1024 * 1024)


def _settle(copy: Path) -> int:
    """Bring the copy into one file, check it, and return the version of its schema."""
    with closing(_connect(copy, "mode=rw")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        damage = [text for (text,) in connection.execute("PRAGMA quick_check(5)")]
        if damage != ["ok"]:
            raise UnusableLunarFile(f"is damaged: {'; '.join(damage)}")
        version = _version(connection)
    sync(copy)
    return version


def _version(connection: sqlite3.Connection) -> int:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if "perilune_migrations" in tables:
        raise UnusableLunarFile("is a database of Perilune already")
    if "schema_migrations" not in tables or "functions" not in tables:
        raise UnusableLunarFile("is no database of Lunar")
    _must_hold_rows(connection)
    made = connection.execute("SELECT version, dirty FROM schema_migrations").fetchall()
    if len(made) != 1:
        raise UnusableLunarFile(f"is no database of Lunar: it names {len(made)} schema versions")
    ((version, dirty),) = made
    if dirty not in (0, "false"):
        raise UnusableLunarFile(
            f"is marked dirty: Lunar's migration {version} broke off; "
            "restore a backup, or let Lunar finish it and set the mark back"
        )
    if version not in LUNAR_VERSIONS:
        raise UnusableLunarFile(
            f"has Lunar's schema version {version}; "
            f"this program takes over {LUNAR_VERSIONS[0]} to {LUNAR_VERSIONS[-1]}"
        )
    for table in TABLES:
        missing = [
            name for name in table.always(version) if name not in columns_of(connection, table.name)
        ]
        if missing:
            raise UnusableLunarFile(f"is no database of Lunar: {table.name} lacks {missing[0]}")
    return int(version)


def _must_hold_rows(connection: sqlite3.Connection) -> None:
    """Refuse what only looks like one of Lunar's tables.

    A view or virtual table computes its rows, and whoever made the file decides how.
    """
    ours = {"schema_migrations", *(table.name for table in TABLES)}
    computed = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND rootpage = 0"
    for (name,) in connection.execute(computed):
        if name.lower() in ours:
            raise UnusableLunarFile(f"is no database of Lunar: {name} is no ordinary table")


def columns_of(connection: sqlite3.Connection, table: str, schema: str = "main") -> set[str]:
    """Return the names of a table's columns; none if there is no such table."""
    return {
        name
        for (name,) in connection.execute(
            "SELECT name FROM pragma_table_info(?1, ?2)", (table, schema)
        )
    }


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(100)
    except (FileNotFoundError, IsADirectoryError):
        return b""


def _has_write_ahead_log(header: bytes) -> bool:
    return header[18:20] == _WRITE_AHEAD_LOG


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=LOCK_TIMEOUT_S, isolation_level=None
    )
    # The file comes from elsewhere: what its schema says is carried out, but not everything.
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection
