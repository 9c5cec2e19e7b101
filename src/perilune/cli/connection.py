"""What all commands share that talk to a server: its address, how they end, how they print."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, NoReturn, ParamSpec, TypeVar

import click
import uvloop

from perilune.cli.boundary import EXIT_FAILED
from perilune.cli.output import note
from perilune.errors import PeriluneError

# `perilune.client` is imported when it is used: its HTTP library takes a while to load.
if TYPE_CHECKING:
    from perilune.client import Connection, ExecutionsClient, FunctionsClient

EXIT_NOT_FOUND, EXIT_NOT_PERMITTED, EXIT_UNREACHABLE = 3, 4, 5

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class ServerClient:
    """An open connection and what can be asked over it."""

    connection: "Connection"
    functions: "FunctionsClient"
    executions: "ExecutionsClient"


@dataclass(frozen=True, slots=True)
class Server:
    """The server that a command line means, and whether programs read the answer."""

    url: str | None
    token: str | None = field(repr=False)
    as_json: bool

    def run(self, work: Callable[[ServerClient], Awaitable[T]]) -> T:
        """Connect, do *work* and return its result; a failure ends the program."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                return runner.run(self._connected(work))
            except PeriluneError as error:
                end_with(error)

    async def _connected(self, work: Callable[[ServerClient], Awaitable[T]]) -> T:
        from perilune.client import ExecutionsClient, FunctionsClient, find_target, open_connection

        data_dir = Path(os.environ.get("DATA_DIR") or "data")
        target = find_target(self.url, self.token, os.environ, data_dir)
        async with open_connection(target) as connection:
            return await work(
                ServerClient(connection, FunctionsClient(connection), ExecutionsClient(connection))
            )


def on_server(command: Callable[Concatenate[Server, P], None]) -> Callable[..., None]:
    """Give *command* the options that say which server is meant; it gets a `Server` first."""

    @click.option("--url", metavar="URL", help="Base URL of the server. [PERILUNE_URL]")
    @click.option("--token", metavar="TOKEN", help="Token of the server. [PERILUNE_TOKEN]")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
    @wraps(command)
    def with_server(
        url: str | None, token: str | None, as_json: bool, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        command(Server(url, token, as_json), *args, **kwargs)

    return with_server


def end_with(error: PeriluneError) -> NoReturn:
    """End the program with the text of *error* and the exit code of its kind."""
    note(f"perilune: {error}")
    sys.exit(_EXITS.get(error.code, EXIT_FAILED))


_EXITS = {
    "not_found": EXIT_NOT_FOUND,
    "ambiguous_name": EXIT_NOT_FOUND,
    "not_permitted": EXIT_NOT_PERMITTED,
    "unusable_target": EXIT_NOT_PERMITTED,
    "server_unreachable": EXIT_UNREACHABLE,
}
