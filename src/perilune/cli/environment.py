"""`perilune env`: the environment variables of a function."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.files import read_env_file
from perilune.cli.output import note, print_json, print_table


@click.group()
def env() -> None:
    """List, set and remove the environment variables of a function."""


@env.command("list")
@click.argument("function")
@click.option("--show", is_flag=True, help="Print the values, too; they may be secrets.")
@on_server
def list_variables(server: Server, function: str, show: bool) -> None:
    """List the names of the variables."""

    async def work(client: ServerClient) -> dict[str, str | None]:
        return await client.functions.env(await client.functions.id_of(function))

    found = server.run(work)
    if server.as_json:
        print_json(found if show else sorted(found))
    elif show:
        print_table(
            ("name", "value"),
            ((name, "(write-only)" if v is None else v) for name, v in sorted(found.items())),
        )
    else:
        for name in sorted(found):
            click.echo(name)


@env.command("set")
@click.argument("function")
@click.argument("assignments", nargs=-1, required=True, metavar="NAME[=VALUE]...")
@click.option("--write-only", is_flag=True, help="Never show the values again.")
@on_server
def set_variables(
    server: Server, function: str, assignments: tuple[str, ...], write_only: bool
) -> None:
    """Set variables.  A value that is left out is asked for, or read from standard input."""
    values: dict[str, str] = {}
    for one in assignments:
        name, given, value = one.partition("=")
        values[name] = value if given else secret_value(name)

    async def change(client: ServerClient, of: str) -> None:
        for name, value in values.items():
            await client.functions.set_variable(of, name, value, write_only=write_only or None)

    _change(server, function, change)


@env.command()
@click.argument("function")
@click.argument("names", nargs=-1, required=True)
@on_server
def unset(server: Server, function: str, names: tuple[str, ...]) -> None:
    """Remove variables; those that don't exist are no error."""

    async def change(client: ServerClient, of: str) -> None:
        for name in names:
            await client.functions.remove_variable(of, name)

    _change(server, function, change)


@env.command("import")
@click.argument("function")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", is_flag=True, help="Remove all variables that are not in FILE.")
@on_server
def import_variables(server: Server, function: str, file: Path, replace: bool) -> None:
    """Set the variables in FILE, which is written like a .env file."""
    values = read_env_file(file)

    async def change(client: ServerClient, of: str) -> None:
        if replace:
            await client.functions.replace_env(of, values)
            return
        for name, value in values.items():
            await client.functions.set_variable(of, name, value)

    _change(server, function, change)


def _change(
    server: Server, function: str, change: Callable[[ServerClient, str], Awaitable[None]]
) -> None:
    """Do *change*, then say what variables there are; one after the other, as far as it goes."""

    async def work(client: ServerClient) -> list[str]:
        of = await client.functions.id_of(function)
        await change(client, of)
        return sorted(await client.functions.env(of))

    names = server.run(work)
    if server.as_json:
        print_json(names)
    else:
        note(f"{function} has {len(names)} variables: {', '.join(names) or 'none'}")


def secret_value(name: str) -> str:
    """Return a value that is asked for, without showing it, or the first line of standard input."""
    if sys.stdin.isatty():
        value: str = click.prompt(f"Value of {name}", hide_input=True, err=True, default="")
        return value
    return sys.stdin.readline().rstrip("\n")
