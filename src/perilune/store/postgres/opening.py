"""Opens a store in a PostgreSQL database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from perilune.clock import WallClock
from perilune.store.database_store import ErrorHook
from perilune.store.postgres.connect import Target
from perilune.store.postgres.migrate import migrate, shipped_migrations
from perilune.store.postgres.store import PostgresStore
from perilune.vault import Vault


@asynccontextmanager
async def open_database(
    url: str, *, clock: WallClock, on_error: ErrorHook, vault: Vault
) -> "AsyncIterator[PostgresStore]":
    """Open the store in the database that *url* names; see `perilune.store.database_store`."""
    target = Target(url)
    await asyncio.to_thread(_prepare, target, int(clock()))
    store = PostgresStore(target, clock=clock, on_error=on_error, vault=vault)
    try:
        await store.listen()
        yield store
    finally:
        await store.close()


def _prepare(target: Target, now: int) -> None:
    """Bring the schema up to date."""
    connection = target.connect()
    try:
        migrate(connection, shipped_migrations(), now)
    finally:
        connection.close()
