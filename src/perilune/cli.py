"""The `perilune` command: `serve`, `init`, `version`.

The process boundary: here the environment is read, logging is set up, signals
are handled and errors become exit codes.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
import msgspec
import uvloop

from perilune import __version__
from perilune.config import (
    Settings,
    declarations,
    load_settings,
    unknown_variables,
)
from perilune.errors import PeriluneError

# `perilune.app` is imported by what needs it: loading all of a server takes a second,
# which `--help` and `version` need not wait for.
if TYPE_CHECKING:
    from perilune.api import ApiKey
    from perilune.app import RunningServer

EXIT_OK, EXIT_FAILED = 0, 1
COLLECT_AFTER_OBJECTS = 20_000

_log = logging.getLogger(__name__)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="perilune", message="%(prog)s %(version)s")
def main() -> None:
    """Perilune, a self-hosted function platform."""


def _setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give *command* one option per declared setting."""
    for one in reversed(declarations()):
        command = click.option(one.flag, one.name, metavar=one.metavar, help=one.help_line)(command)
    return command


@main.command()
@click.option("--example", is_flag=True, help="Create an example function in an empty store.")
@_setting_options
def serve(example: bool, **flags: str | None) -> None:
    """Run the server until SIGINT or SIGTERM."""
    settings = _settings(flags)
    sys.exit(_run(serve_until_stopped(settings, with_example=example)))


@main.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path | None) -> None:
    """Create the data directory DIRECTORY with its key, database and example function."""
    settings = _settings({"data_dir": None if directory is None else str(directory)})
    sys.exit(_run(initialise(settings)))


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


async def serve_until_stopped(settings: Settings, *, with_example: bool = False) -> int:
    """Serve until a signal comes; return the exit code."""
    from perilune.app import open_server

    stop = _stop_signal()
    async with open_server(settings) as server:
        await _announce(server, with_example=with_example)
        _relax_collector()
        await stop.wait()
        _log.info("stopping: no new requests, up to %g s for running ones", settings.shutdown_grace)
        has_finished = await server.stop()
    _log.info("stopped")
    return EXIT_OK if has_finished else EXIT_FAILED


async def initialise(settings: Settings) -> int:
    """Create everything a server finds at its first start; what exists stays as it is."""
    from perilune.app import ensure_example, open_data

    async with open_data(settings) as (key, store):
        function = await ensure_example(store)
    click.echo(f"data directory: {settings.data_dir}")
    if key.path is not None:
        click.echo(f"API key: in {key.path}")
    _show_new_key(key)
    if function is not None:
        click.echo(f"example function: /fn/{function.id}")
    return EXIT_OK


class JsonLines(logging.Formatter):
    """One JSON object per record; `extra={"fields": {...}}` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        members: dict[str, Any] = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        members.update(getattr(record, "fields", {}))
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(members, enc_hook=str).decode()


class TextLines(logging.Formatter):
    """One line per record for people; line breaks in messages can't fake records."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line without the traceback."""
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)


def configure_logging(level: str, form: str) -> None:
    """Send the records of all loggers to standard output, as JSON lines or text."""
    as_json = form == "json" or (form == "auto" and not sys.stdout.isatty())
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines() if as_json else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Its warnings are about single bad requests, which anybody can send in any number.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


async def _announce(server: "RunningServer", *, with_example: bool) -> None:
    from perilune.app import ensure_example

    settings, sandbox = server.settings, server.sandbox
    _log.info("port: %d", server.port)
    _log.info("data directory: %s", settings.data_dir.resolve())
    _log.info("execution timeout: %g s", settings.execution_timeout)
    _log.info("base URL: %s", server.url)
    _log.info("API: http://localhost:%d/api", server.port)
    missing = f", missing: {', '.join(sandbox.missing)}" if sandbox.missing else ""
    level = logging.WARNING if sandbox.missing else logging.INFO
    _log.log(level, "sandbox: %s%s", sandbox.grade, missing)
    if server.key.path is None:
        _log.info("API key: as configured")
    else:
        _log.info("API key: in %s", server.key.path.resolve())
    _show_new_key(server.key)
    function = await ensure_example(server.store) if with_example else None
    if function is not None:
        _log.info("try: curl 'http://localhost:%d/fn/%s?name=you'", server.port, function.id)


def _show_new_key(key: "ApiKey") -> None:
    """Show a key once, to the person who made it; never to a file or a log (KD-06)."""
    if key.is_new and sys.stdout.isatty():
        click.echo(f"The new API key: {key.value}")


def _settings(flags: dict[str, str | None]) -> Settings:
    try:
        settings = load_settings(os.environ, flags)
    except PeriluneError as error:
        _fail(error)
    configure_logging(settings.log_level, settings.log_format)
    for name in unknown_variables(os.environ):
        _log.warning("the variable %s is not a setting and has no effect", name)
    return settings


def _run(work: Coroutine[Any, Any, int]) -> int:
    """Run *work* on a new event loop; a foreseen failure becomes a text and exit code 1."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(work)
        except PeriluneError as error:
            _fail(error)


def _fail(error: PeriluneError) -> NoReturn:
    click.echo(f"perilune: {error}", err=True)
    sys.exit(EXIT_FAILED)


def _relax_collector() -> None:
    """Keep the garbage collector from looking at everything again and again.

    What exists once the server is up stays until its end, and requests leave
    hardly any cycles behind; by default a collection comes every few requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS, 20, 50)


def _stop_signal() -> asyncio.Event:
    """Return an event that the first SIGINT or SIGTERM sets; the second ends the process."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def handle(number: signal.Signals) -> None:
        if stop.is_set():
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, handle, number)
    return stop
