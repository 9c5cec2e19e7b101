"""`perilune test` and `perilune replay`: executions at somebody's wish."""

import base64
import sys
from pathlib import Path

import click

from perilune.cli.boundary import EXIT_FAILED, EXIT_OK
from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.functions import code_in
from perilune.cli.invoke import pair_in, request_body
from perilune.cli.output import note, print_body, print_json, shown_line


@click.command("test")
@click.argument("function")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("-p", "--path", default="/", help="Path below the function's own.")
@click.option("-X", "--method", help="HTTP method; otherwise GET, or POST with data.")
@click.option("-d", "--data", help="Body; @FILE sends a file, @- standard input.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="A header.")
@click.option("-q", "--query", multiple=True, metavar="NAME=VALUE", help="A query parameter.")
@on_server
def try_out(
    server: Server,
    function: str,
    file: Path | None,
    *,
    path: str,
    method: str | None,
    data: str | None,
    headers: tuple[str, ...],
    query: tuple[str, ...],
) -> None:
    """Execute the code in FILE as FUNCTION, an id, name or address, without deploying it.

    It has the data and the environment of the function.  FILE may be a folder with main.*;
    without FILE, the active version is executed.  The log goes to standard error; the exit code
    is 1 if the execution fails.
    """
    event: dict[str, object] = {
        "method": method or ("GET" if data is None else "POST"),
        "path": path,
        "headers": dict(pair_in(one, ":", "--header") for one in headers),
        "query": dict(pair_in(one, "=", "--query") for one in query),
    }
    if data is not None:
        event["body"] = base64.b64encode(request_body(data)).decode()
        event["isBase64Encoded"] = True
    code = None if file is None else _draft(file)

    async def work(client: ServerClient) -> dict[str, object]:
        of = await client.functions.id_of(function)
        return await client.executions.try_out(of, code, event)

    _show(server, server.run(work))


@click.command()
@click.argument("execution")
@click.option("--version", type=click.IntRange(min=1), help="Number of the version to use.")
@on_server
def replay(server: Server, execution: str, version: int | None) -> None:
    """Execute the stored event of EXECUTION again."""

    async def work(client: ServerClient) -> dict[str, object]:
        return await client.executions.replay(execution, version)

    _show(server, server.run(work))


def _draft(path: Path) -> str:
    if not path.is_dir():
        return code_in(path)
    codes = sorted(path.glob("main.*"))
    if len(codes) != 1:
        raise click.UsageError(f"{path} must have exactly one file main.*")
    return code_in(codes[0])


def _show(server: Server, done: dict[str, object]) -> None:
    exit_code = EXIT_OK if done["status"] == "success" else EXIT_FAILED
    if server.as_json:
        print_json(done)
        sys.exit(exit_code)
    lines = done["logs"]
    for line in lines if isinstance(lines, list) else []:
        click.echo(shown_line(line), err=True)
    masked = done.get("masked")
    if isinstance(masked, list) and masked:
        note(f"masked in the stored event: {', '.join(masked)}")
    note(f"execution {done['execution_id']}: {done['status']}, {done['duration_ms']} ms")
    error, response = done.get("error"), done.get("response")
    if isinstance(error, dict):
        note(f"{error['kind']}: {error['message']}")
    if isinstance(response, dict):
        note(f"status {response['statusCode']}")
        body = str(response["body"])
        content = base64.b64decode(body) if response["isBase64Encoded"] else body.encode()
        print_body(content)
    sys.exit(exit_code)
