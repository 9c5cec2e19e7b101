"""Commands for functions as plain files: `export`, `import`, `apply`."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from perilune.cli.boundary import EXIT_OK
from perilune.cli.connection import Server, ServerClient, end_with, on_server
from perilune.cli.output import note, one_line, print_json, warn
from perilune.errors import PeriluneError

if TYPE_CHECKING:
    from perilune.client.folders import FunctionFiles
    from perilune.client.plan import Step

EXIT_DIFFERS = 2
ENV_FILE = ".env"

Done = tuple[str | None, str | None]
"""Id and URL of a function; None if it is gone."""

_MARKS = {"create": ("+", "green"), "change": ("~", "yellow"), "delete": ("-", "red"),
          "unchanged": ("=", None)}  # fmt: skip

_env_file = click.option(
    "--env-file",
    # Whether it is there is not for click to say: its exit code is that of a plan.
    type=click.Path(path_type=Path),
    help="Values of references. Otherwise DIR/.env and FOLDER/.env, if they exist.",
)
keep_env_option = click.option(
    "--keep-env",
    is_flag=True,
    help="Variables and signing secrets without a value stay as they are on the server.",
)
force_option = click.option(
    "--force", is_flag=True, help="Don't ask the server first whether the functions would work."
)


@click.command("export")
@click.argument("directory", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--function", help="Export this function only; its id, name or address.")
@on_server
def export_files(server: Server, directory: Path, function: str | None) -> None:
    """Write functions as folders into DIRECTORY: perilune.toml and the code.

    Values of variables are not written; the files refer to them by name.
    """

    async def work(client: ServerClient) -> list[Path]:
        from perilune.client.deploy import export

        return await export(client.functions, directory, function)

    written = server.run(work)
    if server.as_json:
        print_json([str(one) for one in written])
        return
    for one in written:
        click.echo(one)


@click.command("import")
@click.argument("directory", type=click.Path(path_type=Path))
@_env_file
@force_option
@on_server
def import_files(server: Server, directory: Path, env_file: Path | None, *, force: bool) -> None:
    """Create the functions in the folders of DIRECTORY; those that exist stay as they are."""
    folders = _read(directory, env_file)
    # Functions that exist need no values: theirs stay.
    steps = _plan(server, folders, prune=False, keep_env=True)
    new = [one for one in steps if one.kind == "create"]
    for one in steps:
        if one.kind == "change":
            note(f"{one.name} exists and differs; `perilune apply` would change it")
    if not force:
        _check(server, new)
    _finish(server, new, _carry_out(server, new))


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show the plan only; exit code 2 if there is one.")
@click.option("--prune", is_flag=True, help="Delete functions that have no folder.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@_env_file
@keep_env_option
@force_option
@on_server
def apply(
    server: Server,
    directory: Path,
    *,
    dry_run: bool,
    prune: bool,
    yes: bool,
    env_file: Path | None,
    keep_env: bool,
    force: bool,
) -> None:
    """Make the server's functions what the folders of DIRECTORY say.

    Shows the plan and asks before it changes anything.  Functions are told apart by their
    names.  Applying a second time changes nothing.  What would not work is an error, also of
    --dry-run, before anything is changed.
    """
    folders = _read(directory, env_file)
    if prune and not folders.files:
        raise click.ClickException(f"{directory} has no functions; --prune would delete all others")
    steps = _plan(server, folders, prune=prune, keep_env=keep_env)
    _keep_namesakes(directory, folders, steps)
    due = [one for one in steps if one.kind != "unchanged"]
    if not server.as_json:
        show_plan(steps)
    if not force:
        _check(server, due)
    if dry_run:
        if server.as_json:
            print_json([_members(one) for one in steps])
        sys.exit(EXIT_DIFFERS if due else EXIT_OK)
    if due and not yes:
        click.confirm("Carry this out?", abort=True, err=True)
    _finish(server, steps, _carry_out(server, steps))


def plan_folder(
    server: Server, path: Path, env_file: Path | None, *, keep_env: bool, force: bool
) -> Sequence["Step"]:
    """Return what must happen to the function in one folder, checked unless *force* is given."""
    if not (path / "perilune.toml").exists():
        raise click.UsageError(f"{path} has no perilune.toml; `perilune apply` takes many folders")
    steps = _plan(server, _read(path, env_file, path.parent), prune=False, keep_env=keep_env)
    if not server.as_json:
        show_plan(steps)
    if not force:
        _check(server, steps)
    return steps


def deploy_folder(
    server: Server, path: Path, env_file: Path | None, *, keep_env: bool, force: bool
) -> None:
    """Apply one folder without asking."""
    steps = plan_folder(server, path, env_file, keep_env=keep_env, force=force)
    done = _carry_out(server, steps)
    _finish(server, steps, done)
    if not server.as_json:
        click.echo(f"{steps[0].name}: {done[0][1]}")


def show_plan(steps: Sequence["Step"]) -> None:
    """Print what will happen; never the value of a variable."""
    for step in steps:
        mark, colour = _MARKS[step.kind]
        click.secho(f"{mark} {step.name}", fg=colour)
        if step.kind == "change":
            for name, value in step.settings.items():
                click.echo(f"    {name}: {_shown(step.before[name])} → {_shown(value)}")
            if step.lines_added or step.lines_removed:
                click.echo(f"    code: +{step.lines_added} -{step.lines_removed} lines")
            elif step.code is not None:
                click.echo("    code: line ends or requirements")
            for name, what in step.env_changes.items():
                click.echo(f"    variable {name}: {what}")
            if step.signing_secrets is not None:
                click.echo("    signing secrets: replaced")


class _Folders(NamedTuple):
    """Functions as folders describe them, and what the references in them stand for."""

    files: Mapping[Path, "FunctionFiles"]
    values: Mapping[Path, Mapping[str, str]]


def _read(directory: Path, env_file: Path | None, root: Path | None = None) -> _Folders:
    """Read folders; *root* is where a `.env` for all of them lies, unless it is *directory*."""
    from perilune.client.folders import read_folders

    values: dict[Path, dict[str, str]] = {}

    def values_of(folder: Path) -> Mapping[str, str]:
        return values.setdefault(folder, _values(root or directory, folder, env_file))

    try:
        return _Folders(read_folders(directory, values_of), values)
    except PeriluneError as error:
        end_with(error)


def _plan(server: Server, folders: _Folders, *, prune: bool, keep_env: bool) -> list["Step"]:
    async def work(client: ServerClient) -> list["Step"]:
        from perilune.client.deploy import make_plan

        return await make_plan(client.functions, *folders, prune=prune, keep_env=keep_env)

    return server.run(work)


def _keep_namesakes(directory: Path, folders: _Folders, steps: Sequence["Step"]) -> None:
    """Refuse to delete a function that has a folder, though not one that describes it."""
    from perilune.client.folders import namesake

    for name in (one.name for one in steps if one.kind == "delete"):
        found = namesake(directory, name)
        if found is not None and found not in folders.files:
            raise click.ClickException(
                f"{found}: has no perilune.toml, and --prune would delete {name!r}: add the file,"
                " or call the folder something else"
            )


def _check(server: Server, steps: Sequence["Step"]) -> None:
    async def work(client: ServerClient) -> list[str]:
        from perilune.client.checking import check

        drafts = [one.draft for one in steps if one.draft is not None]
        return await check(client.functions, drafts)

    warn(server.run(work))


def _carry_out(server: Server, steps: Sequence["Step"]) -> list[Done]:
    async def work(client: ServerClient) -> list[Done]:
        from perilune.client.deploy import carry_out

        done: list[Done] = []
        for step in steps:
            function = await carry_out(client.functions, step)
            done.append((None, None))
            if function is not None:
                done[-1] = (function["id"], client.functions.url_of(function))
            if step.kind != "unchanged" and not server.as_json:
                note(": ".join(filter(None, (f"{step.kind}d {step.name}", done[-1][1]))))
        return done

    return server.run(work)


def _finish(server: Server, steps: Sequence["Step"], done: Sequence[Done]) -> None:
    if server.as_json:
        found = zip(steps, done, strict=True)
        print_json([_members(step) | {"id": of, "url": url} for step, (of, url) in found])
    elif all(one.kind == "unchanged" for one in steps):
        note("nothing to do")


def _values(directory: Path, folder: Path, env_file: Path | None) -> dict[str, str]:
    """Return what references stand for: the environment wins, then the nearest file."""
    from perilune.client.folders import within

    if env_file is not None:
        return read_env_file(env_file) | os.environ
    found: dict[str, str] = {}
    for file in (directory / ENV_FILE, folder / ENV_FILE):
        if os.path.lexists(file):
            try:
                found |= read_env_file(within(file, directory))
            except PeriluneError as error:
                end_with(error)
    return found | os.environ


def read_env_file(file: Path) -> dict[str, str]:
    """Return the variables in a `.env` file, as they stand there; a line without sense ends it."""
    # Not `dotenv_values`, which skips such lines, and a variable with them.
    from dotenv.parser import parse_stream

    try:
        with file.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as problem:
        raise click.ClickException(f"can't read {file}: {problem}") from problem
    for one in bindings:
        if one.error or (one.key and one.value is None):
            raise click.ClickException(f"{file}: line {one.original.line} makes no sense")
    return {one.key: one.value for one in bindings if one.key and one.value is not None}


def _members(step: "Step") -> dict[str, object]:
    return {
        "name": step.name,
        "action": str(step.kind),
        "id": step.function_id,
        "settings": step.settings if step.kind == "change" else {},
        "code_changes": step.code is not None,
        "lines_added": step.lines_added,
        "lines_removed": step.lines_removed,
        "variables": dict(step.env_changes),
        "signing_secrets_change": step.signing_secrets is not None,
    }


def _shown(value: object) -> str:
    return "none" if value is None else one_line(str(value))
