"""A folder for as long as this process lives, however it ends."""

import atexit
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "perilune-guest-"


def make_folder() -> str:
    """Return a new folder, and remove those of processes that could not remove theirs.

    Each process holds a lock on its folder, which the kernel takes back when it is killed.
    """
    _remove_abandoned()
    while True:
        folder = tempfile.mkdtemp(prefix=PREFIX)
        lock = _lock(folder)
        # Another process may have found it before it was locked, and taken it for abandoned.
        if lock is not None and os.fstat(lock).st_nlink:
            break
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock(folder: str | Path) -> int | None:
    """Lock a folder of this user; return the descriptor that holds the lock.

    Every process that is forked from this one must close it, as workers do.
    """
    try:
        descriptor = os.open(folder, os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None  # it has gone, or is somebody else's
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
    except OSError:
        pass  # the process lives, or locks are not to be had here
    os.close(descriptor)
    return None
