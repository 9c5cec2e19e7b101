"""`perilune schedule`: when functions are executed by themselves."""

from zoneinfo import available_timezones

import click

from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.output import note, print_json, print_table, shown_time
from perilune.function_settings import SETTINGS


@click.group()
def schedule() -> None:
    """Set, pause and resume schedules, and tell when functions are and were due."""


@schedule.command("set")
@click.argument("function")
@click.argument("expression")
@click.option("--time-zone", help="IANA name, such as Europe/Berlin; otherwise the server's.")
@click.option("--missed", type=click.Choice(SETTINGS["cron_missed"].words),
              help=SETTINGS["cron_missed"].help)  # fmt: skip
@click.option("--overlap", type=click.Choice(SETTINGS["cron_overlap"].words),
              help=SETTINGS["cron_overlap"].help)  # fmt: skip
@click.option("--paused", is_flag=True, help="Don't let it fire yet.")
@on_server
def set_schedule(
    server: Server,
    function: str,
    expression: str,
    *,
    time_zone: str | None,
    missed: str | None,
    overlap: str | None,
    paused: bool,
) -> None:
    """Execute FUNCTION when EXPRESSION is due, such as "*/5 * * * *"."""
    given = {"cron_time_zone": time_zone, "cron_missed": missed, "cron_overlap": overlap}
    _change(
        server,
        function,
        {
            "cron_schedule": expression,
            "cron_status": "paused" if paused else "active",
            **{name: value for name, value in given.items() if value is not None},
        },
    )


@schedule.command()
@click.argument("function")
@on_server
def pause(server: Server, function: str) -> None:
    """Keep the schedule, but don't let it fire."""
    _change(server, function, {"cron_status": "paused"})


@schedule.command()
@click.argument("function")
@on_server
def resume(server: Server, function: str) -> None:
    """Let a paused schedule fire again."""
    _change(server, function, {"cron_status": "active"})


@schedule.command()
@click.argument("function")
@on_server
def clear(server: Server, function: str) -> None:
    """Take the schedule away."""
    _change(server, function, {"cron_schedule": ""})


@schedule.command("next")
@click.argument("function")
@on_server
def next_runs(server: Server, function: str) -> None:
    """Tell when FUNCTION is due next."""

    async def work(client: ServerClient) -> dict[str, object]:
        return await client.functions.next_run(await client.functions.id_of(function))

    _show(server, function, server.run(work))


@schedule.command("ticks")
@click.argument("function")
@click.option("-n", "--number", default=20, show_default=True, type=click.IntRange(min=1))
@on_server
def list_ticks(server: Server, function: str, number: int) -> None:
    """List what has become of the due times of FUNCTION, latest first."""

    async def work(client: ServerClient) -> list[dict[str, object]]:
        of = await client.functions.id_of(function)
        return [one async for one in client.functions.ticks(of, number)]

    found = server.run(work)
    if server.as_json:
        print_json(found)
        return
    print_table(
        ("due", "outcome", "status", "execution", "missed before", "reason"),
        (
            (
                shown_time(one["tick"]),
                one["outcome"],
                one.get("execution_status"),
                one.get("execution_id"),
                one.get("passed_over") or None,
                one.get("reason"),
            )
            for one in found
        ),
    )


@schedule.command("list")
@on_server
def list_schedules(server: Server) -> None:
    """List the functions that have a schedule."""

    async def work(client: ServerClient) -> list[dict[str, object]]:
        return [one async for one in client.functions.every() if one.get("cron_schedule")]

    found = server.run(work)
    if server.as_json:
        wanted = ("id", "name", "disabled", "cron_schedule", "cron_status", "cron_time_zone")
        print_json([{name: one.get(name) for name in wanted} for one in found])
        return
    print_table(
        ("id", "name", "schedule", "time zone", "state"),
        (
            (
                one["id"],
                one["name"],
                one["cron_schedule"],
                one.get("cron_time_zone"),
                "disabled" if one["disabled"] else one["cron_status"],
            )
            for one in found
        ),
    )


def _change(server: Server, function: str, settings: dict[str, object]) -> None:
    async def work(client: ServerClient) -> dict[str, object]:
        of = await client.functions.id_of(function)
        await client.functions.update(of, settings)
        return await client.functions.next_run(of)

    _show(server, function, server.run(work))


def _show(server: Server, function: str, due: dict[str, object]) -> None:
    if server.as_json:
        print_json(due)
        return
    if not due["has_schedule"]:
        note(f"{function} has no schedule")
    elif due.get("next_run") is None:
        note(f"{function}: {due['cron_schedule']}, {due['cron_status']}")
    else:
        zone = str(due["time_zone"])
        note(f"{function}: {due['cron_schedule']} ({zone}), {due['next_run_human']}")
        runs = due.get("next_runs") or [due["next_run"]]
        for one in runs if isinstance(runs, list) else []:
            click.echo(shown_time(one, _known(zone)))


def _known(zone: str) -> str:
    """Return the name of a zone that this machine knows: the server's own need not have one."""
    return zone if zone in available_timezones() else "UTC"
