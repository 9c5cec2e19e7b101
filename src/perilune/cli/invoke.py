"""`perilune invoke`: calls a function."""

import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

import click

from perilune.cli.boundary import EXIT_OK
from perilune.cli.connection import Server, ServerClient, on_server
from perilune.cli.output import note, print_body, print_json

if TYPE_CHECKING:
    from perilune.client.connection import ServerAnswer

EXIT_CLIENT_STATUS, EXIT_SERVER_STATUS = 6, 7


@click.command()
@click.argument("function")
@click.argument("path", default="")
@click.option("-X", "--method", help="HTTP method; otherwise GET, or POST with data.")
@click.option("-d", "--data", help="Body; @FILE sends a file, @- standard input.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="A header.")
@click.option("-q", "--query", multiple=True, metavar="NAME=VALUE", help="A query parameter.")
@click.option("-i", "--include", is_flag=True, help="Print status and headers to standard error.")
@click.option("--with-token", is_flag=True, help="Send the token, for protected functions.")
@on_server
def invoke(
    server: Server,
    function: str,
    path: str,
    *,
    method: str | None,
    data: str | None,
    headers: tuple[str, ...],
    query: tuple[str, ...],
    include: bool,
    with_token: bool,
) -> None:
    """Call FUNCTION, an id, name or address, and print the body of its answer.

    The exit code is 0 for a status below 400, 6 for 4xx and 7 for 5xx.  If the execution failed,
    standard error tells its id and the reason.
    """
    body = None if data is None else request_body(data)
    sent = dict(pair_in(one, ":", "--header") for one in headers)
    if body is not None and not any(name.lower() == "content-type" for name in sent):
        sent["Content-Type"] = "application/json" if _looks_like_json(body) else "text/plain"
    parameters = urlencode([pair_in(one, "=", "--query") for one in query])

    async def work(client: ServerClient) -> tuple["ServerAnswer", str]:
        found = await client.functions.get(await client.functions.id_of(function))
        url = urlsplit(client.functions.url_of(found))
        # By whatever name the server is reached here, the function is served at its own.
        given = sent if any(one.lower() == "host" for one in sent) else {"Host": url.netloc, **sent}
        mount = "/fn/" + url.path.rpartition("/fn/")[2]
        below = quote("/" + path.lstrip("/"), safe="/%!$&'()*+,;=:@?") if path else ""
        joint = "&" if "?" in below else "?"
        answer = await client.connection.call(
            method or ("GET" if body is None else "POST"),
            f"{mount}{below}{joint + parameters if parameters else ''}",
            given,
            body,
            with_token=with_token,
        )
        if answer.status == 401 and found["access"] == "token" and not with_token:
            return answer, f"only callers with a token may call {found['name']}: try --with-token"
        return answer, await _failure(client, answer)

    answer, failure = server.run(work)
    if server.as_json:
        print_json(_members(answer))
    else:
        if include:
            note(f"HTTP {answer.status}")
            for name, value in answer.headers:
                note(f"{name}: {value}")
        print_body(answer.body)
        if failure:
            note(failure)
    sys.exit(exit_code(answer.status))


async def _failure(client: ServerClient, answer: "ServerAnswer") -> str:
    """Return why the execution that made an answer has failed; empty if it has not."""
    from perilune.client import NotFound

    execution = {name.lower(): value for name, value in answer.headers}.get("x-execution-id")
    if answer.status < 400 or execution is None:
        return ""
    try:
        report = (await client.executions.get(execution)).get("error_message")
    except NotFound:
        return f"execution {execution}"
    # Without a report it is the function that has answered so.
    return f"execution {execution} failed\n{report}" if report else ""


def exit_code(status: int) -> int:
    """Return the exit code that stands for an HTTP status."""
    if status < 400:
        return EXIT_OK
    return EXIT_CLIENT_STATUS if status < 500 else EXIT_SERVER_STATUS


def request_body(data: str) -> bytes:
    """Return what `--data` stands for."""
    if data == "@-":
        return sys.stdin.buffer.read()
    if not data.startswith("@"):
        return data.encode("utf-8", "surrogateescape")
    try:
        return Path(data[1:]).read_bytes()
    except OSError as problem:
        raise click.BadParameter(f"can't read {data[1:]}: {problem}", param_hint="--data") from None


def pair_in(text: str, separator: str, option: str) -> tuple[str, str]:
    """Return the name and the value in *text*, which *option* was given."""
    name, found, value = text.partition(separator)
    if not found or not name.strip():
        raise click.BadParameter(f"{text!r} has no {separator!r}", param_hint=option)
    return name.strip(), value.strip() if separator == ":" else value


def _members(answer: "ServerAnswer") -> dict[str, object]:
    named = {name.lower(): value for name, value in answer.headers}
    members: dict[str, object] = {
        "status": answer.status,
        "headers": [[str(name), value] for name, value in answer.headers],
        "execution_id": named.get("x-execution-id"),
        "duration_ms": int(named["x-execution-duration-ms"])
        if "x-execution-duration-ms" in named
        else None,
    }
    try:
        members["body"] = answer.body.decode()
    except UnicodeDecodeError:
        members["body_base64"] = base64.b64encode(answer.body).decode()
    return members


def _looks_like_json(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"{", b"[", b'"')
