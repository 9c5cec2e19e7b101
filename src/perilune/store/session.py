"""All repositories on one way to the database: a store without what only a whole one has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from perilune.clock import WallClock
from perilune.store.contract import (
    AIRequestRows,
    EmailRequestRows,
    EnvRows,
    KVRows,
    LimitRows,
    LogRows,
    ServerRows,
    SessionRows,
    SigningSecretRows,
    StatisticsRows,
    TickRows,
    TokenRows,
)
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.long_work import Pause
from perilune.store.database.operations import Mark
from perilune.store.database.transactions import TransactionAccess
from perilune.store.errors import StoreUnavailable
from perilune.store.tables.credentials import SessionStore, TokenStore
from perilune.store.tables.env import Env
from perilune.store.tables.execution_lists import ExecutionLists
from perilune.store.tables.executions import Executions
from perilune.store.tables.functions import Functions
from perilune.store.tables.kv import KV
from perilune.store.tables.limits import Limits
from perilune.store.tables.logs import LogStore
from perilune.store.tables.removal import TABLES_OF_EXECUTIONS
from perilune.store.tables.requests import AIRequestStore, EmailRequestStore
from perilune.store.tables.servers import Servers
from perilune.store.tables.signing_secrets import SigningSecretStore
from perilune.store.tables.statistics import Statistics
from perilune.store.tables.ticks import TickStore
from perilune.store.tables.versions import Versions
from perilune.store.upkeep.expiry import Expiry
from perilune.store.upkeep.retention import Retention
from perilune.store.value_tables import ValueTables
from perilune.vault import Vault


class StoreSession:
    """All repositories on one way to the database; has the methods of `DB` that need no more.

    The methods of the protocol are those of the repositories, under the protocol's names.
    """

    def __init__(
        self,
        access: Access,
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
        functions = Functions(access, clock)
        versions = Versions(access, clock)
        self._executions = executions = Executions(access, clock, pause)
        lists = ExecutionLists(access)
        self.kv: KVRows = KV(access, clock, tables)
        env = Env(access, clock, vault, tables)
        self.env: EnvRows = env
        self.write_only_values = env.write_only_values
        self.signing_secrets: SigningSecretRows = SigningSecretStore(access, clock, vault)
        self.logs: LogRows = LogStore(access)
        self.ai_requests: AIRequestRows = AIRequestStore(access)
        self.email_requests: EmailRequestRows = EmailRequestStore(access)
        self.tokens: TokenRows = TokenStore(access)
        self.sessions: SessionRows = SessionStore(access, clock)
        self._statistics = Statistics(access, pause)
        self.statistics: StatisticsRows = self._statistics
        self.ticks: TickRows = TickStore(access, clock)
        self.limits: LimitRows = Limits(access, clock)
        self.servers: ServerRows = Servers(access, clock)

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


class StoreTransaction(StoreSession):
    """One open transaction; its reads see its own writes, nobody else sees them yet."""

    def __init__(self, access: TransactionAccess, clock: WallClock, vault: Vault) -> None:
        """Use the session behind *access*."""
        super().__init__(access, clock, vault, pause=_no_pause)
        self._depth = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["StoreTransaction"]:
        """Open a part of this transaction that can be taken back alone."""
        name = f"part_{self._depth}"
        self._depth += 1
        await self._access.write(Mark(f"SAVEPOINT {name}"))
        try:
            yield self
        except BaseException:
            with suppress(StoreUnavailable):
                await self._access.write(Mark(f"ROLLBACK TO {name}"))
            raise
        finally:
            self._depth -= 1
            with suppress(StoreUnavailable):
                await self._access.write(Mark(f"RELEASE {name}"))


def _read_page(connection: Connection) -> None:
    connection.execute("SELECT max(seq) FROM executions").fetchone()


async def _no_pause(_: float) -> None:
    """Go on at once: others wait for the end of a transaction, whatever it does."""
