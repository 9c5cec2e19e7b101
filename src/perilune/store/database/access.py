"""The way to the database, as the repositories see it."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from perilune.store.database.connection import Connection
from perilune.store.database.operations import AnyOperation, WriteOperation

T = TypeVar("T")


class Access(Protocol):
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

    def read(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        """Run *work* on a connection for reading.  Raises `StoreError` as `write` does."""
        ...

    def look_up(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        """Run *work*, which finds one row by its key, the quickest way there is."""
        ...
