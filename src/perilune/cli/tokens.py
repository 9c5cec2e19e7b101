"""`perilune tokens`: makes, lists and revokes API tokens of a data directory.

They work beside a running server, and without one.
"""

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perilune.cli.boundary import EXIT_OK, read_settings, run
from perilune.cli.output import note, print_json, print_table
from perilune.errors import PeriluneError

if TYPE_CHECKING:
    from perilune.api import Tokens

SCOPES = ("read", "invoke", "deploy", "admin")
DAY_S = 86400
PAGE = 100

_data_dir = click.option("--data-dir", metavar="PATH", help="The data directory. [DATA_DIR]")
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class UnknownTokenError(PeriluneError):
    """No token has this name or id."""

    code = "unknown_token"

    def __init__(self, name: str) -> None:
        super().__init__(f"no token has the name or id {name!r}")


@click.group()
def tokens() -> None:
    """Make, list and revoke API tokens."""


@tokens.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What the token allows; may be given several times.",
)
@click.option(
    "--days", type=click.IntRange(1, 3650), help="Days until it expires. Default: it does not."
)
@_data_dir
@_as_json
def create(
    name: str, scopes: tuple[str, ...], days: int | None, data_dir: str | None, as_json: bool
) -> None:
    """Make a token for the program NAME and print it, this once."""
    lifetime_s = None if days is None else days * DAY_S

    async def work(desk: "Tokens") -> None:
        made = await desk.create(name, list(scopes), lifetime_s)
        if as_json:
            print_json(made)
            return
        note(f"token {made['name']} ({made['id']}), shown this once:")
        click.echo(made["token"])

    _at_desk(data_dir, work)


@tokens.command("list")
@_data_dir
@_as_json
def list_tokens(data_dir: str | None, as_json: bool) -> None:
    """List the tokens, newest first; never what they look like."""

    async def work(desk: "Tokens") -> None:
        found = await _all(desk)
        if as_json:
            print_json({"tokens": found})
            return
        print_table(
            ("id", "name", "scopes", "created", "expires", "last used"),
            (
                (
                    one["id"],
                    one["name"],
                    " ".join(one["scopes"]),
                    *(_day(one.get(at)) for at in ("created_at", "expires_at", "last_used_at")),
                )
                for one in found
            ),
        )

    _at_desk(data_dir, work)


@tokens.command()
@click.argument("name")
@_data_dir
def revoke(name: str, data_dir: str | None) -> None:
    """End the token with the name or id NAME.

    A running server refuses it within two seconds.
    """

    async def work(desk: "Tokens") -> None:
        for one in await _all(desk):
            if name in (one["id"], one["name"]):
                await desk.revoke(one["id"])
                note(f"revoked {one['name']} ({one['id']})")
                return
        raise UnknownTokenError(name)

    _at_desk(data_dir, work)


def _at_desk(data_dir: str | None, work: Callable[["Tokens"], Awaitable[None]]) -> None:
    """Do *work* on the tokens of the data directory, then end the program."""
    settings = read_settings({"data_dir": data_dir})
    sys.exit(run(_in_directory(settings.data_dir, work)))


async def _in_directory(data_dir: Path, work: Callable[["Tokens"], Awaitable[None]]) -> int:
    from perilune.api import Tokens
    from perilune.app import open_database

    async with open_database(data_dir) as store:
        await work(Tokens(store.tokens))
    return EXIT_OK


async def _all(desk: "Tokens") -> list[dict[str, Any]]:
    from perilune.store import PaginationParams

    found: list[dict[str, Any]] = []
    while True:
        part = (await desk.page(PaginationParams(PAGE, len(found))))["tokens"]
        found += part
        if len(part) < PAGE:
            return found


def _day(seconds: int | None) -> str | None:
    return None if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
