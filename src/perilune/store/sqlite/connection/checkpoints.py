"""Keeps the write-ahead log short without making a commit wait for it."""

import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from perilune.store.sqlite.connection.connect import (
    connect,
    wal_limit_bytes,
)
from perilune.store.sqlite.connection.connection import BUSY_TIMEOUT_S
from perilune.store.sqlite.connection.failures import is_full
from perilune.store.sqlite.connection.space import DiskSpace

CHECKPOINT_PAUSE_S = 1.0
"""The longest time between a commit and the checkpoint that copies it into the file."""

IDLE_S = 10.0
"""Without commits for this long, the file of the log is emptied.

Not sooner: writing over a file that exists is much faster than letting it grow again.
"""

_CHANGES_PER_CHECKPOINT = 16384
_LOOK_S = 0.01
# So often the size of the log and the disk are looked at: a small commit would feel the system
# calls.  Each commit does it where no more than so many logs are free.
_NEAR_LOGS = 8
_GROWTH_PER_CHECKPOINT = 4 * 1024 * 1024
_FRAME_HEADER_BYTES = 24
_RESTART_WAIT_MS = 100


class Checkpoints:
    """A thread with its own connection that copies the log into the database file.

    Its checkpoints are passive: they wait for nobody and nobody waits for them.  Under
    permanent writing such a checkpoint never gets to the end of the log, so the log would
    never be begun anew; above `wal_limit_bytes` the writer itself is asked to finish the rest,
    between two of its batches.  Where there is no room for another log on the disk, the writer
    empties it after each commit: so much room is left to copy it, and for the next commit.
    """

    def __init__(self, path: Path, space: DiskSpace, report: Callable[[Exception], None]) -> None:
        """Start the thread.

        Args:
            path: The database file.
            space: The disk it is on.
            report: Called, in this thread or the writer's, when a checkpoint fails.
        """
        self._path = path
        self._space = space
        self._has_failed = False
        self._turn = threading.Lock()  # SQLite makes no two checkpoints at a time wait
        self._connection = connect(path)
        # This connection has nothing to wait for: if it comes too early, it comes again.
        self._connection.execute(f"PRAGMA busy_timeout = {_RESTART_WAIT_MS}")
        (page_bytes,) = self._connection.execute("PRAGMA page_size").fetchone()
        self._frame_bytes = page_bytes + _FRAME_HEADER_BYTES
        self._wal = f"{path}-wal"
        self._report = report
        self._dirty = threading.Event()
        self._urgent = threading.Event()
        self._stopping = False
        self._lacks_room = False
        self._changes_seen = 0
        self._size_seen = 0
        self._look_at = -math.inf
        self._limit = wal_limit_bytes(path)
        self._growth = min(_GROWTH_PER_CHECKPOINT, self._limit // 2)
        self._restart_above = self._limit
        self._restart_wanted = threading.Event()
        self._restart_done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="perilune-wal", daemon=True)
        self._thread.start()

    def committed(self, connection: sqlite3.Connection) -> bool:
        """Take note of a commit on *connection*; tell whether `work` is wanted."""
        if not self._dirty.is_set():
            self._dirty.set()
        now = time.monotonic()
        if now < self._look_at:
            return self._lacks_room or self._restart_wanted.is_set()
        log_bytes, spare = self._wal_bytes(), self._space.spare()
        if spare > _NEAR_LOGS * self._limit:
            self._look_at = now + _LOOK_S
        self._lacks_room = self._has_failed or spare < log_bytes
        self._space.look()
        changes = connection.total_changes
        if (
            changes - self._changes_seen >= _CHANGES_PER_CHECKPOINT
            or log_bytes - self._size_seen >= self._growth
        ):
            self._changes_seen = changes
            self._urgent.set()
        return self._lacks_room or self._restart_wanted.is_set()

    def work(self, connection: sqlite3.Connection) -> None:
        """Empty the log or begin it anew through *connection*, the writer's; in its thread."""
        if self._restart_wanted.is_set():
            self._restart_wanted.clear()
            try:
                self._restart(connection)
            finally:
                self._restart_done.set()
        if self._lacks_room:
            self._lacks_room = self._has_failed = False
            self._empty(connection)

    def failed(self, error: Exception) -> None:
        """Take note of a commit that failed, before `committed`; in the writer's thread."""
        if is_full(error, self._path):
            self._has_failed = True
            self._look_at = -math.inf
            self._space.give_reserve()

    def close(self) -> None:
        """End the thread and close its connection.  Blocks for at most one checkpoint."""
        self._stopping = True
        self._restart_done.set()
        self._urgent.set()
        self._dirty.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while True:
            self._wait_for_commit()
            self._urgent.wait(CHECKPOINT_PAUSE_S)
            if self._stopping:
                return
            self._dirty.clear()
            self._urgent.clear()
            try:
                self._checkpoint()
            except sqlite3.Error as error:
                if is_full(error, self._path) and self._space.give_reserve():
                    self._dirty.set()
                else:
                    self._report(error)

    def _checkpoint(self) -> None:
        in_use = self._copy()
        if in_use > self._restart_above:
            # Once more, so that little is left to do while the writer waits.
            self._copy()
            # Should a long reader keep the log in use, do not stop the writer for it each time.
            self._restart_above = in_use + self._limit
            self._ask_for_restart()
        elif in_use < self._limit:
            self._restart_above = self._limit
        self._size_seen = self._wal_bytes()

    def _copy(self) -> int:
        """Copy what can be copied without waiting; return the bytes of the log in use."""
        with self._turn:
            _, frames, _ = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        in_use: int = frames * self._frame_bytes
        return in_use

    def _wait_for_commit(self) -> None:
        """Wait for the next commit; give the space of a large log back if none comes."""
        if self._size_seen > self._growth and not self._dirty.wait(IDLE_S):
            try:
                with self._turn:
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                self._report(error)
            self._size_seen = self._wal_bytes()
        self._dirty.wait()

    def _ask_for_restart(self) -> None:
        """Let the writer do it at its next commit, and stay out of its way meanwhile."""
        self._restart_done.clear()
        self._restart_wanted.set()
        self._restart_done.wait(CHECKPOINT_PAUSE_S)

    def _restart(self, connection: sqlite3.Connection) -> None:
        """Copy the rest of the log and begin it anew; waits only shortly for readers."""
        self._finish(connection, "RESTART")

    def _empty(self, connection: sqlite3.Connection) -> None:
        """Copy the rest of the log and give its room back; waits only shortly for readers."""
        try:
            self._finish(connection, "TRUNCATE")
        except sqlite3.Error as error:
            if not (is_full(error, self._path) and self._space.give_reserve()):
                raise
            self._finish(connection, "TRUNCATE")

    def _finish(self, connection: sqlite3.Connection, how: str) -> None:
        connection.execute(f"PRAGMA busy_timeout = {_RESTART_WAIT_MS}")
        try:
            with self._turn:
                connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")

    def _wal_bytes(self) -> int:
        try:
            return os.stat(self._wal).st_size
        except FileNotFoundError:
            return 0
