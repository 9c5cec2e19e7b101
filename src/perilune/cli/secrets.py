"""Commands for the keys of secrets at rest: `secrets rotate` and `secrets prune`."""

import sys
from typing import TYPE_CHECKING

import click

from perilune.cli.boundary import EXIT_FAILED, EXIT_OK, run, setting_options, settings_from
from perilune.config import Settings

if TYPE_CHECKING:
    from perilune.app import Rotation


@click.group()
def secrets() -> None:
    """Replace the keys that encrypt environment variables and signing secrets."""


@secrets.command("rotate")
@setting_options
def rotate_command(**flags: str | None) -> None:
    """Encrypt all secrets with a new key.

    With PERILUNE_SECRET_KEY set, the first of its keys counts as the new one.
    Older keys stay readable; `perilune secrets prune` forgets them.  A server
    may run meanwhile.  Calling it again after a crash goes on.
    """
    sys.exit(run(_work(settings_from(flags), is_rotation=True)))


@secrets.command("prune")
@setting_options
def prune_command(**flags: str | None) -> None:
    """Forget the keys that no secret is encrypted with any more.

    Backups that were made before the last rotation can't be read without them.
    """
    sys.exit(run(_work(settings_from(flags), is_rotation=False)))


async def _work(settings: Settings, *, is_rotation: bool) -> int:
    """Rotate or prune; return the exit code."""
    from perilune.app import DATABASE_FILE, has_database, open_secrets, prune, rotate

    if not has_database(settings):
        path = settings.data_dir / DATABASE_FILE
        click.echo(f"perilune: there is no database {path}", err=True)
        return EXIT_FAILED
    async with open_secrets(settings) as (keys, store):
        done = await (rotate if is_rotation else prune)(store, keys)
    _report(done, is_rotation=is_rotation, source=keys.source)
    return EXIT_OK


def _report(done: "Rotation", *, is_rotation: bool, source: str) -> None:
    click.echo(f"keys: in {source}")
    click.echo(f"secrets encrypted again: {done.resealed}")
    if not is_rotation:
        click.echo(f"keys forgotten: {len(done.dropped)}")
