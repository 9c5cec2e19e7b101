"""The PostgreSQL store: one writer, several readers, a cache that other servers keep up to date."""

import sys
from contextlib import nullcontext

from perilune.clock import WallClock
from perilune.store.contract import SecretRows
from perilune.store.database.connection import Connection
from perilune.store.database.counters import miscounted_bytes, miscounted_executions
from perilune.store.database.operations import NoTables
from perilune.store.database_store import DatabaseStore, ErrorHook
from perilune.store.errors import StoreUnavailable
from perilune.store.maintenance import DiskUsage
from perilune.store.postgres.connect import Target
from perilune.store.postgres.connection import PostgresConnection
from perilune.store.postgres.listener import Listener
from perilune.store.postgres.readers import PostgresReaders
from perilune.store.postgres.writer import Writer
from perilune.store.tables.secrets import Secrets
from perilune.vault import Vault


class PostgresStore(DatabaseStore):
    """The store in one PostgreSQL database; its members are those of `Store`."""

    is_shared = True

    def __init__(
        self,
        target: Target,
        connection: PostgresConnection,
        *,
        clock: WallClock,
        on_error: ErrorHook,
        vault: Vault,
    ) -> None:
        """Use the database *target*, which has the current schema; write through *connection*."""
        self._readers = PostgresReaders(target)
        self._writer = Writer(connection, NoTables(), touched=self._forget, report=self._report)
        super().__init__(self._writer, self._readers, clock=clock, on_error=on_error, vault=vault)
        self._listener = Listener(target, self._forget, self._clear_caches, lambda: connection.pid)
        self.listen = self._listener.start
        self.secrets: SecretRows = Secrets(self._access, vault, lambda _: nullcontext())

    async def disk_usage(self) -> DiskUsage:
        """See `Store.disk_usage`; the disk is the database server's, and for others to watch."""
        return DiskUsage(await self._access.read(_database_bytes), sys.maxsize, is_low=False)

    async def shrink(self) -> int:
        """See `Store.shrink`: the database server cleans up by itself."""
        return 0

    async def ping(self) -> None:
        """See `Store.ping`."""
        await super().ping()
        await self._prove_writable(_check_writable)

    async def check_integrity(self) -> list[str]:
        """See `Store.check_integrity`: compares the counters with the rows."""
        return await self._access.read(_find_problems)

    async def _close(self) -> None:
        await self._writer.close()
        await self._listener.close()
        await self._readers.close()
        self._clear_caches()


def _database_bytes(connection: Connection) -> int:
    size: int = connection.execute("SELECT pg_database_size(current_database())").fetchone()[0]
    return size


def _check_writable(connection: Connection) -> None:
    row = connection.execute("SELECT current_setting('transaction_read_only')").fetchone()
    if row[0] != "off":
        raise StoreUnavailable("the database can only be read")


def _find_problems(connection: Connection) -> list[str]:
    """Return where counters differ from the rows.

    Damage is for the database server to find, and it lets no reference dangle.
    """
    with connection.snapshot():
        # This reads everything, which may take longer than other reads may.
        connection.execute("SET LOCAL statement_timeout = 0")
        return [*miscounted_executions(connection), *miscounted_bytes(connection)]
