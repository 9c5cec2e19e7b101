"""The one writer: commits what came in together, in one transaction per turn of the event loop.

Short operations are committed by the loop's thread itself while commits are quick: that takes
some ten microseconds, and waking a thread and being woken by it several times as long.  What is
long or large, and everything while commits are slow or somebody else holds the lock, goes to a
thread, which commits all that waits.  First in, first committed.
"""

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from perilune.store.database.grouping import run_batch
from perilune.store.database.operations import Tables
from perilune.store.database.queue import Batch, Task, WriteQueue
from perilune.store.database.transactions import Session
from perilune.store.errors import StoreError
from perilune.store.sqlite.connection.checkpoints import Checkpoints
from perilune.store.sqlite.connection.connection import BUSY_TIMEOUT_S, FileConnection
from perilune.store.sqlite.connection.failures import as_store_error, outage

SLOW_S = 0.003
"""Where commits usually take longer, the thread does them."""

USUAL_OF = 8
"""Out of about so many commits it is told how long they usually take: one says nothing."""

LONGEST_S = 0.1
"""A commit counts for so long at most, or it would take hundreds to forget it."""

MOST_AT_ONCE = 128
MOST_CHARACTERS_AT_ONCE = 256 * 1024
"""What the loop's thread commits in one go at most."""


class Writer(WriteQueue):
    """Runs operations on its own connection, in order, many per commit."""

    def __init__(
        self,
        connection: FileConnection,
        log: Checkpoints,
        tables: Tables,
        *,
        touched: Callable[[str], None],
        report: Callable[[StoreError], None],
    ) -> None:
        """Start the thread; see `WriteQueue`.

        Args:
            connection: For the writer alone, from now on.
            log: Told after each commit.
            tables: Told of values.
            touched: Called with changed functions.
            report: Called with failures.
        """
        super().__init__(tables, touched=touched, report=report)
        self._connection = connection
        self._cursor = connection.cursor()
        self._log = log
        self._using = threading.Lock()
        """Held by the thread that uses the connection."""
        self._usual_s = 0.0
        self._thread.start()

    def see_others(self) -> int | None:
        """Return what is another number when others have written; None while the thread is busy."""
        is_busy = self._queued or self._tasks or self._closed
        if is_busy or not self._using.acquire(blocking=False):
            return None
        try:
            number: int = self._cursor.execute("PRAGMA data_version").fetchone()[0]
        finally:
            self._using.release()
        return number

    def _flush(self) -> None:
        if not self._collected:
            return
        batch, self._collected = self._collected, []
        is_light = (
            self._are_short
            and len(batch) <= MOST_AT_ONCE
            and self._characters <= MOST_CHARACTERS_AT_ONCE
        )
        self._are_short, self._characters = True, 0
        if is_light and self._commit_here(batch):
            self._settle(batch)
        else:
            self._queue(batch)

    def _commit_here(self, batch: Batch) -> bool:
        """Commit *batch* at once; False if it is for the thread, with nothing done."""
        if self._queued or self._tasks or self._usual_s > SLOW_S:
            return False
        if not self._using.acquire(blocking=False):
            return False
        started = time.monotonic()
        try:
            cursor = self._cursor
            cursor.execute("BEGIN IMMEDIATE")
            run_batch(self._connection, batch, again=False)
            cursor.execute("COMMIT")
        except Exception as error:
            if self._connection.in_transaction:
                cursor.execute("ROLLBACK")
            for operation in batch:
                operation.error = operation.result = None
            if not isinstance(error, sqlite3.IntegrityError):
                self._usual_s = LONGEST_S
            return False
        else:
            wants_work = self._wants_work()
        finally:
            self._using.release()
        self._note_time(started)
        if wants_work:
            self._give(self._work_on_log)
        return True

    def _wants_work(self) -> bool:
        """Tell the log of a commit, which nothing can take back any more."""
        try:
            return self._log.committed(self._connection)
        except Exception as error:
            self._tell(self._report, as_store_error(error))
            return False

    def _note_time(self, started: float) -> None:
        """Take note of a commit that began at *started*; in either thread."""
        self.committed_at = now = time.monotonic()
        self._usual_s += (min(now - started, LONGEST_S) - self._usual_s) / USUAL_OF

    # In the writer's thread.

    def _do(self, task: Task) -> None:
        with self._patience():
            task()

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """Use the connection, waiting for locks, which the thread of the loop never does."""
        with self._using:
            self._set_busy_timeout(BUSY_TIMEOUT_S)
            try:
                yield
            finally:
                if self._running:
                    self._set_busy_timeout(0)

    def _set_busy_timeout(self, seconds: float) -> None:
        self._cursor.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}").fetchall()

    def _serve(self, session: Session) -> None:
        session.serve(self._connection, partial(self._tell, self._settle))
        if self._wants_work():
            self._work_on_log()

    def _commit(self, batch: Batch) -> None:
        with self._patience():
            self._run_and_commit(batch)
            wants_work = self._wants_work()
        # Whoever is told may write at once, so the connection has to be free again.
        self._tell(self._settle_batch, batch)
        if wants_work:
            with self._patience():
                self._work_on_log()

    def _run_and_commit(self, batch: Batch) -> None:
        cursor = self._cursor
        started = time.monotonic()
        try:
            self._connection.begin()
            run_batch(self._connection, batch)
            cursor.execute("COMMIT")
        except Exception as error:
            if self._connection.in_transaction:
                cursor.execute("ROLLBACK")
            for operation in batch:
                if operation.error is None:
                    operation.error = outage("the write was not committed", error)
            self.committed_at = -math.inf
            self._log.failed(error)
        else:
            self._note_time(started)

    def _work_on_log(self) -> None:
        try:
            self._log.work(self._connection)
        except Exception as error:
            self._tell(self._report, as_store_error(error))
