"""Commands for what was recorded: `executions` and `logs`."""

import sys

import click

from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.output import (
    print_json,
    print_json_line,
    print_table,
    printable_lines,
    shown_line,
    shown_time,
)


@click.group()
def executions() -> None:
    """List executions and show what was recorded of one."""


@executions.command("list")
@click.argument("function", required=False)
@click.option("-n", "--number", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--status", type=click.Choice(["pending", "success", "error"]))
@click.option("--trigger", type=click.Choice(["http", "cron", "test", "replay"]))
@click.option("--since", help="Unix seconds, or how long ago: 90s, 15m, 24h, 7d.")
@click.option("--until", help="The same.")
@click.option("--version", type=click.IntRange(min=1), help="Number of a version.")
@click.option("--text", help="Text in the error.")
@on_server
def list_executions(
    server: Server, /, function: str | None, number: int, **filters: str | int | None
) -> None:
    """List the executions of FUNCTION, or of all functions, newest first."""
    filters["q"] = filters.pop("text")
    if function is None and filters["version"] is not None:
        raise click.UsageError("--version needs a FUNCTION: versions have numbers of their own")

    async def work(client: ServerClient) -> list[dict[str, object]]:
        of = None if function is None else await client.functions.id_of(function)
        return [one async for one in client.executions.every(of, filters, number)]

    found = server.run(work)
    if server.as_json:
        print_json(found)
        return
    named = ("function",) if function is None else ()
    print_table(
        ("id", *named, "status", "trigger", "ms", "created", "error"),
        (
            (
                one["id"],
                *(one.get("function_name") for _ in named),
                one["status"],
                one["trigger"],
                one.get("duration_ms"),
                shown_time(one["created_at"]),
                str(one.get("error_message") or "").partition("\n")[0],
            )
            for one in found
        ),
    )


@executions.command()
@click.argument("execution")
@on_server
def show(server: Server, execution: str) -> None:
    """Show one execution with its log, AI calls and e-mails."""

    async def work(client: ServerClient) -> dict[str, object]:
        ask = client.executions
        return {
            **await ask.get(execution),
            "logs": [one async for one in ask.logs(execution)],
            "ai_requests": [one async for one in ask.ai_requests(execution)],
            "email_requests": [one async for one in ask.email_requests(execution)],
        }

    found = server.run(work)
    if server.as_json:
        print_json(found)
        return
    lists = {name: found.pop(name) for name in ("logs", "ai_requests", "email_requests")}
    found["created_at"] = shown_time(found["created_at"])
    report = str(found.pop("error_message", None) or "")
    print_table(("member", "value"), found.items())
    if report:
        click.echo("\nerror:")
        click.echo(printable_lines(report))
    for name, members in lists.items():
        if isinstance(members, list) and members:
            click.echo(f"\n{name.replace('_', ' ')}:")
            if name == "logs":
                for line in members:
                    click.echo(shown_line(line))
                continue
            titles = [one for one in members[0] if one != "execution_id"]
            print_table(titles, ([_cell(row, title) for title in titles] for row in members))


@click.command()
@click.argument("function")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until interrupted.")
@click.option("-n", "--number", default=10, show_default=True, type=click.IntRange(0, 100),
              help="Latest executions whose lines are shown.")  # fmt: skip
@on_server
def logs(server: Server, function: str, follow: bool, number: int) -> None:
    """Print the log lines of a function, oldest first; with --json one object per line."""

    async def work(client: ServerClient) -> None:
        of = await client.functions.id_of(function)
        if follow:
            async for execution, line in client.executions.follow(of, number):
                _print_line(server, execution, line)
            return
        latest = [one async for one in client.executions.every(of, most=number)]
        for one in reversed(latest):
            async for line in client.executions.logs(one["id"]):
                _print_line(server, one["id"], line)

    try:
        server.run(work)
    except KeyboardInterrupt:
        sys.exit(0)


def _print_line(server: Server, execution_id: str, line: dict[str, object]) -> None:
    if server.as_json:
        print_json_line({"execution_id": execution_id, **line})
        return
    click.echo(f"{execution_id} {shown_line(line)}")
    sys.stdout.flush()


def _cell(row: dict[str, object], title: str) -> object:
    value = row.get(title)
    return shown_time(value) if title.endswith("_at") else value
