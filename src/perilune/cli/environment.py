"""`perilune env`: the environment variables of a function."""

import sys
from pathlib import Path

import click

from perilune.cli.connection import Client, Server, on_server
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

    async def work(client: Client) -> dict[str, str | None]:
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
@on_server
def set_variables(server: Server, function: str, assignments: tuple[str, ...]) -> None:
    """Set variables.  A value that is left out is asked for, or read from standard input."""
    values: dict[str, str] = {}
    for one in assignments:
        name, given, value = one.partition("=")
        values[name] = value if given else _secret(name)
    _change(server, function, values, frozenset())


@env.command()
@click.argument("function")
@click.argument("names", nargs=-1, required=True)
@on_server
def unset(server: Server, function: str, names: tuple[str, ...]) -> None:
    """Remove variables; those that don't exist are no error."""
    _change(server, function, {}, frozenset(names))


@env.command("import")
@click.argument("function")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", is_flag=True, help="Remove all variables that are not in FILE.")
@on_server
def import_variables(server: Server, function: str, file: Path, replace: bool) -> None:
    """Set the variables in FILE, which is written like a .env file."""
    _change(server, function, read_env_file(file), None if replace else frozenset())


def _change(
    server: Server, function: str, values: dict[str, str], removed: frozenset[str] | None
) -> None:
    """Set *values* and take *removed* away; None takes away all others."""

    async def work(client: Client) -> list[str]:
        of = await client.functions.id_of(function)
        return await client.functions.change_env(of, values, removed)

    names = server.run(work)
    if server.as_json:
        print_json(names)
    else:
        note(f"{function} has {len(names)} variables: {', '.join(names) or 'none'}")


def _secret(name: str) -> str:
    if sys.stdin.isatty():
        value: str = click.prompt(f"Value of {name}", hide_input=True, err=True, default="")
        return value
    return sys.stdin.readline().rstrip("\n")
