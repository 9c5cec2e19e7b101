"""The one place where a store is opened: it knows which databases there are."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from perilune.clock import WallClock, wall_clock
from perilune.store.contract import Store
from perilune.store.database_store import ErrorHook, log_error
from perilune.store.errors import UnknownStore
from perilune.store.maintenance import OfflineMaintenance
from perilune.store.sqlite.file import SqliteFile
from perilune.store.sqlite.opening import open_file, open_private
from perilune.vault import PLAIN, Vault

IN_MEMORY = ":memory:"
"""In place of a path: a database of this process's own that is gone at the end."""


def open_store(
    where: str | Path,
    *,
    clock: WallClock = wall_clock,
    on_error: ErrorHook = log_error,
    vault: Vault = PLAIN,
    min_free_bytes: int = 0,
) -> AbstractAsyncContextManager[Store]:
    """Open a store, creating or updating its database as needed; it is closed with the block.

    Args:
        where: The path of an SQLite file, `IN_MEMORY`, or a URL: `sqlite:///relative/path`,
            `sqlite:////absolute/path`, `sqlite:///:memory:`, `postgresql://user@host/database`.
        clock: Gives the times that are stored and the age of cached records.
        on_error: Called on the event loop with failures nobody waits for.
        vault: Encrypts secrets; without one they are stored as they are.
        min_free_bytes: With less than this free on the disk of a file no execution begins
            (`DiskNearlyFull`), and a reserve beside the file makes a full disk recoverable; a
            fifth of a small disk at most.

    Raises:
        UnknownStore: The URL names no store that there is.
        IncompatibleDatabase: The database is damaged, newer, or not ours; it is left as it is.
        StoreUnavailable: It cannot be opened or written.
    """
    if _is_postgres(where):
        return _open_postgres(str(where), clock=clock, on_error=on_error, vault=vault)
    path = _path(where)
    if path is None:
        return open_private(clock=clock, on_error=on_error, vault=vault)
    return open_file(
        path,
        clock=clock,
        on_error=on_error,
        vault=vault,
        maintenance=SqliteFile(path),
        min_free_bytes=min_free_bytes,
    )


def maintenance_of(where: str | Path) -> OfflineMaintenance:
    """Return what can be done with a database that need not be open.

    Raises:
        UnknownStore: The URL names no store that there is, or one without such.
    """
    if _is_postgres(where):
        raise UnknownStore("a database of PostgreSQL is copied and checked with its own programs")
    path = _path(where)
    if path is None:
        raise UnknownStore("a database in memory ends with its store")
    return SqliteFile(path)


def _is_postgres(where: str | Path) -> bool:
    return isinstance(where, str) and where.startswith(("postgresql://", "postgres://"))


def _open_postgres(
    url: str, *, clock: WallClock, on_error: ErrorHook, vault: Vault
) -> AbstractAsyncContextManager[Store]:
    """Open what *url* names; the driver is loaded now, since few need it."""
    try:
        from perilune.store.postgres.opening import open_database
    except ModuleNotFoundError as error:
        raise UnknownStore(
            "a store on PostgreSQL needs the package psycopg: pip install 'perilune[postgres]'"
        ) from error
    return open_database(url, clock=clock, on_error=on_error, vault=vault)


def _path(where: str | Path) -> Path | None:
    """Return the file that is meant; None for a database in memory."""
    if isinstance(where, Path):
        return where
    if "://" not in where:
        return None if where == IN_MEMORY else Path(where)
    scheme = where.partition("://")[0]
    if scheme != "sqlite":
        raise UnknownStore(
            f"no store is known for {scheme}://; known are sqlite:///PATH and postgresql://HOST/NAME"
        )
    url = urlsplit(where)
    name = unquote(url.path.removeprefix("/"))
    if url.netloc or url.query or url.fragment or not name:
        raise UnknownStore("the URL of an SQLite file is sqlite:///PATH, without anything else")
    return None if name == IN_MEMORY else Path(name)
