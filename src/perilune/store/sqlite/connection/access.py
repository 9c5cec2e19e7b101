"""The way to the database, as the repositories see it."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from perilune.store.sqlite.connection.operations import AnyOperation, WriteOperation

T = TypeVar("T")


class SqliteAccess(Protocol):
    """Either the whole store (one writer, several readers) or one open transaction."""

    def write(self, operation: WriteOperation[T]) -> Awaitable[T]:
        """Submit at once, in order; wait until it is committed (in a transaction: done).

        Cancelling the future does not cancel the write.  Raises what the operation raised, or
        `StoreUnavailable`.
        """
        ...

    def enqueue_nowait(self, operation: AnyOperation) -> bool:
        """Submit without waiting; False if it was dropped because too much is queued."""
        ...

    def read(self, work: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """Run *work* on a connection for reading.  Raises `StoreError` as `write` does."""
        ...

    def look_up(self, work: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """Run *work*, which finds one row by its key, where the caller is.

        That takes some microseconds; waking a thread for it would take many times as long.
        """
        ...


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Let all reads in the block see the same state."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")
