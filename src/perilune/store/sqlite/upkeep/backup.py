"""Copies of the whole database: made while it is in use, checked, and put back.

A copy is one file that holds what was committed at one moment.  Nothing of deleted rows is
in it, since free pages are left out.
"""

import gzip
import os
import shutil
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from perilune.store.errors import (
    BackupFailed,
    IncompatibleDatabase,
    StoreInUse,
    StoreUnavailable,
)
from perilune.store.maintenance import BackupNote, Restored
from perilune.store.sqlite.connection.connect import check_library, connect
from perilune.store.sqlite.connection.connection import FileConnection
from perilune.store.sqlite.connection.failures import is_damage
from perilune.store.sqlite.connection.files import process_using, remove_database, sync
from perilune.store.sqlite.connection.migrate import schema_version, shipped_migrations, stray_code
from perilune.store.sqlite.upkeep.integrity import find_problems

LEAST_LIMIT_BYTES = 1024 * 1024 * 1024
LIMIT_FACTOR = 100
"""By how much a compressed copy may grow unless somebody says otherwise, but `LEAST_LIMIT_BYTES`
are fine.  Databases grow by 3 to 20; what gzip makes of nothing but zeros, by 1,000.
"""

_GZIP = b"\x1f\x8b"
_COPIED_AT_ONCE = 1024 * 1024
_NOTE_TABLE = """
CREATE TABLE perilune_backup (
    made_at        INTEGER NOT NULL,
    program        TEXT    NOT NULL,
    schema_version INTEGER NOT NULL
) STRICT
"""


def back_up(
    database: Path, target: Path, *, program: str, now: int, compress: bool = False
) -> BackupNote:
    """See `Maintenance.back_up`."""
    check_library()
    if target.exists():
        raise BackupFailed(f"{target} exists already")
    partial = target.with_name(f"{target.name}.partial")
    packed = target.with_name(f"{target.name}.partial.gz")
    try:
        with _named(database), closing(connect(database)) as connection:
            version = schema_version(connection, shipped_migrations())
            if version == 0:
                raise IncompatibleDatabase("it is empty")
            _create(partial).close()
            connection.execute("VACUUM INTO ?1", (str(partial),))
        made = BackupNote(now, program, version)
        with closing(connect(partial)) as copy:
            _write_note(copy, made)
            _must_be_in_order(copy, partial)
        if compress:
            _pack(partial, packed)
        _put(packed if compress else partial, target)
    except OSError as error:
        raise BackupFailed(f"cannot write {target}: {error}") from error
    finally:
        remove_database(partial)
        packed.unlink(missing_ok=True)
    return made


def restore(
    database: Path,
    source: Path,
    *,
    now: int,
    force: bool = False,
    max_bytes: int | None = None,
) -> Restored:
    """See `OfflineMaintenance.restore`."""
    check_library()
    if (process := process_using(database)) is not None:
        raise StoreInUse(f"{database} is in use by process {process}: stop it first")
    if database.exists() and not force:
        raise BackupFailed(f"{database} exists already; it can be replaced, and is kept then")
    partial = database.with_name(f"{database.name}.restoring")
    try:
        _unpack(source, partial, max_bytes)
        with _named(source), closing(connect(partial)) as copy:
            steps = shipped_migrations()
            version = schema_version(copy, steps)
            if version == 0:
                raise IncompatibleDatabase("it is empty")
            note = _take_note(copy)
            if stray := stray_code(copy, steps[:version]):
                raise BackupFailed(f"{source} has a {stray} that is not Perilune's")
            _must_be_in_order(copy, source, has_counters=version == len(steps))
        aside = _put_aside(database, now)
        _put(partial, database)
    except OSError as error:
        raise BackupFailed(f"cannot put {source} back: {error}") from error
    finally:
        remove_database(partial)
    return Restored(note, aside)


def vacuum(database: Path) -> tuple[int, int]:
    """See `OfflineMaintenance.vacuum`."""
    check_library()
    if (process := process_using(database)) is not None:
        raise StoreInUse(f"{database} is in use by process {process}: stop it first")
    before = database.stat().st_size
    with _named(database), closing(connect(database)) as connection:
        if schema_version(connection, shipped_migrations()) == 0:
            raise IncompatibleDatabase("it is empty")
        # Who comes meanwhile is kept out, and told that the file is locked.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return before, database.stat().st_size


def _write_note(copy: sqlite3.Connection, note: BackupNote) -> None:
    copy.execute(_NOTE_TABLE)
    values = (note.made_at, note.program, note.schema_version)
    copy.execute("INSERT INTO perilune_backup VALUES (?1, ?2, ?3)", values)


def _take_note(copy: sqlite3.Connection) -> BackupNote | None:
    """Read what the copy says about itself, and take it out of the copy."""
    found = copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'perilune_backup'").fetchone()
    if found is None:
        return None
    row = copy.execute(
        "SELECT CAST(made_at AS INTEGER), CAST(program AS TEXT), CAST(schema_version AS INTEGER)"
        " FROM perilune_backup"
    ).fetchone()
    copy.execute("DROP TABLE perilune_backup")
    return None if row is None else BackupNote(*row)


def _must_be_in_order(copy: FileConnection, path: Path, *, has_counters: bool = True) -> None:
    problems = find_problems(copy) if has_counters else _damage(copy)
    if problems:
        raise BackupFailed(f"{path} is not in order: {'; '.join(problems[:5])}")


def _damage(copy: sqlite3.Connection) -> list[str]:
    """Return the damage of a file whose schema is an older one."""
    return [text for (text,) in copy.execute("PRAGMA integrity_check") if text != "ok"]


def _pack(source: Path, target: Path) -> None:
    with (
        source.open("rb") as file,
        _create(target) as sink,
        gzip.GzipFile(filename="", mode="wb", fileobj=sink) as packing,
    ):
        shutil.copyfileobj(file, packing, _COPIED_AT_ONCE)


def _unpack(source: Path, target: Path, max_bytes: int | None) -> None:
    remove_database(target)
    with source.open("rb") as file, _create(target) as sink:
        is_packed = file.read(2) == _GZIP
        file.seek(0)
        if not is_packed:
            shutil.copyfileobj(file, sink, _COPIED_AT_ONCE)
            return
        if max_bytes is None:
            max_bytes = max(LEAST_LIMIT_BYTES, os.fstat(file.fileno()).st_size * LIMIT_FACTOR)
        left = max_bytes
        try:
            with gzip.GzipFile(fileobj=file, mode="rb") as packed:
                while part := packed.read(_COPIED_AT_ONCE):
                    left -= len(part)
                    if left < 0:
                        raise BackupFailed(
                            f"{source} unpacks to more than {max_bytes} bytes, which is the limit"
                        )
                    sink.write(part)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BackupFailed(f"{source} is damaged: {error}") from error


def _put_aside(database: Path, now: int) -> Path | None:
    """Rename *database*, with the log that may belong to it; return its new name, if there is one.

    The log goes first: without its database it means nothing, with another one it does harm.
    """
    if database.exists():
        with suppress(sqlite3.Error), closing(connect(database)) as connection:
            # Then there is no log any more, unless the database is damaged.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    aside = database.with_name(f"{database.name}.before-restore-{moment}")
    if aside.exists():
        raise BackupFailed(f"{aside} exists already")
    for end in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            Path(f"{database}{end}").rename(f"{aside}{end}")
    return aside if aside.exists() else None


def _create(path: Path) -> BinaryIO:
    path.unlink(missing_ok=True)
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _put(partial: Path, target: Path) -> None:
    """Give a complete file its name, so that it survives a loss of power from here on."""
    sync(partial)
    partial.rename(target)
    sync(target.parent)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say in errors which file they are about."""
    try:
        yield
    except IncompatibleDatabase as error:
        raise IncompatibleDatabase(f"{path}: {error}") from error
    except sqlite3.Error as error:
        if is_damage(error):
            raise IncompatibleDatabase(f"{path} is damaged or no database: {error}") from error
        raise StoreUnavailable(f"cannot read or copy {path}: {error}") from error
