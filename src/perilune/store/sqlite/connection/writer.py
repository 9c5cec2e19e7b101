"""The one writer: commits what came in together, in one transaction per turn of the event loop.

Short operations are committed by the loop's thread itself while commits are quick: that takes
some ten microseconds, and waking a thread and being woken by it several times as long.  What is
long or large, and everything while commits are slow or somebody else holds the lock, goes to a
thread, which commits all that waits.  First in, first committed.
"""

import asyncio
import logging
import math
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TypeVar

from perilune.store.database.grouping import run_batch
from perilune.store.database.operations import (
    AnyOperation,
    Tables,
    WriteOperation,
    closed_error,
)
from perilune.store.database.transactions import Session
from perilune.store.errors import StoreError, WritesLost
from perilune.store.sqlite.connection.checkpoints import Checkpoints
from perilune.store.sqlite.connection.connection import BUSY_TIMEOUT_S, FileConnection
from perilune.store.sqlite.connection.failures import as_store_error, outage

T = TypeVar("T")
MAX_BATCH = 512
"""Operations per transaction: bounds how long the first of them waits for the last."""

MAX_QUEUED = 100_000
"""Operations waiting, above which offered ones (`Writer.enqueue_nowait`) are dropped."""

MAX_QUEUED_CHARACTERS = 64 * 1024 * 1024
"""Text held by offered operations that wait, above which further ones are dropped."""

SLOW_S = 0.003
"""Where commits usually take longer, the thread does them."""

USUAL_OF = 8
"""Out of about so many commits it is told how long they usually take: one says nothing."""

LONGEST_S = 0.1
"""A commit counts for so long at most, or it would take hundreds to forget it."""

MOST_AT_ONCE = 128
MOST_CHARACTERS_AT_ONCE = 256 * 1024
"""What the loop's thread commits in one go at most."""

_log = logging.getLogger(__name__)

_Batch = list[AnyOperation]
_Task = Callable[[], None]


class Writer:
    """Runs operations on its own connection, in order, many per commit.

    All methods belong to the thread of the event loop it was started on.
    """

    def __init__(
        self,
        connection: FileConnection,
        log: Checkpoints,
        tables: Tables,
        *,
        touched: Callable[[str], None],
        report: Callable[[StoreError], None],
    ) -> None:
        """Start the thread.

        Args:
            connection: For the writer alone, from now on.
            log: Told after each commit.
            tables: Told of each value of a function that is written, after the commit.
            touched: Called on the loop, after the commit, with the id of a changed function.
            report: Called on the loop with failures nobody waits for.
        """
        self._connection = connection
        self._cursor = connection.cursor()
        self._log = log
        self._tables = tables
        self._invalidated = touched
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._inbox: queue.SimpleQueue[_Batch | _Task] = queue.SimpleQueue()
        self._collected: _Batch = []
        self._are_short = True
        self._characters = 0
        self._using = threading.Lock()
        """Held by the thread that uses the connection."""
        self._usual_s = 0.0
        self._tasks = 0
        self._queued = 0
        self._queued_characters = 0
        self._overflowing = False
        self._closed = False
        self._running = True
        self.lost = 0
        self.committed_at = -math.inf
        """When a batch was committed, on the monotonic clock; -inf after one that was not."""
        self._thread = threading.Thread(target=self._run, name="perilune-store", daemon=True)
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

    def write(self, operation: WriteOperation[T]) -> asyncio.Future[T]:
        """Submit *operation*; the future is done when it is committed or has failed.

        Cancelling the future does not take the operation back.

        Raises:
            StoreUnavailable: The store is closed.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        operation.future = future
        self.submit(operation)
        return future

    def submit(self, operation: AnyOperation) -> None:
        """Submit *operation*, whose `done` is told of its end.

        Raises:
            StoreUnavailable: The store is closed.
        """
        if self._closed:
            raise closed_error()
        if not self._collected:
            self._loop.call_soon(self._flush)
        self._collected.append(operation)
        self._are_short = self._are_short and operation.is_short
        self._characters += operation.weight

    def enqueue_nowait(self, operation: AnyOperation) -> bool:
        """Submit *operation* for nobody; its failure is reported and counted in `lost`.

        Returns:
            False if it was dropped: the store is closed, or too much is waiting already.
        """
        if self._closed or not self._has_room():
            self.lost += 1
            return False
        self._queued_characters += operation.weight
        self.submit(operation)
        return True

    def open_session(self) -> Session:
        """Queue an interactive transaction behind everything submitted so far.

        Raises:
            StoreUnavailable: The store is closed.
        """
        if self._closed:
            raise closed_error()
        session = Session(self._loop)
        self._flush()
        self._give(partial(self._serve, session))
        return session

    def hold(self, operation: AnyOperation) -> None:
        """Account for an operation that was offered within a session."""
        self._queued_characters += operation.weight

    async def close(self) -> None:
        """Refuse new operations, finish the queued ones and end the thread."""
        if not self._closed:
            self._closed = True
            self._flush()
            self._give(self._stop)
        await asyncio.to_thread(self._thread.join)

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
            return
        self._queued += len(batch)
        for operation in batch:
            operation.delay(self._tables)
        self._inbox.put(batch)

    def _give(self, task: _Task) -> None:
        """Let the thread do *task* after all that was submitted before."""
        self._tasks += 1
        self._inbox.put(task)

    def _task_done(self) -> None:
        self._tasks -= 1

    def _commit_here(self, batch: _Batch) -> bool:
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

    def _has_room(self) -> bool:
        waiting = self._queued + len(self._collected)
        if waiting < MAX_QUEUED and self._queued_characters < MAX_QUEUED_CHARACTERS:
            return True
        if not self._overflowing:
            self._overflowing = True
            self._report(WritesLost("rows are dropped: the database is too slow for them"))
        return False

    # In the writer's thread.

    def _run(self) -> None:
        while self._running:
            item = self._inbox.get()
            task = self._commit_waiting(item) if isinstance(item, list) else item
            # Nothing may hold these rows, and who waits for them, until the next ones come.
            del item
            if task is not None:
                with self._patience():
                    task()
                self._tell(self._task_done)

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

    def _commit_waiting(self, batch: _Batch) -> _Task | None:
        """Commit *batch* with all that waits behind it, up to a task, which is returned."""
        task: _Task | None = None
        while task is None and len(batch) < MAX_BATCH:
            try:
                item = self._inbox.get_nowait()
            except queue.Empty:
                break
            if isinstance(item, list):
                batch += item
            else:
                task = item
        for start in range(0, len(batch), MAX_BATCH):
            self._commit(batch[start : start + MAX_BATCH])
        return task

    def _stop(self) -> None:
        self._running = False

    def _serve(self, session: Session) -> None:
        session.serve(self._connection, partial(self._tell, self._settle))
        if self._wants_work():
            self._work_on_log()

    def _commit(self, batch: _Batch) -> None:
        with self._patience():
            self._run_and_commit(batch)
            wants_work = self._wants_work()
        # Whoever is told may write at once, so the connection has to be free again.
        self._tell(self._settle_batch, batch)
        if wants_work:
            with self._patience():
                self._work_on_log()

    def _run_and_commit(self, batch: _Batch) -> None:
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

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        # A RuntimeError says that the loop is closed: nobody is left to hear it.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, *arguments)

    # Back in the thread of the loop.
    def _settle_batch(self, batch: _Batch) -> None:
        self._queued -= len(batch)
        if self._overflowing and self._queued < MAX_QUEUED // 2:
            self._overflowing = self._queued_characters > MAX_QUEUED_CHARACTERS // 2
        self._settle(batch)

    def _settle(self, batch: _Batch, touched: set[str] | None = None) -> None:
        lost: list[StoreError] = []
        for operation in batch:
            if operation.invalidates is not None:
                self._invalidated(operation.invalidates)
            if operation.change is not None:
                operation.change.apply(self._tables, operation.error)
            future, done = operation.future, operation.done
            if done is not None:
                try:
                    done(operation.error)
                except Exception:
                    # What goes wrong with one must not harm the others.
                    _log.exception("what follows a commit failed")
            elif future is None:
                self._queued_characters -= operation.weight
                if operation.error is not None:
                    lost.append(operation.error)
            elif not future.done():
                if operation.error is None:
                    future.set_result(operation.result)
                else:
                    future.set_exception(operation.error)
        for function_id in touched or ():
            self._invalidated(function_id)
        if lost:
            self.lost += len(lost)
            report = WritesLost(f"{len(lost)} queued writes failed, the first with: {lost[0]}")
            report.__cause__ = lost[0]
            self._report(report)
