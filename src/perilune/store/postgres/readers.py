"""Readers of a PostgreSQL database.  Single rows, too, may take a while to come over a network."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from perilune.store.database.connection import Connection
from perilune.store.database.readers import Readers
from perilune.store.postgres.connect import Target
from perilune.store.postgres.connection import PostgresConnection
from perilune.store.postgres.errors import as_store_error

T = TypeVar("T")


class PostgresReaders(Readers[PostgresConnection]):
    """Reads in threads only."""

    def __init__(self, target: Target) -> None:
        """Prepare to read *target*."""
        super().__init__(partial(PostgresConnection, target, reads_only=True))

    def _do(self, connection: PostgresConnection, work: Callable[[Connection], T]) -> T:
        try:
            return work(connection)
        except Exception:
            if not connection.is_lost:
                raise
            # It may have been lost long ago, while nobody read.
            return work(connection)

    def _named(self, error: Exception) -> Exception:
        return as_store_error(error)
