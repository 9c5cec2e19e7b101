"""The SQLite store: one file, one writer, several readers, a cache for the hot path."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from perilune.clock import WallClock, wall_clock
from perilune.store.contract import SecretRows
from perilune.store.database.connection import Connection
from perilune.store.database_store import DatabaseStore, ErrorHook
from perilune.store.errors import StoreError
from perilune.store.maintenance import DiskUsage, Maintenance
from perilune.store.sqlite.connection.checkpoints import Checkpoints
from perilune.store.sqlite.connection.connection import FileConnection
from perilune.store.sqlite.connection.failures import as_store_error
from perilune.store.sqlite.connection.readers import FileReaders
from perilune.store.sqlite.connection.space import DiskSpace
from perilune.store.sqlite.connection.writer import Writer
from perilune.store.sqlite.upkeep.compaction import Compaction, data_bytes
from perilune.store.sqlite.upkeep.integrity import find_problems
from perilune.store.tables.secrets import Secrets
from perilune.store.tables.values import read_values
from perilune.store.value_tables import ValueTables
from perilune.vault import Vault
from perilune.worker.shared_values import Value


class SqliteStore(DatabaseStore):
    """The store in one SQLite file; its members are those of `Store`."""

    def __init__(
        self,
        path: Path,
        connection: FileConnection,
        space: DiskSpace,
        *,
        clock: WallClock,
        on_error: ErrorHook,
        vault: Vault,
        maintenance: Maintenance | None,
    ) -> None:
        """Start writing through *connection*; the file has the current schema, its disk *space*."""
        self._connection = connection
        self._readers = FileReaders(path)
        self._space = space
        self._checkpoints = Checkpoints(path, space, self._report_from_thread)
        self._tables = ValueTables(
            self._read_values, lambda: self._writer.see_others(), may_copy=clock is wall_clock
        )
        self._writer = Writer(
            connection,
            self._checkpoints,
            self._tables,
            touched=self._forget,
            report=self._report,
        )
        super().__init__(
            self._writer,
            self._readers,
            clock=clock,
            on_error=on_error,
            vault=vault,
            maintenance=maintenance,
            tables=self._tables,
            check=space.check,
        )
        self.secrets: SecretRows = Secrets(self._access, vault, _overwriting)
        self._compaction = Compaction(self._access, asyncio.sleep)

    async def disk_usage(self) -> DiskUsage:
        """See `Store.disk_usage`."""
        data = await self._access.read(data_bytes)
        is_low = self._space.look()
        return DiskUsage(data, self._space.disk_bytes, is_low)

    async def shrink(self) -> int:
        """See `Store.shrink`."""
        return await self._compaction.shrink(keeps_reserve=not self._space.is_low)

    async def ping(self) -> None:
        """See `Store.ping`."""
        await super().ping()
        self._space.look()
        self._space.check()
        await self._prove_writable(_write_page)

    async def purge_expired(self, now: int) -> dict[str, int]:
        """See `Store.purge_expired`; a clock that is set back must not bring pairs back."""
        gone = await super().purge_expired(now)
        self._tables.clear()
        return gone

    async def check_integrity(self) -> list[str]:
        """See `Store.check_integrity`; the write-ahead log grows meanwhile."""
        return await self._access.read(find_problems)

    async def _close(self) -> None:
        await self._writer.close()
        self._tables.close()
        await self._readers.close()
        self._clear_caches()
        await asyncio.to_thread(self._close_file)

    def _close_file(self) -> None:
        self._checkpoints.close()
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            self._report_from_thread(error)
        finally:
            self._connection.close()
            self._space.close()

    def _read_values(self, function_id: str) -> dict[bytes, Value] | None:
        read = partial(read_values, vault=self._vault, function_id=function_id, now=self._clock())
        try:
            return self._readers.look_up_now(read)
        except StoreError:
            return None  # whoever wants one of them finds out why

    def _report_from_thread(self, error: Exception) -> None:
        # A RuntimeError says that the loop is closed: nobody is left to hear it.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._report, as_store_error(error))


@contextmanager
def _overwriting(connection: Connection) -> Iterator[None]:
    connection.execute("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        connection.execute("PRAGMA secure_delete = OFF")


def _write_page(connection: Connection) -> None:
    """Write what is there already: SQLite does not compare."""
    (number,) = connection.execute("PRAGMA application_id").fetchone()
    connection.execute(f"PRAGMA application_id = {number}")
