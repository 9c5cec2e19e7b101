"""A whole store, with all that does not depend on which database it is in."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol, TypeVar

from perilune.clock import WallClock
from perilune.store.cache import RecordCache
from perilune.store.contract import ExecutionRecords
from perilune.store.database.connection import Connection
from perilune.store.database.operations import Work
from perilune.store.database.queue import WriteQueue
from perilune.store.database.transactions import TransactionAccess
from perilune.store.errors import StoreError, StoreUnavailable
from perilune.store.maintenance import Maintenance
from perilune.store.records import Execution
from perilune.store.session import StoreSession, StoreTransaction
from perilune.store.tables.records import Records
from perilune.store.value_tables import ValueTables
from perilune.vault import Vault

T = TypeVar("T")

FRESH_S = 5.0
"""A commit shows for this long that the database can be written."""

ErrorHook = Callable[[StoreError], None]
"""Takes a failure nobody waits for: lost rows, a failed checkpoint."""


def log_error(error: StoreError) -> None:
    """Write *error* to the program's log; what `open_store` does unless told otherwise."""
    logging.getLogger("perilune.store").error("%s", error, exc_info=error)


class Reading(Protocol):
    """What reads from the database."""

    def read(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        """See `Access.read`."""
        ...

    def look_up(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        """See `Access.look_up`."""
        ...


class StoreAccess:
    """`Access` to the whole store."""

    def __init__(self, writer: WriteQueue, readers: Reading) -> None:
        """Write with *writer*, read with *readers*."""
        self.write = writer.write
        self.enqueue_nowait = writer.enqueue_nowait
        self.read = readers.read
        self.look_up = readers.look_up


class DatabaseStore(StoreSession):
    """All repositories, caches for what every execution needs, transactions, and an end.

    A database's own store adds `disk_usage`, `shrink`, `ping`, `check_integrity`, and what is to
    be closed.
    """

    is_shared = False

    def __init__(
        self,
        writer: WriteQueue,
        readers: Reading,
        *,
        clock: WallClock,
        on_error: ErrorHook,
        vault: Vault,
        maintenance: Maintenance | None = None,
        tables: ValueTables | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Build all on *writer* and *readers*.

        Args:
            writer: Calls `_forget` and `_report`.
            readers: Read what is committed.
            clock: Gives the times that are stored and the age of cached records.
            on_error: Called with failures nobody waits for.
            vault: Encrypts secrets.
            maintenance: What can be done with the database as a whole.
            tables: Has values in memory.
            check: Called before an execution begins, which it may refuse.
        """
        super().__init__(StoreAccess(writer, readers), clock, vault, tables=tables)
        self.maintenance = maintenance
        self._clock = clock
        self._vault = vault
        self._on_error = on_error
        self._loop = asyncio.get_running_loop()
        self._queue = writer
        self._check = check
        self._closing: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[str], None]] = []
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
        self.execution_records: ExecutionRecords = Records(
            self._executions, writer.submit, check, self._functions, self._versions, clock
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
        return self._queue.lost

    def on_change(self, listener: Callable[[str], None]) -> None:
        """See `Store.on_change`."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[StoreTransaction]:
        """See `DB.transaction`."""
        session = self._queue.open_session()
        try:
            await session.opened
        except asyncio.CancelledError:
            session.abandon()
            raise
        try:
            access = TransactionAccess(session, self._queue.hold, self._queue.tables)
            yield StoreTransaction(access, self._clock, self._vault)
        except BaseException:
            with suppress(StoreUnavailable):
                await session.finish(commit=False)
            raise
        await session.finish(commit=True)

    async def close(self) -> None:
        """See `Store.close`."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        """Finish what is queued, and close what the store uses."""
        raise NotImplementedError

    async def _prove_writable(self, write: Callable[[Connection], None]) -> None:
        """Have *write* written, unless a commit has just shown that this can be done."""
        if time.monotonic() - self._queue.committed_at > FRESH_S:
            await self._access.write(Work(write))

    async def _begin_execution(self, execution: Execution) -> Execution:
        """See `DB.create_execution`; not when the database refuses further ones."""
        self._check()
        return await self._add_execution(execution)

    def _clear_caches(self) -> None:
        for cache in (self._functions, self._versions, self._values):
            cache.clear()

    def _forget(self, function_id: str) -> None:
        for cache in (self._functions, self._versions, self._values):
            cache.forget(function_id)
        self._queue.tables.forget(function_id)
        for listener in self._listeners:
            listener(function_id)

    def _report(self, error: StoreError) -> None:
        try:
            self._on_error(error)
        except Exception:
            logging.getLogger("perilune.store").exception("the error hook of the store failed")
