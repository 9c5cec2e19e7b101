"""Takes a Lunar database over: into a store, or in its place."""

import fcntl
import filecmp
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from perilune.store.errors import StoreError, StoreInUse, StoreNotEmpty, StoreUnavailable
from perilune.store.maintenance import LunarReport, Progress, no_progress
from perilune.store.sqlite.connection.files import process_using, remove_database, sync
from perilune.store.sqlite.connection.prepare import prepare_file
from perilune.store.sqlite.lunar.copying import copy_original, finish_interrupted, is_lunar_file
from perilune.store.sqlite.lunar.transfer import transfer


def import_lunar(
    target: Path,
    source: Path,
    *,
    now: int,
    merge: bool = False,
    progress: Progress = no_progress,
) -> LunarReport:
    """See `OfflineMaintenance.import_lunar`."""
    if (process := process_using(target)) is not None:
        raise StoreInUse(f"{target} is in use by process {process}: stop the server first")
    with _named_failures(target):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".lunar-", dir=target.parent) as folder:
            copy = Path(folder) / "lunar.db"
            version = copy_original(source, copy)
            with closing(prepare_file(target, now)) as connection:
                (functions,) = connection.execute("SELECT count(*) FROM functions").fetchone()
                if functions and not merge:
                    raise StoreNotEmpty(
                        f"{target} has {functions} functions already; with --merge the ones"
                        " it does not have are added"
                    )
                report = transfer(connection, copy, version, now=now, progress=progress)
                _empty_log(connection)
    return report


def migrate_lunar(path: Path, *, now: int, progress: Progress = no_progress) -> LunarReport | None:
    """See `OfflineMaintenance.migrate_lunar`."""
    path = path.resolve()
    if not is_lunar_file(path):
        return None
    with _named_failures(path), _alone_in(path.parent):
        if not is_lunar_file(path):  # another process was faster
            return None
        fresh = path.with_name(f"{path.name}.taking-over")
        remove_database(fresh)
        try:
            backup, version = _back_up(path)
            finish_interrupted(path)
            with closing(prepare_file(fresh, now)) as connection:
                report = transfer(connection, backup, version, now=now, progress=progress)
                _check_whole(connection)
                _empty_log(connection)
            sync(fresh)
            # A log or journal that stayed behind would be taken for the new file's own.
            finish_interrupted(path)
            os.replace(fresh, path)
            sync(path.parent)
        finally:
            remove_database(fresh)
    return replace(report, backup=backup)


def _back_up(path: Path) -> tuple[Path, int]:
    """Leave a copy beside *path*; an earlier one stays, unless it is the same."""
    copy = path.with_name(f"{path.name}.lunar-copy")
    version = copy_original(path, copy)
    for number in count(1):
        backup = path.with_name(f"{path.name}.lunar-backup{'' if number == 1 else f'-{number}'}")
        if not backup.exists() or filecmp.cmp(copy, backup, shallow=False):
            break
    os.replace(copy, backup)
    sync(path.parent)
    return backup, version


def _check_whole(connection: sqlite3.Connection) -> None:
    damage = [text for (text,) in connection.execute("PRAGMA quick_check(5)")]
    if damage != ["ok"]:
        raise StoreError(f"the new database is damaged: {'; '.join(damage)}")


def _empty_log(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Keep other take-overs out of *directory*; a process that dies lets the next one in."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreInUse(
                f"another process is taking over the database in {directory}"
            ) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _named_failures(path: Path) -> Iterator[None]:
    """Turn failures of files and of SQLite into `StoreUnavailable`."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"cannot take over into {path}: {error}") from error
