"""`perilune key`: shows and replaces the management key of a data directory."""

import sys
from pathlib import Path

import click

from perilune.cli.boundary import EXIT_OK, fail, read_settings, run
from perilune.cli.output import note
from perilune.config import Settings
from perilune.errors import PeriluneError

_data_dir = click.option("--data-dir", metavar="PATH", help="The data directory. [DATA_DIR]")


class NoKeyError(PeriluneError):
    """There is no key to show, or none that can be replaced here."""

    code = "no_api_key"


@click.group()
def key() -> None:
    """Show or replace the key of the management API."""


@key.command()
@_data_dir
def show(data_dir: str | None) -> None:
    """Print the key."""
    settings = read_settings({"data_dir": data_dir})
    try:
        click.echo(_key_in_force(settings))
    except PeriluneError as error:
        fail(error)


@key.command()
@_data_dir
def rotate(data_dir: str | None) -> None:
    """Replace the key by a new one and end all sessions.

    A running server takes it over within a second; API tokens stay as they are.  On a terminal
    the new key is shown; elsewhere, `perilune key show` prints it.
    """
    sys.exit(run(_rotate(read_settings({"data_dir": data_dir}))))


def _key_in_force(settings: Settings) -> str:
    from perilune.api import KEY_FILE, read_api_key

    if settings.api_key:
        return settings.api_key.strip()
    path = settings.data_dir / KEY_FILE
    found = read_api_key(path)
    if found is None:
        raise NoKeyError(f"there is no key in {path}; `perilune init` makes one")
    return found.value


async def _rotate(settings: Settings) -> int:
    from perilune.api import rotate_api_key
    from perilune.app import has_database, open_database

    if settings.api_key:
        raise NoKeyError("the key is set by API_KEY or API_KEY_FILE; replace it there and restart")
    _check_directory(settings.data_dir)
    new = rotate_api_key(settings.data_dir)
    if has_database(settings):
        # They opened with the old key and are void already; this takes them off the list.
        async with open_database(settings) as store:
            await store.sessions.clear()
    note(f"new API key: in {new.path}; all sessions have ended")
    if sys.stdout.isatty():
        click.echo(new.value)
    return EXIT_OK


def _check_directory(path: Path) -> None:
    if not path.is_dir():
        raise NoKeyError(f"{path} is no data directory; `perilune init` makes one")
