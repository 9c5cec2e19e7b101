"""Opens a store in a file, or in one that is gone at the end."""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from perilune.clock import WallClock
from perilune.store.database_store import ErrorHook
from perilune.store.errors import StoreUnavailable
from perilune.store.maintenance import Maintenance
from perilune.store.sqlite.connection.connection import FileConnection
from perilune.store.sqlite.connection.prepare import prepare_file
from perilune.store.sqlite.connection.space import DiskSpace
from perilune.store.sqlite.store import SqliteStore
from perilune.vault import Vault

RAM_DISK = Path("/dev/shm")  # noqa: S108 - a directory of its own is made in it


@asynccontextmanager
async def open_file(
    path: Path,
    *,
    clock: WallClock,
    on_error: ErrorHook,
    vault: Vault,
    maintenance: Maintenance | None = None,
    min_free_bytes: int = 0,
) -> "AsyncIterator[SqliteStore]":
    """Open the store in *path*; see `perilune.store.open_store`.

    *maintenance* is what the store offers for its file.
    """
    space, connection = await asyncio.to_thread(_open, path, min_free_bytes, int(clock()))
    try:
        store = SqliteStore(
            path,
            connection,
            space,
            clock=clock,
            on_error=on_error,
            vault=vault,
            maintenance=maintenance,
        )
    except sqlite3.Error as error:
        connection.close()
        raise StoreUnavailable(f"cannot open {path}: {error}") from error
    try:
        yield store
    finally:
        await store.close()


def _open(path: Path, min_free_bytes: int, now: int) -> tuple[DiskSpace, FileConnection]:
    """Make the file ready; its disk is looked at first, since that may have to make room."""
    space = DiskSpace(path, min_free_bytes)
    return space, prepare_file(path, now)


@asynccontextmanager
async def open_private(
    *, clock: WallClock, on_error: ErrorHook, vault: Vault
) -> "AsyncIterator[SqliteStore]":
    """Open a store that is gone at the end and takes no disk, where the system has a RAM disk.

    SQLite's own databases in memory have no write-ahead log, so in them a read waits for a
    transaction; in a file on a RAM disk everything is as it is in any other file.
    """
    folder = RAM_DISK if os.access(RAM_DISK, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="perilune-", dir=folder) as private:
        path = Path(private) / "store.db"
        async with open_file(path, clock=clock, on_error=on_error, vault=vault) as store:
            yield store
