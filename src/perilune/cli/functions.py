"""Commands for functions and their versions."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.files import deploy_folder, force_option, keep_env_option, plan_folder
from perilune.cli.function_settings import set_settings
from perilune.cli.output import note, print_json, print_table, shown_time, warn

if TYPE_CHECKING:
    from perilune.client.code_file import CodeFile


@click.group()
def functions() -> None:
    """List, show, check, set, enable, disable and delete functions."""


functions.add_command(set_settings)


@functions.command("list")
@on_server
def list_functions(server: Server) -> None:
    """List all functions, newest first."""

    async def work(client: ServerClient) -> list[dict[str, object]]:
        functions = client.functions
        return [one | {"url": functions.url_of(one)} async for one in functions.every()]

    found = server.run(work)
    if server.as_json:
        print_json(found)
        return
    print_table(
        ("id", "name", "url", "language", "version", "state", "schedule", "updated"),
        (
            (
                one["id"],
                one["name"],
                one["url"],
                one.get("runtime", "lua"),
                _number(one),
                "disabled" if one["disabled"] else "enabled",
                one.get("cron_schedule"),
                shown_time(one["updated_at"]),
            )
            for one in found
        ),
    )


@functions.command()
@click.argument("function")
@click.option("--code", is_flag=True, help="Print the active version's code and nothing else.")
@on_server
def show(server: Server, function: str, code: bool) -> None:
    """Show one function, which FUNCTION calls by id, name or address.

    Values of variables are not shown.
    """

    async def work(client: ServerClient) -> dict[str, object]:
        one = await client.functions.get(await client.functions.id_of(function))
        return one | {"url": client.functions.url_of(one)}

    found = server.run(work)
    version = found.pop("active_version", None)
    if code:
        click.echo(version["code"] if isinstance(version, dict) else "", nl=False)
        return
    variables = found.pop("env_vars", None)
    found["env_names"] = sorted(variables) if isinstance(variables, dict) else []
    if isinstance(version, dict):
        found["active_version"] = {k: v for k, v in version.items() if k != "code"}
    if server.as_json:
        print_json(found)
        return
    if isinstance(version, dict):
        found["active_version"] = version["version"]
    print_table(("setting", "value"), ((name, _shown(name, v)) for name, v in found.items()))


@functions.command("check")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--name", help="Name of the function; otherwise that of the file or folder.")
@click.option("--env-file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Values that a folder's perilune.toml refers to.")  # fmt: skip
@on_server
def check_function(server: Server, path: Path, name: str | None, env_file: Path | None) -> None:
    """Say whether the function in PATH, a file or a folder, would work; change nothing."""
    if path.is_dir():
        plan_folder(server, _unnamed(path, name), env_file, keep_env=True, force=False)
    else:
        file = _code_file(path, name)
        _, warnings = server.run(
            lambda client: file.find_function(client.functions, is_checked=True)
        )
        warn(warnings)
    if server.as_json:
        print_json({"ok": True})
    else:
        note(f"nothing wrong was found in {path}")


@functions.command()
@click.argument("function")
@click.option("--yes", is_flag=True, help="Don't ask.")
@on_server
def delete(server: Server, function: str, yes: bool) -> None:
    """Delete a function with its versions, executions and data."""

    async def look(client: ServerClient) -> dict[str, object]:
        return await client.functions.get(await client.functions.id_of(function))

    found = server.run(look)
    if not yes:
        click.confirm(f"Delete {found['name']} ({found['id']}) and all its data?", abort=True)

    async def work(client: ServerClient) -> None:
        await client.functions.delete(str(found["id"]))

    server.run(work)
    if server.as_json:
        print_json({"id": found["id"], "deleted": True})
    else:
        note(f"deleted {found['name']} ({found['id']})")


@functions.command()
@click.argument("function")
@on_server
def enable(server: Server, function: str) -> None:
    """Let a function be called."""
    _switch(server, function, disabled=False)


@functions.command()
@click.argument("function")
@on_server
def disable(server: Server, function: str) -> None:
    """Refuse calls of a function."""
    _switch(server, function, disabled=True)


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--name", help="Name of the function; otherwise that of the file or folder.")
@click.option("--env-file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Values that a folder's perilune.toml refers to.")  # fmt: skip
@keep_env_option
@force_option
@on_server
def deploy(
    server: Server,
    path: Path,
    name: str | None,
    env_file: Path | None,
    *,
    keep_env: bool,
    force: bool,
) -> None:
    """Create the function in PATH, or give the function of its name this code.

    PATH is a file of code, or a folder with a perilune.toml whose settings are applied too.
    Nothing is changed if the function would not work.
    """
    if path.is_dir():
        deploy_folder(server, _unnamed(path, name), env_file, keep_env=keep_env, force=force)
        return
    file = _code_file(path, name)

    async def work(client: ServerClient) -> dict[str, object]:
        function, warnings = await file.find_function(client.functions, is_checked=not force)
        warn(warnings)
        if function is None:
            done = await client.functions.create(file.members)
        else:
            done = await client.functions.update(function, {"code": file.code})
        return done | {"url": client.functions.url_of(done)}

    done = server.run(work)
    if server.as_json:
        print_json({"id": done["id"], "name": done["name"], "version": _number(done),
                    "url": done["url"]})  # fmt: skip
    else:
        click.echo(f"{done['name']} version {_number(done)}: {done['url']}")


@click.command()
@click.argument("function")
@on_server
def versions(server: Server, function: str) -> None:
    """List the versions of a function, latest first."""

    async def work(client: ServerClient) -> list[dict[str, object]]:
        of = await client.functions.id_of(function)
        return [one async for one in client.functions.versions(of)]

    found = server.run(work)
    if server.as_json:
        print_json(found)
        return
    print_table(
        ("version", "active", "created", "by", "bytes"),
        (
            (
                one["version"],
                "yes" if one["is_active"] else "",
                shown_time(one["created_at"]),
                one.get("created_by"),
                len(str(one["code"]).encode()),
            )
            for one in found
        ),
    )


@click.command()
@click.argument("function")
@click.argument("version", type=click.IntRange(min=1), required=False)
@on_server
def rollback(server: Server, function: str, version: int | None) -> None:
    """Activate VERSION, or the latest one before the active one."""

    async def work(client: ServerClient) -> dict[str, object]:
        from perilune.client import NotFound

        of = await client.functions.id_of(function)
        if version is not None:
            wanted = await client.functions.version(of, version)
        else:
            found = [one async for one in client.functions.versions(of)]
            active = max((one["version"] for one in found if one["is_active"]), default=0)
            earlier = [one for one in found if one["version"] < active]
            if not earlier:
                raise NotFound(f"{function} has no version before the active one")
            wanted = max(earlier, key=lambda one: int(one["version"]))
        await client.functions.activate(of, wanted["id"])
        return {"function_id": of, "version": wanted["version"], "id": wanted["id"]}

    done = server.run(work)
    if server.as_json:
        print_json(done)
    else:
        note(f"version {done['version']} of {function} is active")


def _unnamed(folder: Path, name: str | None) -> Path:
    if name is not None:
        raise click.UsageError(f"--name is for files of code; {folder}/perilune.toml has a name")
    return folder


def _code_file(path: Path, name: str | None) -> "CodeFile":
    from perilune.client.code_file import CodeFile

    if name is not None and not name.strip():
        raise click.UsageError("--name must be a name that is not blank")
    return CodeFile(path, (name or path.stem).strip(), code_in(path))


def code_in(path: Path) -> str:
    """Return the code in a file."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise click.ClickException(f"{path}: save it as text in UTF-8: {problem}") from problem
    except OSError as problem:
        raise click.ClickException(f"can't read {path}: {problem}") from problem


def _switch(server: Server, function: str, *, disabled: bool) -> None:
    async def work(client: ServerClient) -> dict[str, object]:
        of = await client.functions.id_of(function)
        return await client.functions.update(of, {"disabled": disabled})

    found = server.run(work)
    if server.as_json:
        print_json({"id": found["id"], "name": found["name"], "disabled": found["disabled"]})
    else:
        note(f"{found['name']} is {'disabled' if found['disabled'] else 'enabled'}")


def _number(function: dict[str, object]) -> object:
    version = function.get("active_version")
    return version["version"] if isinstance(version, dict) else None


def _shown(name: str, value: object) -> object:
    if name.endswith("_at") and isinstance(value, int):
        return shown_time(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value
