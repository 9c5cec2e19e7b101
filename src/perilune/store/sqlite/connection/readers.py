"""Reading: a few threads, each with a read-only connection of its own.

Single rows are looked up in the thread of the event loop, on one more connection.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from perilune.store.errors import StoreUnavailable
from perilune.store.sqlite.connection.connect import connect
from perilune.store.sqlite.connection.connection import FileConnection
from perilune.store.sqlite.connection.failures import as_store_error

T = TypeVar("T")

MAX_READERS = 4


class Readers:
    """Runs read functions in threads; threads and connections are made when first needed."""

    def __init__(self, path: Path) -> None:
        """Prepare to read *path*."""
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(MAX_READERS, thread_name_prefix="perilune-read")
        self._own = threading.local()
        self._connections: list[FileConnection] = []
        self._closed = False

    def read(self, work: Callable[[FileConnection], T]) -> asyncio.Future[T]:
        """Run *work* in one of the threads.

        Raises:
            StoreUnavailable: The store is closed.
            StoreError: From the future; what *work* raised, or `StoreUnavailable`.
        """
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return self._loop.run_in_executor(self._threads, self._run, work)

    async def look_up(self, work: Callable[[FileConnection], T]) -> T:
        """Do what `look_up_now` does; everybody who waits for a read can wait for this."""
        return self.look_up_now(work)

    def look_up_now(self, work: Callable[[FileConnection], T]) -> T:
        """Run *work* right here, in the thread of the loop: for one row found by its key.

        Raises:
            StoreUnavailable: The store is closed.
            StoreError: What *work* raised, or `StoreUnavailable`.
        """
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return self._run(work)

    async def close(self) -> None:
        """Wait for the reads that have begun and close the connections."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _run(self, work: Callable[[FileConnection], T]) -> T:
        try:
            return work(self._connection())
        except Exception as error:
            named = as_store_error(error)
            if named is error:
                raise
            raise named from error

    def _connection(self) -> FileConnection:
        connection: FileConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = connect(self._path, read_only=True)
            self._connections.append(connection)
        return connection
