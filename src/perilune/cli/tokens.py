"""`perilune tokens`: makes, lists and revokes API tokens.

Of the server that `--url` or `PERILUNE_URL` names; otherwise of a data directory, where it
works beside a running server and without one.
"""

import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol

import click

from perilune.cli.boundary import EXIT_OK, read_settings, run
from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.output import note, print_json, print_table
from perilune.config import Settings
from perilune.errors import PeriluneError

if TYPE_CHECKING:
    from perilune.api import Tokens

SCOPES = ("read", "metrics", "invoke", "deploy", "admin")
DAY_S = 86400
PAGE = 100

P = ParamSpec("P")


class TokenBackend(Protocol):
    """Where tokens are made, listed and revoked."""

    async def create(self, name: str, scopes: list[str], lifetime_s: int | None) -> dict[str, Any]:
        """Make a token; the result holds it, this once."""
        ...

    async def every(self) -> list[dict[str, Any]]:
        """Return all tokens, newest first."""
        ...

    async def revoke(self, token_id: str) -> object:
        """End a token."""
        ...


OnBackend = Callable[[Callable[[TokenBackend], Awaitable[None]]], None]
"""Does something at the desk that is meant, then ends the program."""


class UnknownTokenError(PeriluneError):
    """No token has this name or id."""

    code = "unknown_token"

    def __init__(self, name: str) -> None:
        super().__init__(f"no token has the name or id {name!r}")


def _on_backend(command: Callable[Concatenate[OnBackend, bool, P], None]) -> Callable[..., None]:
    """Give *command* the options that say whose tokens are meant."""

    def with_backend(
        server: Server, /, data_dir: str | None, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        def do(work: Callable[[TokenBackend], Awaitable[None]]) -> None:
            if data_dir is None and (server.url or os.environ.get("PERILUNE_URL")):
                server.run(lambda client: work(_RemoteBackend(client)))
                sys.exit(EXIT_OK)
            sys.exit(run(_in_database(read_settings({"data_dir": data_dir}), work)))

        command(do, server.as_json, *args, **kwargs)

    update_wrapper(with_backend, command)
    data_dir_option = click.option(
        "--data-dir", metavar="PATH", help="The data directory. [DATA_DIR]"
    )
    return on_server(data_dir_option(with_backend))


@click.group()
def tokens() -> None:
    """Make, list and revoke API tokens.

    Of the server that --url or PERILUNE_URL names; otherwise of a data directory.
    """


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
@_on_backend
def create(
    on_backend: OnBackend, as_json: bool, name: str, scopes: tuple[str, ...], days: int | None
) -> None:
    """Make a token for the program NAME and print it, this once."""
    lifetime_s = None if days is None else days * DAY_S

    async def work(backend: TokenBackend) -> None:
        made = await backend.create(name, list(scopes), lifetime_s)
        if as_json:
            print_json(made)
            return
        note(f"token {made['name']} ({made['id']}), shown this once:")
        click.echo(made["token"])

    on_backend(work)


@tokens.command("list")
@_on_backend
def list_tokens(on_backend: OnBackend, as_json: bool) -> None:
    """List the tokens, newest first; never what they look like."""

    async def work(backend: TokenBackend) -> None:
        found = await backend.every()
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

    on_backend(work)


@tokens.command()
@click.argument("name")
@_on_backend
def revoke(on_backend: OnBackend, as_json: bool, name: str) -> None:
    """End the token with the name or id NAME.

    A running server refuses it within two seconds.
    """

    async def work(backend: TokenBackend) -> None:
        for one in await backend.every():
            if name in (one["id"], one["name"]):
                await backend.revoke(one["id"])
                if as_json:
                    print_json({"id": one["id"], "name": one["name"], "revoked": True})
                else:
                    note(f"revoked {one['name']} ({one['id']})")
                return
        raise UnknownTokenError(name)

    on_backend(work)


async def _in_database(settings: Settings, work: Callable[[TokenBackend], Awaitable[None]]) -> int:
    from perilune.api import Tokens
    from perilune.app import open_database

    async with open_database(settings) as store:
        await work(_LocalBackend(Tokens(store.tokens)))
    return EXIT_OK


class _LocalBackend:
    """Tokens of a data directory."""

    def __init__(self, tokens: "Tokens") -> None:
        self._tokens = tokens
        self.create = tokens.create
        self.revoke = tokens.revoke

    async def every(self) -> list[dict[str, Any]]:
        from perilune.store import PaginationParams

        found: list[dict[str, Any]] = []
        while True:
            part = (await self._tokens.page(PaginationParams(PAGE, len(found))))["tokens"]
            found += part
            if len(part) < PAGE:
                return found


class _RemoteBackend:
    """Tokens of a server."""

    def __init__(self, client: ServerClient) -> None:
        self._connection = client.connection

    async def create(self, name: str, scopes: list[str], lifetime_s: int | None) -> dict[str, Any]:
        wanted = {"name": name, "scopes": scopes, "expires_in": lifetime_s}
        made: dict[str, Any] = await self._connection.ask("POST", "/api/tokens", wanted)
        return made

    async def every(self) -> list[dict[str, Any]]:
        return [one async for one in self._connection.every("/api/tokens", "tokens")]

    async def revoke(self, token_id: str) -> None:
        await self._connection.ask("DELETE", f"/api/tokens/{token_id}")


def _day(seconds: int | None) -> str | None:
    return None if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
