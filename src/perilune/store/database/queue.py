"""What waits for a writer's thread, and who is told of its end."""

import asyncio
import logging
import math
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from perilune.store.database.operations import (
    AnyOperation,
    Tables,
    WriteOperation,
    closed_error,
)
from perilune.store.database.transactions import Session
from perilune.store.errors import StoreError, WritesLost

T = TypeVar("T")

MAX_BATCH = 512
"""Operations per transaction: bounds how long the first of them waits for the last."""

MAX_QUEUED = 100_000
"""Operations waiting, above which offered ones (`WriteQueue.enqueue_nowait`) are dropped."""

MAX_QUEUED_CHARACTERS = 64 * 1024 * 1024
"""Text held by offered operations that wait, above which further ones are dropped."""

_log = logging.getLogger(__name__)

Batch = list[AnyOperation]
Task = Callable[[], None]


class WriteQueue:
    """Operations for a thread, in the order in which they came in; first in, first committed.

    Public methods belong to the thread of the event loop it was made on.  A database's writer says
    how a batch is committed, and how a transaction of several calls is served.
    """

    def __init__(
        self,
        tables: Tables,
        *,
        touched: Callable[[str], None],
        report: Callable[[StoreError], None],
    ) -> None:
        """Start with nothing, and without the thread.

        Args:
            tables: Told of each value of a function that is written, after the commit.
            touched: Called on the loop, after the commit, with the id of a changed function.
            report: Called on the loop with failures nobody waits for.
        """
        self.tables = tables
        self._invalidated = touched
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._inbox: queue.SimpleQueue[Batch | Task] = queue.SimpleQueue()
        self._collected: Batch = []
        self._are_short = True
        self._characters = 0
        self._tasks = 0
        self._queued = 0
        self._queued_characters = 0
        self._overflowing = False
        self._closed = False
        self._running = True
        self.lost = 0
        self.committed_at = -math.inf
        """When something was committed, on the monotonic clock; -inf if that is not known."""
        self._thread = threading.Thread(target=self._run, name="perilune-store", daemon=True)

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
        self._give(lambda: self._serve(session))
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
        """Begin with what has been collected in this turn of the loop."""
        if not self._collected:
            return
        batch, self._collected = self._collected, []
        self._are_short, self._characters = True, 0
        self._queue(batch)

    def _queue(self, batch: Batch) -> None:
        """Hand *batch* to the writer's thread."""
        self._queued += len(batch)
        for operation in batch:
            operation.delay(self.tables)
        self._inbox.put(batch)

    def _give(self, task: Task) -> None:
        """Let the thread do *task* after all that was submitted before."""
        self._tasks += 1
        self._inbox.put(task)

    def _task_done(self) -> None:
        self._tasks -= 1

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
                self._do(task)
                self._tell(self._task_done)

    def _commit_waiting(self, batch: Batch) -> Task | None:
        """Commit *batch* with all that waits behind it, up to a task, which is returned."""
        task: Task | None = None
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

    def _do(self, task: Task) -> None:
        task()

    def _commit(self, batch: Batch) -> None:
        """Commit *batch*, and have it settled."""
        raise NotImplementedError

    def _serve(self, session: Session) -> None:
        """Serve *session* until it ends."""
        raise NotImplementedError

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        # A RuntimeError says that the loop is closed: nobody is left to hear it.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, *arguments)

    # Back in the thread of the loop.

    def _settle_batch(self, batch: Batch) -> None:
        """Settle what has been queued."""
        self._queued -= len(batch)
        if self._overflowing and self._queued < MAX_QUEUED // 2:
            self._overflowing = self._queued_characters > MAX_QUEUED_CHARACTERS // 2
        self._settle(batch)

    def _settle(self, batch: Batch, touched: set[str] | None = None) -> None:
        """Tell everybody what has become of the operations of *batch*."""
        lost: list[StoreError] = []
        for operation in batch:
            if operation.invalidates is not None:
                self._invalidated(operation.invalidates)
            if operation.change is not None:
                operation.change.apply(self.tables, operation.error)
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
