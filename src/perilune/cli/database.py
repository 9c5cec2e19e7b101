"""Commands on the database of a data directory: back up, restore, check, vacuum."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from perilune import __version__
from perilune.cli.boundary import (
    EXIT_FAILED,
    EXIT_OK,
    fail,
    read_file_settings,
    read_settings,
    run,
)
from perilune.cli.output import note
from perilune.clock import wall_clock
from perilune.config import Settings, size
from perilune.errors import PeriluneError

if TYPE_CHECKING:
    from perilune.store import OfflineMaintenance

T = TypeVar("T")

MIB = 1024 * 1024


def _size(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """Return the bytes that an option names."""
    if text is None:
        return None
    try:
        return int(size(1, 2**63 - 1)(text))
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from None


_data_dir = click.option("--data-dir", metavar="PATH", help="The data directory. [DATA_DIR]")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--gzip", "compress", is_flag=True, help="Compress the copy.")
@_data_dir
def backup(file: Path, compress: bool, data_dir: str | None) -> None:
    """Copy the database to the new file FILE and check the copy.

    A server may go on using the database.  The copy holds everything but the keys: keep
    secret_key.txt and api_key.txt of the data directory as well, in another place.
    """
    maintenance = _maintenance(_database(data_dir))
    _attempt(
        lambda: maintenance.back_up(
            file, program=__version__, now=int(wall_clock()), compress=compress
        )
    )
    note(f"backed up to {file}, {_mib(file.stat().st_size)}, checked")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--force", is_flag=True, help="Replace a database; the old one is kept aside.")
@click.option(
    "--max-size",
    metavar="SIZE",
    callback=_size,
    help="How large a compressed copy may get, like 20GiB. Otherwise a hundred times its size, "
    "or 1GiB if that is more.",
)
@_data_dir
def restore(file: Path, force: bool, max_size: int | None, data_dir: str | None) -> None:
    """Put the copy FILE, compressed or not, into the data directory.

    Stop the server before.  The copy is checked first; a newer Perilune's is refused, and so
    is one that unpacks to more than it may.
    """
    from perilune.app import hold_data_dir
    from perilune.store import Restored

    database = _path(data_dir)
    put_back = _maintenance(database).restore

    def work() -> Restored:
        with hold_data_dir(database.parent):
            return put_back(file, now=int(wall_clock()), force=force, max_bytes=max_size)

    restored = _attempt(work)
    if restored.note is not None:
        made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(restored.note.made_at))
        note(f"the copy was made {made} by Perilune {restored.note.program}")
    if restored.aside is not None:
        note(f"the database as it was: {restored.aside}")
    note(f"restored to {database}")


@click.command()
@_data_dir
def vacuum(data_dir: str | None) -> None:
    """Write the database anew without free pages.

    Stop the server before.  Needed at most once, for a file of an early version: the files
    of this one get smaller by themselves.
    """
    from perilune.app import hold_data_dir

    database = _database(data_dir)

    def work() -> tuple[int, int]:
        with hold_data_dir(database.parent):
            return _maintenance(database).vacuum()

    before, after = _attempt(work)
    note(f"{database}: {_mib(before)} before, {_mib(after)} now")


@click.command()
@_data_dir
def check(data_dir: str | None) -> None:
    """Look for damage in the database; exit code 1 if there is any.

    A server may go on using it.
    """
    settings = read_settings({"data_dir": data_dir})
    if settings.database_url:
        sys.exit(run(_check_counters(settings)))
    database = _database(data_dir)
    sys.exit(_tell(str(database), _attempt(_maintenance(database).check)))


async def _check_counters(settings: Settings) -> int:
    """Check what a database server can't know of, in the database that it has."""
    from perilune.app import open_database

    async with open_database(settings) as store:
        return _tell("the database", await store.check_integrity())


def _tell(database: str, problems: Sequence[str]) -> int:
    for problem in problems:
        click.echo(problem)
    note(f"{database}: {len(problems)} problems" if problems else f"{database} is in order")
    return EXIT_FAILED if problems else EXIT_OK


def _path(data_dir: str | None) -> Path:
    from perilune.app import DATABASE_FILE

    return read_file_settings({"data_dir": data_dir}).data_dir / DATABASE_FILE


def _database(data_dir: str | None) -> Path:
    """Return the database, which must exist."""
    from perilune.app import DataDirError

    database = _path(data_dir)
    if not database.is_file():
        fail(DataDirError(f"there is no database in {database.parent}; is it the data directory?"))
    return database


def _maintenance(database: Path) -> "OfflineMaintenance":
    from perilune.store import maintenance_of

    return maintenance_of(database)


def _attempt(work: Callable[[], T]) -> T:
    try:
        return work()
    except PeriluneError as error:
        fail(error)


def _mib(size: int) -> str:
    return f"{size / MIB:.1f} MiB"
