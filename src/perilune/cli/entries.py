"""`perilune kv`: the key-value pairs of a function."""

import base64
import math
import sys

import click

from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.output import note, print_json, print_table, shown_time

SHOWN_CHARACTERS = 60


@click.group()
def kv() -> None:
    """List, read, write and delete the key-value pairs of a function."""


@kv.command("list")
@click.argument("function")
@click.option("--prefix", default="", help="What the keys begin with.")
@on_server
def list_entries(server: Server, function: str, prefix: str) -> None:
    """List pairs by key; the table shows the beginning of long values."""

    async def work(client: ServerClient) -> list[dict[str, object]]:
        from perilune.client.entries import EntriesClient

        entries = EntriesClient(client.connection, await client.functions.id_of(function))
        return [one async for one in entries.every(prefix)]

    found = server.run(work)
    if server.as_json:
        print_json(found)
        return
    print_table(
        ("key", "bytes", "expires", "value"),
        (
            (
                one["key"],
                one["size"],
                shown_time(one.get("expires_at")),
                "(bytes)" if one.get("base64") else str(one["value"])[:SHOWN_CHARACTERS],
            )
            for one in found
        ),
    )


@kv.command()
@click.argument("function")
@click.argument("key")
@on_server
def get(server: Server, function: str, key: str) -> None:
    """Print one value as it is, and nothing else."""

    async def work(client: ServerClient) -> dict[str, object]:
        from perilune.client.entries import EntriesClient

        return await EntriesClient(client.connection, await client.functions.id_of(function)).get(
            key
        )

    found = server.run(work)
    if server.as_json:
        print_json(found)
        return
    value = str(found["value"])
    content = base64.b64decode(value) if found.get("base64") else value.encode()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@kv.command("set")
@click.argument("function")
@click.argument("key")
@click.argument("value", required=False)
@click.option("--ttl", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
              help="When it expires.")  # fmt: skip
@on_server
def set_entry(
    server: Server, function: str, key: str, value: str | None, ttl: float | None
) -> None:
    """Write one pair.  Without VALUE, standard input is the value, byte for byte."""
    # JSON has no word for these, and a pair without a time never expires.
    if ttl is not None and not math.isfinite(ttl):
        raise click.BadParameter(f"{ttl} is no number of seconds", param_hint="--ttl")
    is_raw = value is None
    text = base64.b64encode(sys.stdin.buffer.read()).decode() if value is None else value

    async def work(client: ServerClient) -> dict[str, object]:
        from perilune.client.entries import EntriesClient

        entries = EntriesClient(client.connection, await client.functions.id_of(function))
        return await entries.put(key, text, base64=is_raw, ttl_s=ttl)

    written = server.run(work)
    if server.as_json:
        print_json(written)
    else:
        note(f"{key}: {written['size']} bytes")


@kv.command()
@click.argument("function")
@click.argument("key")
@on_server
def delete(server: Server, function: str, key: str) -> None:
    """Delete one pair."""

    async def work(client: ServerClient) -> None:
        from perilune.client.entries import EntriesClient

        entries = EntriesClient(client.connection, await client.functions.id_of(function))
        await entries.delete(key)

    server.run(work)
    if server.as_json:
        print_json({"key": key, "deleted": True})
    else:
        note(f"deleted {key}")
