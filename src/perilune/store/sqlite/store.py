"""The SQLite store: one file, one writer, several readers, a cache for the hot path."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from perilune.clock import WallClock, wall_clock
from perilune.store.cache import RecordCache
from perilune.store.contract import (
    ExecutionRecords,
    SecretRows,
)
from perilune.store.database.connection import Connection
from perilune.store.database.operations import (
    Work,
)
from perilune.store.database.transactions import TransactionAccess
from perilune.store.errors import StoreError, StoreUnavailable
from perilune.store.maintenance import DiskUsage, Maintenance
from perilune.store.records import Execution
from perilune.store.session import StoreSession, StoreTransaction
from perilune.store.sqlite.connection.checkpoints import Checkpoints
from perilune.store.sqlite.connection.connection import FileConnection
from perilune.store.sqlite.connection.failures import as_store_error
from perilune.store.sqlite.connection.readers import Readers
from perilune.store.sqlite.connection.space import DiskSpace
from perilune.store.sqlite.connection.store_access import StoreAccess
from perilune.store.sqlite.connection.writer import Writer
from perilune.store.sqlite.upkeep.compaction import Compaction, data_bytes
from perilune.store.sqlite.upkeep.integrity import find_problems
from perilune.store.tables.records import Records
from perilune.store.tables.secrets import Secrets
from perilune.store.tables.values import read_values
from perilune.store.value_tables import ValueTables
from perilune.vault import Vault
from perilune.worker.shared_values import Value

T = TypeVar("T")

FRESH_S = 5.0
"""A commit shows for this long that the database can be written."""

ErrorHook = Callable[[StoreError], None]
"""Takes a failure nobody waits for: lost rows, a failed checkpoint."""


def log_error(error: StoreError) -> None:
    """Write *error* to the program's log; what `open_store` does unless told otherwise."""
    logging.getLogger("perilune.store").error("%s", error, exc_info=error)


class SqliteStore(StoreSession):
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
        self.maintenance = maintenance
        self._clock = clock
        self._vault = vault
        self._on_error = on_error
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._readers = Readers(path)
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
        self._closing: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[str], None]] = []
        access = StoreAccess(self._writer, self._readers)
        super().__init__(access, clock, vault, tables=self._tables)
        self.secrets: SecretRows = Secrets(self._access, vault, _overwriting)
        self._compaction = Compaction(self._access, asyncio.sleep)
        self._add_execution = self.create_execution
        self.create_execution = self._begin_execution
        self.purge_deleted = self._retention.purge_deleted
        self.purge_large = self._retention.purge_large
        self.purge_orphans = self._expiry.purge_orphans
        self._functions = RecordCache(self.get_function, lambda _: 500, clock)
        self._versions = RecordCache(
            self.get_active_version, lambda version: 500 + len(version.code), clock
        )
        self._values = RecordCache(self.write_only_values, lambda all_: len("".join(all_)), clock)
        self.get_function = self._functions.get
        self.peek_function = self._functions.peek
        self.execution_records: ExecutionRecords = Records(
            self._executions,
            self._writer.submit,
            space.check,
            self._functions,
            self._versions,
        )
        self.get_active_version = self._versions.get
        self.write_only_values = self._values.get

    @property
    def closed(self) -> bool:
        """See `Store.closed`."""
        return self._closing is not None

    @property
    def lost_writes(self) -> int:
        """See `Store.lost_writes`."""
        return self._writer.lost

    def on_change(self, listener: Callable[[str], None]) -> None:
        """See `Store.on_change`."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[StoreTransaction]:
        """See `DB.transaction`."""
        session = self._writer.open_session()
        try:
            await session.opened
        except asyncio.CancelledError:
            session.abandon()
            raise
        try:
            access = TransactionAccess(session, self._writer.hold, self._tables)
            yield StoreTransaction(access, self._clock, self._vault)
        except BaseException:
            with suppress(StoreUnavailable):
                await session.finish(commit=False)
            raise
        await session.finish(commit=True)

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
        if time.monotonic() - self._writer.committed_at > FRESH_S:
            await self._access.write(Work(_write_page))

    async def purge_expired(self, now: int) -> dict[str, int]:
        """See `Store.purge_expired`; a clock that is set back must not bring pairs back."""
        gone = await super().purge_expired(now)
        self._tables.clear()
        return gone

    async def check_integrity(self) -> list[str]:
        """See `Store.check_integrity`; the write-ahead log grows meanwhile."""
        return await self._access.read(find_problems)

    async def close(self) -> None:
        """See `Store.close`."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._writer.close()
        self._tables.close()
        await self._readers.close()
        self._functions.clear()
        self._versions.clear()
        self._values.clear()
        await asyncio.to_thread(self._close_file)

    async def _begin_execution(self, execution: Execution) -> Execution:
        """See `DB.create_execution`; not on a disk that is nearly full."""
        self._space.check()
        return await self._add_execution(execution)

    def _close_file(self) -> None:
        self._checkpoints.close()
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            self._report_from_thread(error)
        finally:
            self._connection.close()
            self._space.close()

    def _forget(self, function_id: str) -> None:
        self._functions.forget(function_id)
        self._versions.forget(function_id)
        self._values.forget(function_id)
        self._tables.forget(function_id)
        for listener in self._listeners:
            listener(function_id)

    def _read_values(self, function_id: str) -> dict[bytes, Value] | None:
        read = partial(read_values, vault=self._vault, function_id=function_id, now=self._clock())
        try:
            return self._readers.look_up_now(read)
        except StoreError:
            return None  # whoever wants one of them finds out why

    def _report(self, error: StoreError) -> None:
        try:
            self._on_error(error)
        except Exception:
            logging.getLogger("perilune.store").exception("the error hook of the store failed")

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
