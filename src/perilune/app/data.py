"""What outlives the server: the key, the database, an example function."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from perilune.api import KEY_FILE, ApiKey, load_api_key
from perilune.app.data_dir import DATABASE_FILE, DataDirError, hold_data_dir
from perilune.app.secrets import SecretKeys, unlock
from perilune.clock import WallClock, wall_clock
from perilune.config import SettingError, Settings
from perilune.ids import new_function_id
from perilune.store import (
    DB,
    AddressTaken,
    Function,
    PaginationParams,
    Store,
    maintenance_of,
    open_store,
)
from perilune.vault import SECRET_KEY_FILE

EXAMPLE_NAME = "hello"
EXAMPLE_CODE = """\
-- Answers GET /fn/hello?name=you with a greeting, and counts how often it did.
function handler(ctx, event)
  local name = event.query.name or "world"
  local count = tonumber(kv.get("count") or "0") + 1
  kv.set("count", tostring(count))
  log.info("greeting " .. name)
  return {
    statusCode = 200,
    headers = { ["Content-Type"] = "text/plain; charset=utf-8" },
    body = "Hello, " .. name .. "! This is greeting number " .. tostring(count) .. ".\\n",
  }
end
"""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def open_data(
    settings: Settings, clock: WallClock = wall_clock
) -> AsyncIterator[tuple[ApiKey, Store]]:
    """Open what outlives the server: the data directory, the key and the database.

    Nobody else can open the directory this way until the block ends.  A database of Lunar in it is
    taken over where it is; a copy of it stays.

    Raises:
        DataDirInUse: another server is using the directory.
        PeriluneError: one of them can't be created or used.
    """
    with hold_data_dir(settings.data_dir):
        _check_is_shared(settings, "API_KEY", settings.api_key)
        if not settings.database_url:
            await _migrate_lunar(settings.data_dir / DATABASE_FILE)
        key = load_api_key(settings.api_key, settings.data_dir)
        room = settings.min_free_disk
        async with open_secrets(settings, min_free_bytes=room, clock=clock) as (keys, store):
            await unlock(store, keys)
            yield key, store


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Store]:
    """Open the database, which exists; servers may be using it meanwhile.

    Raises:
        DataDirError: there is none.
        StoreError: it can't be opened.
    """
    if not has_database(settings):
        raise DataDirError(
            f"there is no database in {settings.data_dir}; is it the data directory?"
        )
    async with open_store(_place(settings)) as store:
        yield store


def has_database(settings: Settings) -> bool:
    """Tell whether there is a database already, or one that others look after."""
    return bool(settings.database_url) or (settings.data_dir / DATABASE_FILE).is_file()


def _place(settings: Settings) -> str | Path:
    return settings.database_url or settings.data_dir / DATABASE_FILE


def _check_is_shared(settings: Settings, name: str, value: str) -> None:
    """Refuse a key that only this server would have, when others may be on the database."""
    if settings.database_url and not value:
        raise SettingError(
            "DATABASE_URL", f"needs {name}, the same for all servers on the database"
        )


@asynccontextmanager
async def open_secrets(
    settings: Settings, *, min_free_bytes: int = 0, clock: WallClock = wall_clock
) -> AsyncIterator[tuple[SecretKeys, Store]]:
    """Open the database, and the keys of its secrets.

    With *min_free_bytes* the store watches its disk, which is for one process at a time.

    Raises:
        PeriluneError: one of them can't be read.
    """
    _check_is_shared(settings, "PERILUNE_SECRET_KEY", settings.secret_key)
    keys = SecretKeys(settings.secret_key, settings.data_dir / SECRET_KEY_FILE)
    place = _place(settings)
    async with open_store(
        place, clock=clock, vault=keys.ring, min_free_bytes=min_free_bytes
    ) as store:
        yield keys, store


def bring_key(source: Path, data_dir: Path) -> bool:
    """Copy Lunar's key from beside the database *source*, if there is none in *data_dir* yet.

    Returns:
        Whether it was copied.

    Raises:
        DataDirError: it can't be read or written.
    """
    theirs, ours = source.parent / KEY_FILE, data_dir / KEY_FILE
    if ours.exists() or not theirs.is_file():
        return False
    try:
        ours.touch(mode=0o600, exist_ok=False)
        shutil.copyfile(theirs, ours)
    except OSError as problem:
        ours.unlink(missing_ok=True)
        raise DataDirError(f"can't copy the API key {theirs}: {problem}") from problem
    return True


async def _migrate_lunar(database: Path) -> None:
    def tell(table: str, done: int, total: int) -> None:
        if done == 0:
            _log.info("taking over from Lunar: %d rows of %s", total, table)

    report = await asyncio.to_thread(
        maintenance_of(database).migrate_lunar, now=int(wall_clock()), progress=tell
    )
    if report is None:
        return
    taken = ", ".join(f"{one.taken} {name}" for name, one in report.tables.items())
    _log.info("taken over from Lunar (schema version %d): %s", report.version, taken)
    for name, one in report.tables.items():
        if one.dropped:
            _log.warning("%d rows of %s belonged to nothing and were left out", one.dropped, name)
    for kind, number in report.repaired.items():
        if number:
            _log.info("%s: %d", kind.replace("_", " "), number)
    _log.info("the database as Lunar left it: %s", report.backup)


async def ensure_example(db: DB) -> Function | None:
    """Create the example function if there are no functions at all.

    Returns:
        The example function, also when it exists from an earlier start; None
        if there are only other functions.
    """
    found, total = await db.list_functions(PaginationParams(limit=100))
    if total:
        names = (one.function for one in found if one.function.name == EXAMPLE_NAME)
        return next(names, None)
    new = Function(
        id=new_function_id(),
        name=EXAMPLE_NAME,
        address=EXAMPLE_NAME,
        description="Greets whoever calls it",
    )
    try:
        async with db.transaction() as transaction:
            function = await transaction.create_function(new)
            await transaction.create_version(function.id, EXAMPLE_CODE)
    except AddressTaken:
        # Another server on the database has started at the same time.
        return await db.get_function_at(EXAMPLE_NAME)
    return function
