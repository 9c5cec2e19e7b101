"""What the writer carries out: one operation per write, and how its failure is named."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from perilune.store.database.connection import Connection, Params
from perilune.store.errors import StoreError, StoreUnavailable
from perilune.worker.shared_values import Value

T = TypeVar("T")

Explain = Callable[[Connection, Params], StoreError | None]
"""Finds out, on the writer's connection, why a constraint refused these values."""


class Tables(Protocol):
    """Values of functions in memory; see `perilune.store.value_tables.ValueTables`."""

    def put(self, function_id: str, name: bytes, value: Value | None) -> None:
        """Note a write that has been committed; None deletes."""
        ...

    def forget(self, function_id: str) -> None:
        """Drop what is in memory of a function."""
        ...


class NoTables:
    """`Tables` of a store that keeps no values in memory, since others write them too."""

    def put(self, function_id: str, name: bytes, value: Value | None) -> None:
        """See `Tables.put`."""

    def forget(self, function_id: str) -> None:
        """See `Tables.forget`."""


class WriteOperation(Generic[T]):
    """A write on its way: what to do, who waits for it, and what became of it.

    The event loop's thread creates it and reads the outcome, the writer's thread runs it in
    between; the queues between them make that safe.
    """

    __slots__ = ("done", "error", "future", "invalidates", "result")

    future: asyncio.Future[T] | None
    """Who waits; None when the operation was offered and nobody does."""
    done: Callable[[StoreError | None], None] | None
    """Who is told, in place of a future."""
    result: T | None
    error: StoreError | None
    invalidates: str | None
    """The function whose cached records this write makes stale."""
    change: "ValueChange | None" = None
    """Which value of a function it writes, where that is all it changes."""
    weight: int = 0
    """Characters of large values that it holds."""
    is_short: bool = False
    """It takes some microseconds, however much is in the database."""
    is_relied_on: bool = False
    """Short, but others act on it at once: it must not get lost, whatever crashes."""

    def run(self, connection: Connection) -> None:
        """Do the work inside the open transaction; all of it, or raise and none of it."""
        raise NotImplementedError

    def failed(self, connection: Connection, error: Exception) -> None:
        """Remember why `run` raised."""
        self.error = connection.named(error)

    def delay(self, tables: Tables) -> None:
        """Drop what it is going to change: another thread commits it, and is heard of later."""
        if self.change is not None:
            tables.forget(self.change.function_id)
            self.change.is_followed = False
        elif self.invalidates is not None:
            tables.forget(self.invalidates)


@dataclass(slots=True)
class ValueChange:
    """The value that an operation writes; its work says which when it has been done."""

    function_id: str
    name: bytes
    """See `perilune.worker.shared_values`."""
    value: Value | None = None
    """None: it is deleted."""
    is_made: bool = False
    """Whether there is a change."""
    is_followed: bool = True
    """Whether the table follows it, and has not been dropped before."""

    def make(self, value: Value | None) -> None:
        """Say what has been written."""
        self.value = value
        self.is_made = True

    def apply(self, tables: Tables, error: StoreError | None) -> None:
        """Change the table, now that the operation is committed or has failed with *error*."""
        if not self.is_followed:
            return
        if error is not None:
            tables.forget(self.function_id)
        elif self.is_made:
            tables.put(self.function_id, self.name, self.value)


AnyOperation = WriteOperation[Any]
"""An operation in a queue: only the future, kept with it, knows the type of its result."""


class Statement(WriteOperation[None]):
    """One SQL statement."""

    __slots__ = ("explain", "missing", "params", "sql")

    def __init__(
        self,
        sql: str,
        params: Params,
        missing: type[StoreError] | None = None,
        explain: Explain | None = None,
        invalidates: str | None = None,
    ) -> None:
        """Prepare the statement.

        Args:
            sql: The statement, with `?1`, `?2`, … for *params*.
            params: The values.
            missing: What to raise when no row is changed.
            explain: Names the error when a constraint refuses the values.
            invalidates: The function whose cached records become stale.
        """
        self.sql = sql
        self.params = params
        self.missing = missing
        self.explain = explain
        self.invalidates = invalidates
        self.future = None
        self.done = None
        self.result = None
        self.error = None

    def run(self, connection: Connection) -> None:
        """Execute the statement.  A statement that fails halfway has done nothing."""
        changed = connection.execute_whole(self.sql, self.params).rowcount
        if self.missing is not None and changed < 1:
            raise self.missing()

    def failed(self, connection: Connection, error: Exception) -> None:
        """Remember why `run` raised, asking `explain` about refused values."""
        if self.explain is not None and connection.refused(error):
            reason = self.explain(connection, self.params)
            if reason is not None:
                reason.__cause__ = error
                error = reason
        self.error = connection.named(error)


class Mark(Statement):
    """One that marks a part of a transaction, or takes one back."""

    __slots__ = ()

    def __init__(self, sql: str) -> None:
        """Prepare the statement *sql*."""
        super().__init__(sql, ())

    def run(self, connection: Connection) -> None:
        """Execute the statement, within no other part."""
        connection.execute(self.sql)


class Work(WriteOperation[T]):
    """Several statements and the decisions between them, as a function on the connection."""

    __slots__ = ("change", "is_relied_on", "is_short", "weight", "work")

    def __init__(
        self,
        work: Callable[[Connection], T],
        invalidates: str | None = None,
        *,
        weight: int | None = None,
        change: ValueChange | None = None,
        is_relied_on: bool = False,
    ) -> None:
        """Prepare *work*, which must not touch anything but the connection.

        Args:
            work: Runs in the writer's thread; a short one may run in the loop's, and once more
                if it was taken back.
            invalidates: The function whose cached records become stale.
            weight: Of a short one, see `WriteOperation.weight`.
            change: What it writes; *work* makes it.
            is_relied_on: See `WriteOperation.is_relied_on`.
        """
        self.work = work
        self.change = change
        self.is_short = weight is not None
        self.is_relied_on = is_relied_on
        self.weight = weight or 0
        self.invalidates = invalidates
        self.future = None
        self.done = None
        self.result = None
        self.error = None

    def run(self, connection: Connection) -> None:
        """Do the work in a savepoint."""
        self.result = in_savepoint(connection, self.work)


def in_savepoint(connection: Connection, work: Callable[[Connection], T]) -> T:
    """Do *work* so that its failure takes back nothing but itself; return what it returns."""
    connection.execute("SAVEPOINT work")
    try:
        result = work(connection)
    except BaseException:
        # After some failures (disk full) the database has ended the whole transaction itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK TO work")
            connection.execute("RELEASE work")
        raise
    connection.execute("RELEASE work")
    return result


def closed_error() -> StoreUnavailable:
    """Build the error of every call after `close`."""
    return StoreUnavailable("the store is closed")
