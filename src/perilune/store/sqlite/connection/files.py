"""The file of a database and what belongs to it: who uses it, removing it, making it durable."""

import fcntl
import os
import struct
from pathlib import Path

# SQLite's lock bytes (https://www.sqlite.org/fileformat2.html#the_lock_byte_page): a reader
# holds a read lock on some of the last 510 bytes.
SHARED_FIRST, SHARED_SIZE = 0x40000002, 510
_FLOCK = "hhqqi4x"


def process_using(path: Path) -> int | None:
    """Return the id of another process that has *path* open as a database right now, if any.

    Not seen: who has no write-ahead log and is between two transactions.  Must not be called
    while this process has the database open, since closing the file drops its locks.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return lock_holder(descriptor)
    finally:
        os.close(descriptor)


def remove_database(path: Path) -> None:
    """Remove a database file of ours with what belongs to it, if it exists."""
    for end in ("", "-journal", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Let the disk confirm a file's content, or the names in a directory."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock_holder(descriptor: int) -> int | None:
    """Return the process that holds a lock which a writer would wait for."""
    question = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, SHARED_FIRST, SHARED_SIZE, 0)
    answer = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    return None if answer[0] == fcntl.F_UNLCK else answer[4]
