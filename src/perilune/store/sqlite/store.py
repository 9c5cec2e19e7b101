"""The SQLite store: one file, one writer, several readers, a cache for the hot path."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from perilune.clock import WallClock, wall_clock
from perilune.store.cache import RecordCache
from perilune.store.contract import (
    AIRequestRows,
    EmailRequestRows,
    EnvRows,
    ExecutionRecords,
    KVRows,
    LogRows,
    SecretRows,
    SessionRows,
    SigningSecretRows,
    StatisticsRows,
    TickRows,
    TokenRows,
)
from perilune.store.errors import StoreError, StoreUnavailable
from perilune.store.maintenance import DiskUsage, Maintenance
from perilune.store.records import Execution
from perilune.store.sqlite.connection.access import SqliteAccess
from perilune.store.sqlite.connection.checkpoints import Checkpoints
from perilune.store.sqlite.connection.long_work import Pause
from perilune.store.sqlite.connection.operations import (
    Statement,
    Work,
    as_store_error,
)
from perilune.store.sqlite.connection.readers import Readers
from perilune.store.sqlite.connection.space import DiskSpace
from perilune.store.sqlite.connection.store_access import StoreAccess, TransactionAccess
from perilune.store.sqlite.connection.writer import Writer
from perilune.store.sqlite.records import SqliteRecords
from perilune.store.sqlite.tables.credentials import SessionStore, TokenStore
from perilune.store.sqlite.tables.env import SqliteEnv
from perilune.store.sqlite.tables.execution_lists import ExecutionLists
from perilune.store.sqlite.tables.executions import SqliteExecutions
from perilune.store.sqlite.tables.functions import SqliteFunctions
from perilune.store.sqlite.tables.kv import SqliteKV
from perilune.store.sqlite.tables.logs import LogStore
from perilune.store.sqlite.tables.removal import TABLES_OF_EXECUTIONS
from perilune.store.sqlite.tables.requests import AIRequestStore, EmailRequestStore
from perilune.store.sqlite.tables.secrets import Secrets
from perilune.store.sqlite.tables.signing_secrets import SigningSecretStore
from perilune.store.sqlite.tables.statistics import SqliteStatistics
from perilune.store.sqlite.tables.ticks import TickStore
from perilune.store.sqlite.tables.values import read_values
from perilune.store.sqlite.tables.versions import SqliteVersions
from perilune.store.sqlite.upkeep.compaction import Compaction, data_bytes
from perilune.store.sqlite.upkeep.expiry import Expiry
from perilune.store.sqlite.upkeep.integrity import find_problems
from perilune.store.sqlite.upkeep.retention import Retention
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


class SqliteSession:
    """All repositories on one way to the database; has the methods of `DB` that need no more.

    The methods of the protocol are those of the repositories, under the protocol's names.
    """

    def __init__(
        self,
        access: SqliteAccess,
        clock: WallClock,
        vault: Vault,
        *,
        tables: ValueTables | None = None,
        pause: Pause = asyncio.sleep,
    ) -> None:
        """Build all on *access*; *tables* has values in memory, *pause* waits between batches."""
        self._access = access
        self._retention = Retention(access, pause)
        self._expiry = Expiry(access, pause)
        functions = SqliteFunctions(access, clock)
        versions = SqliteVersions(access, clock)
        self._executions = executions = SqliteExecutions(access, clock, pause)
        lists = ExecutionLists(access)
        self.kv: KVRows = SqliteKV(access, clock, tables)
        env = SqliteEnv(access, clock, vault, tables)
        self.env: EnvRows = env
        self.write_only_values = env.write_only_values
        self.signing_secrets: SigningSecretRows = SigningSecretStore(access, clock, vault)
        self.logs: LogRows = LogStore(access)
        self.ai_requests: AIRequestRows = AIRequestStore(access)
        self.email_requests: EmailRequestRows = EmailRequestStore(access)
        self.tokens: TokenRows = TokenStore(access)
        self.sessions: SessionRows = SessionStore(access, clock)
        self._statistics = SqliteStatistics(access, pause)
        self.statistics: StatisticsRows = self._statistics
        self.ticks: TickRows = TickStore(access, clock)

        self.create_function = functions.create
        self.get_function = functions.read
        self.get_function_at = functions.read_at
        self.get_functions = functions.read_some
        self.is_name_taken = functions.is_taken
        self.list_functions = functions.page
        self.update_function = functions.update
        self.runtimes_in_use = functions.runtimes
        self.delete_function = functions.delete
        self.create_version = versions.create
        self.get_version = versions.get
        self.get_version_by_id = versions.get_by_id
        self.list_versions = versions.page
        self.summarize_versions = versions.summaries
        self.get_active_version = versions.read_active
        self.activate_version = versions.activate
        self.delete_version = versions.delete
        self.requirements_in_use = versions.requirements
        self.create_execution = executions.create
        self.get_execution = executions.get
        self.update_execution = executions.update
        self.close_execution = executions.close
        self.delete_execution = executions.delete
        self.list_executions = lists.page
        self.find_executions = lists.find
        self.delete_old_executions = self._retention.delete_old
        self.recover_pending = executions.recover

    async def last_used(self) -> int | None:
        """See `Store.last_used`."""
        return await self._expiry.last_used()

    async def purge_expired(self, now: int) -> dict[str, int]:
        """See `Store.purge_expired`."""
        gone = await self._retention.purge_deleted()
        gone += await self._retention.purge_old(now)
        gone += await self._retention.purge_large()
        gone.update(await self._expiry.purge(now))
        await self._statistics.merge_old(now)
        return {**dict.fromkeys(TABLES_OF_EXECUTIONS, 0), **gone}

    async def ping(self) -> None:
        """See `Store.ping`."""
        await self._access.read(_read_page)


class SqliteTransaction(SqliteSession):
    """One open transaction; its reads see its own writes, nobody else sees them yet."""

    def __init__(self, access: TransactionAccess, clock: WallClock, vault: Vault) -> None:
        """Use the session behind *access*."""
        super().__init__(access, clock, vault, pause=_no_pause)
        self._depth = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["SqliteTransaction"]:
        """Open a part of this transaction that can be taken back alone."""
        name = f"part_{self._depth}"
        self._depth += 1
        await self._access.write(Statement(f"SAVEPOINT {name}", ()))
        try:
            yield self
        except BaseException:
            with suppress(StoreUnavailable):
                await self._access.write(Statement(f"ROLLBACK TO {name}", ()))
            raise
        finally:
            self._depth -= 1
            with suppress(StoreUnavailable):
                await self._access.write(Statement(f"RELEASE {name}", ()))


class SqliteStore(SqliteSession):
    """The store in one SQLite file; its members are those of `Store`."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
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
        self.secrets: SecretRows = Secrets(self._access, vault)
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
        self.execution_records: ExecutionRecords = SqliteRecords(
            self._executions, self._writer, space, self._functions, self._versions
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
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        """See `DB.transaction`."""
        session = self._writer.open_session()
        try:
            await session.opened
        except asyncio.CancelledError:
            session.abandon()
            raise
        try:
            access = TransactionAccess(session, self._writer, self._tables)
            yield SqliteTransaction(access, self._clock, self._vault)
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


def _read_page(connection: sqlite3.Connection) -> None:
    connection.execute("SELECT max(seq) FROM executions").fetchone()


def _write_page(connection: sqlite3.Connection) -> None:
    """Write what is there already: SQLite does not compare."""
    (number,) = connection.execute("PRAGMA application_id").fetchone()
    connection.execute(f"PRAGMA application_id = {number}")


async def _no_pause(_: float) -> None:
    """Go on at once: others wait for the end of a transaction, whatever it does."""
