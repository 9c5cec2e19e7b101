"""`SqliteAccess` to an open store: to all of it, or to one transaction."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

from perilune.store.errors import StoreUnavailable
from perilune.store.sqlite.connection.operations import (
    AnyOperation,
    Tables,
    Work,
    WriteOperation,
)
from perilune.store.sqlite.connection.readers import Readers
from perilune.store.sqlite.connection.transactions import Session
from perilune.store.sqlite.connection.writer import Writer

T = TypeVar("T")


class StoreAccess:
    """`SqliteAccess` to the whole store."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        """Write with *writer*, read with *readers*."""
        self.write = writer.write
        self.enqueue_nowait = writer.enqueue_nowait
        self.read = readers.read
        self.look_up = readers.look_up


class TransactionAccess:
    """`SqliteAccess` to one transaction: everything runs on the writer's connection, in order."""

    def __init__(self, session: Session, writer: Writer, tables: Tables) -> None:
        """Submit everything to *session*, which is one of *writer*; *tables* don't follow it."""
        self._session = session
        self._writer = writer
        self._tables = tables

    def write(self, operation: WriteOperation[T]) -> Awaitable[T]:
        """See `SqliteAccess.write`."""
        operation.delay(self._tables)
        return self._session.submit(operation)

    def enqueue_nowait(self, operation: AnyOperation) -> bool:
        """See `SqliteAccess.enqueue_nowait`."""
        try:
            self._session.submit_silently(operation)
        except StoreUnavailable:
            return False
        self._writer.hold(operation)
        return True

    def look_up(self, work: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """See `SqliteAccess.look_up`."""
        return self.read(work)

    def read(self, work: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        """See `SqliteAccess.read`."""
        operation: WriteOperation[T] = Work(work)
        return self._session.submit(operation)
