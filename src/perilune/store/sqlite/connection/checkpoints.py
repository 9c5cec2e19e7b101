"""Keeps the write-ahead log short without making a commit wait for it."""

import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from perilune.store.sqlite.connection.connect import BUSY_TIMEOUT_S, WAL_LIMIT_BYTES, connect

CHECKPOINT_PAUSE_S = 1.0
"""The longest time between a commit and the checkpoint that copies it into the file."""

IDLE_S = 10.0
"""Without commits for this long, the file of the log is emptied.

Not sooner: writing over a file that exists is much faster than letting it grow again.
"""

_CHANGES_PER_CHECKPOINT = 16384
_LOOK_S = 0.01
# So often the size of the log is asked for: a system call, which a small commit would feel.
_GROWTH_PER_CHECKPOINT = 4 * 1024 * 1024
_FRAME_HEADER_BYTES = 24
_RESTART_WAIT_MS = 100


class Checkpoints:
    """A thread with its own connection that copies the log into the database file.

    Its checkpoints are passive: they wait for nobody and nobody waits for them.  Under
    permanent writing such a checkpoint never gets to the end of the log, so the log would
    never be begun anew; above `WAL_LIMIT_BYTES` the writer itself is asked to finish the rest,
    between two of its batches.
    """

    def __init__(self, path: Path, report: Callable[[Exception], None]) -> None:
        """Start the thread.

        Args:
            path: The database file.
            report: Called, in this thread or the writer's, when a checkpoint fails.
        """
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
        self._changes_seen = 0
        self._size_seen = 0
        self._look_at = -math.inf
        self._restart_above = WAL_LIMIT_BYTES
        self._restart_wanted = threading.Event()
        self._restart_done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="perilune-wal", daemon=True)
        self._thread.start()

    def committed(self, connection: sqlite3.Connection) -> None:
        """Take note of a commit on *connection*; in the writer's thread."""
        if self._restart_wanted.is_set():
            self._restart_wanted.clear()
            try:
                self._restart(connection)
            finally:
                self._restart_done.set()
        if not self._dirty.is_set():
            self._dirty.set()
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_S
        changes = connection.total_changes
        if (
            changes - self._changes_seen >= _CHANGES_PER_CHECKPOINT
            or self._wal_bytes() - self._size_seen >= _GROWTH_PER_CHECKPOINT
        ):
            self._changes_seen = changes
            self._urgent.set()

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
                self._report(error)

    def _checkpoint(self) -> None:
        in_use = self._copy()
        if in_use > self._restart_above:
            # Once more, so that little is left to do while the writer waits.
            self._copy()
            # Should a long reader keep the log in use, do not stop the writer for it each time.
            self._restart_above = in_use + WAL_LIMIT_BYTES
            self._ask_for_restart()
        elif in_use < WAL_LIMIT_BYTES:
            self._restart_above = WAL_LIMIT_BYTES
        self._size_seen = self._wal_bytes()

    def _copy(self) -> int:
        """Copy what can be copied without waiting; return the bytes of the log in use."""
        _, frames, _ = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        in_use: int = frames * self._frame_bytes
        return in_use

    def _wait_for_commit(self) -> None:
        """Wait for the next commit; give the space of a large log back if none comes."""
        if self._size_seen > _GROWTH_PER_CHECKPOINT and not self._dirty.wait(IDLE_S):
            try:
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
        connection.execute(f"PRAGMA busy_timeout = {_RESTART_WAIT_MS}")
        try:
            connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")

    def _wal_bytes(self) -> int:
        try:
            return os.stat(self._wal).st_size
        except FileNotFoundError:
            return 0
