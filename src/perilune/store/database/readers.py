"""Reading: a few threads, each with a connection of its own that cannot write."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

from perilune.store.database.connection import Connection
from perilune.store.database.operations import closed_error

T = TypeVar("T")

MAX_READERS = 4


class ClosableConnection(Connection, Protocol):
    """A connection that ends with its owner."""

    def close(self) -> None:
        """End it."""
        ...


C = TypeVar("C", bound=ClosableConnection)


class Readers(Generic[C]):
    """Runs read functions in threads; threads and connections are made when first needed."""

    def __init__(self, connect: Callable[[], C]) -> None:
        """Read on connections that *connect* makes, in the thread that is to use them."""
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(MAX_READERS, thread_name_prefix="perilune-read")
        self._own = threading.local()
        self._connections: list[C] = []
        self._closed = False

    def read(self, work: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Run *work* in one of the threads.

        Raises:
            StoreUnavailable: The store is closed.
            StoreError: From the future; what *work* raised, or `StoreUnavailable`.
        """
        self._check_open()
        return self._loop.run_in_executor(self._threads, self._run, work)

    async def look_up(self, work: Callable[[Connection], T]) -> T:
        """Do what `read` does, for one row that is found by its key."""
        return await self.read(work)

    async def close(self) -> None:
        """Wait for the reads that have begun and close the connections."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _check_open(self) -> None:
        if self._closed:
            raise closed_error()

    def _run(self, work: Callable[[Connection], T]) -> T:
        try:
            return self._do(self._connection(), work)
        except Exception as error:
            named = self._named(error)
            if named is error:
                raise
            raise named from error

    def _do(self, connection: C, work: Callable[[Connection], T]) -> T:
        return work(connection)

    def _named(self, error: Exception) -> Exception:
        """Return *error*, which may be that of connecting, as a `StoreError`."""
        raise NotImplementedError

    def _connection(self) -> C:
        connection: C | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
            self._connections.append(connection)
        return connection
