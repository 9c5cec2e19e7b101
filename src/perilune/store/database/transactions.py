"""Interactive transactions: the writer serves one caller until it commits or gives up."""

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from perilune.store.database.connection import Connection
from perilune.store.database.operations import AnyOperation, Tables, Work, WriteOperation
from perilune.store.errors import StoreUnavailable

T = TypeVar("T")

IDLE_TIMEOUT_S = 5.0
"""How long a transaction may wait for its owner; everybody else's writes wait as long."""

HandBack = Callable[[list[AnyOperation], set[str]], None]
"""Takes finished operations, and the functions whose cached records became stale."""


class Session:
    """One transaction: the owner submits on the loop, the writer's thread serves.

    `opened` is done when the transaction is open; `finish` ends it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Prepare the session; it begins when the writer gets to `serve`."""
        self._loop = loop
        self._operations: queue.SimpleQueue[AnyOperation] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ended: str | None = None
        self._invalidated: set[str] = set()
        self._opening = _Marker()
        self._opening.future = self.opened = loop.create_future()

    def submit(self, operation: WriteOperation[T]) -> asyncio.Future[T]:
        """Queue *operation* for this transaction; the future is done when it has been run.

        Raises:
            StoreUnavailable: The transaction has ended.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        operation.future = future
        self.submit_silently(operation)
        return future

    def submit_silently(self, operation: WriteOperation[T]) -> None:
        """Queue *operation*, with nobody waiting for it.

        Raises:
            StoreUnavailable: The transaction has ended.
        """
        with self._lock:
            if self._ended is not None:
                raise StoreUnavailable(self._ended)
            self._operations.put(operation)

    def finish(self, *, commit: bool) -> asyncio.Future[None]:
        """Queue the end of the transaction; the future is done when it is over.

        Raises:
            StoreUnavailable: It has ended already, without a commit.
        """
        return self.submit(_Finish(commit=commit))

    def abandon(self) -> None:
        """Let the transaction be rolled back as soon as it is open; its owner has left."""
        with suppress(StoreUnavailable):
            self.submit_silently(_Finish(commit=False))

    # In the writer's thread.

    def serve(self, connection: Connection, hand_back: HandBack) -> None:
        """Open the transaction and run what the owner submits until the end."""
        try:
            connection.begin()
        except Exception as error:
            self._opening.error = connection.named(error)
            self._end("the transaction could not be opened", hand_back)
            hand_back([self._opening], set())
            return
        hand_back([self._opening], set())
        try:
            reason = self._serve_open(connection, hand_back)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        self._end(reason, hand_back)

    def _serve_open(self, connection: Connection, hand_back: HandBack) -> str:
        """Serve the open transaction; return why nothing more can be submitted."""
        while True:
            try:
                operation = self._operations.get(timeout=IDLE_TIMEOUT_S)
            except queue.Empty:
                return f"the transaction was rolled back after {IDLE_TIMEOUT_S:g} s without a call"
            try:
                operation.run(connection)
            except Exception as error:
                operation.failed(connection, error)
            if operation.invalidates is not None:
                # Reported after the commit: until then others still read the old state.
                self._invalidated.add(operation.invalidates)
                operation.invalidates = None
            finished = isinstance(operation, _Finish)
            hand_back([operation], self._invalidated if finished else set())
            if finished:
                return "the transaction is over"
            if not connection.in_transaction:
                return f"the transaction was rolled back by the database: {operation.error}"

    def _end(self, reason: str, hand_back: HandBack) -> None:
        with self._lock:
            self._ended = reason
        left: list[AnyOperation] = []
        while not self._operations.empty():
            operation = self._operations.get()
            operation.error = StoreUnavailable(reason)
            left.append(operation)
        if left:
            hand_back(left, set())


class TransactionAccess:
    """`Access` to one transaction: everything runs on the writer's connection, in order."""

    def __init__(
        self, session: Session, hold: Callable[[AnyOperation], None], tables: Tables
    ) -> None:
        """Submit everything to *session*; *tables* don't follow it.

        *hold* is told of each operation that nobody waits for.
        """
        self._session = session
        self._hold = hold
        self._tables = tables

    def write(self, operation: WriteOperation[T]) -> Awaitable[T]:
        """See `Access.write`."""
        operation.delay(self._tables)
        return self._session.submit(operation)

    def enqueue_nowait(self, operation: AnyOperation) -> bool:
        """See `Access.enqueue_nowait`."""
        try:
            self._session.submit_silently(operation)
        except StoreUnavailable:
            return False
        self._hold(operation)
        return True

    def look_up(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        """See `Access.look_up`."""
        return self.read(work)

    def read(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        """See `Access.read`."""
        operation: WriteOperation[T] = Work(work)
        return self._session.submit(operation)


class _Marker(WriteOperation[None]):
    """An operation that does nothing; somebody waits for its turn."""

    __slots__ = ()

    def __init__(self) -> None:
        self.future = None
        self.done = None
        self.result = None
        self.error = None
        self.invalidates = None

    def run(self, connection: Connection) -> None:
        """Do nothing."""


class _Finish(_Marker):
    """The last operation of a session."""

    __slots__ = ("_commit",)

    def __init__(self, *, commit: bool) -> None:
        super().__init__()
        self._commit = commit

    def run(self, connection: Connection) -> None:
        """Commit or roll back; a commit that fails is rolled back by `Session.serve`."""
        connection.execute("COMMIT" if self._commit else "ROLLBACK")
