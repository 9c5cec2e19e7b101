"""`perilune servers`: which servers work on the database."""

import click

from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.output import print_json, print_table, shown_time


@click.command()
@on_server
def servers(server: Server) -> None:
    """List the servers that work on the database; the one that leads cleans up for all."""

    async def work(client: ServerClient) -> list[dict[str, object]]:
        answer = await client.connection.ask("GET", "/api/servers")
        found: list[dict[str, object]] = answer["servers"]
        return found

    found = server.run(work)
    if server.as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "state", "leads", "version", "started", "heard of", "clock ahead"),
        (
            (
                *(one["id"], one["name"], one["state"]),
                "yes" if one["leads"] else None,
                one["version"],
                shown_time(one["started_at"]),
                f"{one['silent_ms']} ms ago",
                f"{one['clock_ahead_ms']} ms",
            )
            for one in found
        ),
    )
