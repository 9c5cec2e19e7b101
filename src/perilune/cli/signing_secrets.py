"""`perilune signing-secrets`: what signatures of calls are checked with."""

import click

from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.environment import secret_value
from perilune.cli.output import note, print_json, print_table, shown_time


@click.group("signing-secrets")
def signing_secrets() -> None:
    """List, add and remove the secrets that signatures of calls are checked with."""


@signing_secrets.command("list")
@click.argument("function")
@on_server
def list_secrets(server: Server, function: str) -> None:
    """List the secrets of FUNCTION, oldest first, without their values."""

    async def work(client: ServerClient) -> list[dict[str, object]]:
        return await client.functions.signing_secrets(await client.functions.id_of(function))

    found = server.run(work)
    if server.as_json:
        print_json(found)
    else:
        print_table(
            ("id", "created"), ((one["id"], shown_time(one["created_at"])) for one in found)
        )


@signing_secrets.command("add")
@click.argument("function")
@click.option("--given", is_flag=True, help="Ask for the sender's secret; or read it from"
              " standard input.")  # fmt: skip
@on_server
def add_secret(server: Server, function: str, given: bool) -> None:
    """Add a secret for FUNCTION; print the new random one, unless it is --given."""
    value = secret_value("the signing secret") if given else None

    async def work(client: ServerClient) -> dict[str, object]:
        of = await client.functions.id_of(function)
        return await client.functions.add_signing_secret(of, value)

    made = server.run(work)
    if given:
        del made["value"]
    if server.as_json:
        print_json(made)
        return
    note(f"added the signing secret {made['id']} of {function}")
    if not given:
        note("it is shown this once:")
        click.echo(made["value"])


@signing_secrets.command("remove")
@click.argument("function")
@click.argument("secret")
@on_server
def remove_secret(server: Server, function: str, secret: str) -> None:
    """Remove the secret of the id SECRET; what is signed with it is refused from now on."""

    async def work(client: ServerClient) -> None:
        of = await client.functions.id_of(function)
        await client.functions.remove_signing_secret(of, secret)

    server.run(work)
    if server.as_json:
        print_json({"id": secret, "removed": True})
    else:
        note(f"removed the signing secret {secret} of {function}")
