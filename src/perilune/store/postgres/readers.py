"""Reading: a few threads, each with a connection of its own that cannot write."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from perilune.store.database.connection import Connection
from perilune.store.database.operations import closed_error
from perilune.store.postgres.connect import Target
from perilune.store.postgres.connection import PostgresConnection
from perilune.store.postgres.errors import as_store_error

T = TypeVar("T")

MAX_READERS = 4


class Readers:
    """Runs read functions in threads; threads and connections are made when first needed."""

    def __init__(self, target: Target) -> None:
        """Prepare to read *target*."""
        self._target = target
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(MAX_READERS, thread_name_prefix="perilune-read")
        self._own = threading.local()
        self._connections: list[PostgresConnection] = []
        self._closed = False

    def read(self, work: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Run *work* in one of the threads.

        Raises:
            StoreUnavailable: The store is closed.
            StoreError: From the future; what *work* raised, or `StoreUnavailable`.
        """
        if self._closed:
            raise closed_error()
        return self._loop.run_in_executor(self._threads, self._run, work)

    async def look_up(self, work: Callable[[Connection], T]) -> T:
        """Do what `read` does: one row, too, may take a while to come over a network."""
        return await self.read(work)

    async def close(self) -> None:
        """Wait for the reads that have begun and close the connections."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _run(self, work: Callable[[Connection], T]) -> T:
        connection = self._connection()
        try:
            try:
                return work(connection)
            except Exception:
                if not connection.is_lost:
                    raise
                # It may have been lost long ago, while nobody read.
                return work(connection)
        except Exception as error:
            named = as_store_error(error)
            if named is error:
                raise
            raise named from error

    def _connection(self) -> PostgresConnection:
        connection: PostgresConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = PostgresConnection(self._target, reads_only=True)
            self._connections.append(connection)
        return connection
