"""Readers of a file.  Single rows are looked up in the thread of the event loop."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from perilune.store.database.connection import Connection
from perilune.store.database.readers import Readers
from perilune.store.sqlite.connection.connect import connect
from perilune.store.sqlite.connection.connection import FileConnection
from perilune.store.sqlite.connection.failures import as_store_error

T = TypeVar("T")


class FileReaders(Readers[FileConnection]):
    """Reads in threads, and single rows where the caller is, on one more connection."""

    def __init__(self, path: Path) -> None:
        """Prepare to read *path*."""
        super().__init__(partial(connect, path, read_only=True))

    async def look_up(self, work: Callable[[Connection], T]) -> T:
        """Do what `look_up_now` does; everybody who waits for a read can wait for this."""
        return self.look_up_now(work)

    def look_up_now(self, work: Callable[[Connection], T]) -> T:
        """Run *work* right here, in the thread of the loop: for one row found by its key.

        Raises:
            StoreUnavailable: The store is closed.
            StoreError: What *work* raised, or `StoreUnavailable`.
        """
        self._check_open()
        return self._run(work)

    def _named(self, error: Exception) -> Exception:
        return as_store_error(error)
