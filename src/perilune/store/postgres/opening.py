"""Opens a store in a PostgreSQL database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from perilune.clock import WallClock
from perilune.store.database_store import ErrorHook
from perilune.store.postgres.connect import Target
from perilune.store.postgres.connection import PostgresConnection
from perilune.store.postgres.migrate import migrate, shipped_migrations
from perilune.store.postgres.store import PostgresStore
from perilune.vault import Vault


@asynccontextmanager
async def open_database(
    url: str, *, clock: WallClock, on_error: ErrorHook, vault: Vault
) -> "AsyncIterator[PostgresStore]":
    """Open the store in the database that *url* names; see `perilune.store.database_store`."""
    target = Target(url)
    connection = PostgresConnection(target)
    await asyncio.to_thread(_prepare, connection, int(clock()))
    store = PostgresStore(target, connection, clock=clock, on_error=on_error, vault=vault)
    try:
        await store.listen()
        yield store
    finally:
        await store.close()


def _prepare(connection: PostgresConnection, now: int) -> None:
    """Open *connection* and bring the schema up to date."""
    try:
        migrate(connection.opened(), shipped_migrations(), now)
    except BaseException:
        connection.close()
        raise
