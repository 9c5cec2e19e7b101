"""Room on the disk: a low-water mark, and a reserve that makes a full disk recoverable."""

import logging
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from perilune.store.errors import DiskNearlyFull

HOLD_AGAIN_S = 10.0
"""After the reserve could not be written, the next try comes after so long."""

LEAST_RESERVE_BYTES = 128 * 1024
"""A reserve that is no larger is given back at once."""

LARGEST_SHARE = 5
"""At most one part in so many of a file system is kept free."""

_MIB = 1024 * 1024

_log = logging.getLogger(__name__)


class FileSystem(NamedTuple):
    """The size of a file system and what this process may still write to it, in bytes."""

    size: int
    free: int


def file_system(folder: Path) -> FileSystem:
    """Return the size of the file system of *folder*, which may not exist yet, and what is free."""
    while not folder.exists():
        folder = folder.parent
    found = os.statvfs(folder)
    return FileSystem(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)


class DiskSpace:
    """Watches the disk of a database, and holds a reserve on it: `<file>-reserve`.

    With less than the low-water mark free, the disk is *low*: executions that run can still be
    recorded, but none should begin.  Half of the reserve is given back when a write fails for want
    of room, or less than that is free; it is filled up again when the disk is not low any more.
    What is missing of it does not count as free.  Any thread may call the methods.
    """

    def __init__(self, path: Path, min_free_bytes: int) -> None:
        """Watch the disk of the database *path*.

        Args:
            path: The database.
            min_free_bytes: The low-water mark, a fifth of a small disk at most; 0 for none, and
                then the disk is never low and there is no reserve.
        """
        self._folder = path.parent
        self.disk_bytes = file_system(self._folder).size
        """How large the file system is."""
        self._reserve = path.with_name(f"{path.name}-reserve")
        self._lock = threading.Lock()
        self._mark = min(min_free_bytes, self.disk_bytes // LARGEST_SHARE)
        # It takes a quarter more to be high again, so that one call more or less changes nothing.
        self._upper_mark = self._mark + self._mark // 4
        self._reserve_bytes = self._mark // 2
        self._hold_at = -math.inf
        self._held = self._reserve.stat().st_size if self._reserve.exists() else 0
        # At the start the upper mark counts: a store that was closed for want of room is not open
        # again because closing has freed its log.
        self.is_low = self.spare() < self._upper_mark - self._mark
        """Whether the disk was low at the last look."""
        if self.is_low:
            self._log_low()
        self.look()

    def spare(self) -> int:
        """Return how many bytes are free above the low-water mark, fewer than 0 below it."""
        if not self._mark:
            return sys.maxsize
        missing = self._reserve_bytes - self._held
        return file_system(self._folder).free - missing - self._mark

    def look(self) -> bool:
        """Ask the file system; return whether the disk is low.  A change is logged."""
        with self._lock:
            spare = self.spare()
            was_low = self.is_low
            self.is_low = spare < (self._upper_mark - self._mark if was_low else 0)
            if self.is_low and not was_low:
                self._log_low()
            elif was_low and not self.is_low:
                _log.warning("there is room on the disk again; executions begin again")
            if self.is_low and file_system(self._folder).free < self._held // 2:
                self._give_half()
            is_missing = self._held < self._reserve_bytes
            if is_missing and not self.is_low and time.monotonic() >= self._hold_at:
                self._resize(self._reserve_bytes)
            return self.is_low

    def check(self) -> None:
        """Raise `DiskNearlyFull` if the disk was low at the last look."""
        if self.is_low:
            raise DiskNearlyFull

    def give_reserve(self) -> bool:
        """Give half of the reserve back; return whether there was any."""
        if not self._mark:
            # If there is one, another process holds it.
            return False
        with self._lock:
            return self._give_half()

    def close(self) -> None:
        """Hold as much of the reserve as there is room for, so that the next start succeeds."""
        with self._lock:
            if self._held < self._reserve_bytes:
                free = file_system(self._folder).free
                self._resize(min(self._reserve_bytes, self._held + free))

    def _give_half(self) -> bool:
        """Give half of the reserve back, so that something is left for the next time."""
        held = self._held
        self._resize(held // 2 if held > LEAST_RESERVE_BYTES else 0)
        if held:
            _log.warning("%.1f MiB of the reserve are given back", (held - self._held) / _MIB)
        return self._held < held

    def _log_low(self) -> None:
        _log.error(
            "the disk is nearly full: %.1f MiB are free in %s; no execution begins until there are"
            " %.1f MiB (PERILUNE_MIN_FREE_DISK)",
            max(0, self.spare() + self._mark) / _MIB,
            self._folder,
            self._upper_mark / _MIB,
        )

    def _resize(self, size: int) -> None:
        """Make the reserve *size* bytes large; it stays as it is if there is too little room."""
        try:
            descriptor = os.open(self._reserve, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except OSError:
            self._hold_at = time.monotonic() + HOLD_AGAIN_S
            return
        try:
            if size > self._held:
                os.posix_fallocate(descriptor, 0, size)
            self._held = size
        except OSError:
            # What is missing does not count as free, so the disk is low the earlier.
            self._hold_at = time.monotonic() + HOLD_AGAIN_S
        finally:
            os.ftruncate(descriptor, self._held)
            os.close(descriptor)
