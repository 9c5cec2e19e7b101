"""The data directory: it is its owner's alone, and one server's at a time."""

import fcntl
import logging
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perilune.errors import PeriluneError

DATABASE_FILE = "lunar.db"
"""Lunar's name, so that its data directory can be taken over."""
LOCK_FILE = "server.lock"
"""Locked by the process that uses the directory; says which one that is."""

_log = logging.getLogger(__name__)


class DataDirError(PeriluneError):
    """The data directory can't be created or used."""

    code = "data_dir_error"


class DataDirInUse(PeriluneError):
    """Another process has the data directory for itself."""

    code = "data_dir_in_use"

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(
            f"the data directory {path} is in use by {holder}; stop that first,"
            " or use another directory (DATA_DIR)"
        )


@contextmanager
def hold_data_dir(path: Path) -> Iterator[None]:
    """Have the data directory for this process alone; it is created if it does not exist.

    A second server would close the executions of the first one, so this comes before anything
    else.  The kernel lets go of the lock when its holder ends, however that happens.

    Raises:
        DataDirError: it can't be created or locked, or is no directory.
        DataDirInUse: another process has it.
    """
    _prepare(path)
    try:
        descriptor = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise DataDirError(f"can't use the data directory {path}: {problem}") from problem
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    ours = f"process {os.getpid()} on {socket.gethostname()}, since {since}"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # In this order it takes no room on a full disk, but for the first time.
        os.ftruncate(descriptor, os.pwrite(descriptor, ours.encode(), 0))
    except BlockingIOError:
        holder = os.pread(descriptor, 1024, 0).decode("utf-8", "replace")
        raise DataDirInUse(path, holder or "another process") from None
    except OSError as problem:
        raise DataDirError(f"can't lock the data directory {path}: {problem}") from problem


def _prepare(path: Path) -> None:
    """Create the data directory for its owner alone, if it does not exist (KD-19)."""
    database = path / DATABASE_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        is_open = _is_open_to_others(path)
        is_readable = database.exists() and _is_open_to_others(database)
    except OSError as problem:
        raise DataDirError(f"can't use the data directory {path}: {problem}") from problem
    # Left as they are: somebody may have meant it, such as a backup of another user.
    if is_open:
        _log.warning("the data directory %s is open to others; run: chmod 700 %s", path, path)
    if is_readable:
        _log.warning("the database can be read by others; run: chmod 600 %s*", database)


def _is_open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
