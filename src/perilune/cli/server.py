"""Commands of the machine the server runs on: `serve`, `init`, `version`."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perilune import __version__
from perilune.cli.boundary import EXIT_FAILED, EXIT_OK, run, setting_options, settings_from
from perilune.clock import find_zone
from perilune.config import Settings

# `perilune.app` is imported by what needs it: loading all of a server takes a second,
# which `--help` and `version` need not wait for.
if TYPE_CHECKING:
    from perilune.api import ApiKey
    from perilune.app import RunningServer

COLLECT_AFTER_OBJECTS = 20_000
SWITCH_AFTER_S = 0.0005
"""How long the event loop waits for a thread that computes, a hundred times for one request."""

_log = logging.getLogger(__name__)


@click.command()
@click.option("--example", is_flag=True, help="Create an example function in an empty store.")
@setting_options
def serve(example: bool, **flags: str | None) -> None:
    """Run the server until SIGINT or SIGTERM."""
    settings = settings_from(flags)
    sys.exit(run(serve_until_stopped(settings, with_example=example)))


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path | None) -> None:
    """Create the data directory DIRECTORY with its key, database and example function."""
    settings = settings_from({"data_dir": None if directory is None else str(directory)})
    sys.exit(run(initialise(settings)))


@click.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


async def serve_until_stopped(settings: Settings, *, with_example: bool = False) -> int:
    """Serve until a signal comes; return the exit code."""
    from perilune.app import open_server, raise_descriptor_limit, returning_memory

    raise_descriptor_limit(settings.max_connections)
    stop = _stop_signal()
    async with returning_memory(), open_server(settings) as server:
        await _announce(server, with_example=with_example)
        _relax_collector()
        sys.setswitchinterval(SWITCH_AFTER_S)
        await stop.wait()
        await server.drain()
        _log.info("stopping: no new requests, up to %g s for running ones", settings.shutdown_grace)
        has_finished = await server.stop()
    _log.info("stopped")
    return EXIT_OK if has_finished else EXIT_FAILED


async def initialise(settings: Settings) -> int:
    """Create everything a server finds at its first start; what exists stays as it is."""
    from perilune.api import function_path
    from perilune.app import ensure_example, open_data

    async with open_data(settings) as (key, store):
        function = await ensure_example(store)
    click.echo(f"data directory: {settings.data_dir}")
    if key.path is not None:
        click.echo(f"API key: in {key.path}")
    _show_new_key(key)
    if function is not None:
        click.echo(f"example function: {function_path(function)}")
    return EXIT_OK


async def _announce(server: "RunningServer", *, with_example: bool) -> None:
    from perilune.api import function_path
    from perilune.app import ensure_example

    settings, sandbox = server.settings, server.runtime.sandbox()
    languages = server.runtime.languages
    _log.info("port: %d", server.port)
    _log.info("data directory: %s", settings.data_dir.resolve())
    if settings.database_url:
        _log.info("database: PostgreSQL, as configured")
    _log.info("execution timeout: %g s", settings.execution_timeout)
    _log.info("time zone: %s", find_zone(settings.time_zone).key or "local time")
    _log.info("base URL: %s", server.url)
    _log.info("dashboard: %s/", server.local_url)
    _log.info("API: %s/api", server.local_url)
    _log.info("description of the API: %s/docs", server.local_url)
    _log.info("languages: %s%s", ", ".join(languages), _missing_languages(languages))
    missing = f", missing: {'; '.join(sandbox.missing)}" if sandbox.missing else ""
    level = logging.WARNING if sandbox.missing else logging.INFO
    _log.log(level, "sandbox: %s%s", sandbox.grade, missing)
    if server.key.path is None:
        _log.info("API key: as configured")
    else:
        _log.info("API key: in %s", server.key.path.resolve())
    _show_new_key(server.key)
    function = await ensure_example(server.store) if with_example else None
    if function is not None:
        host = f" -H 'Host: {settings.function_host}'" if settings.function_host else ""
        url = f"{server.local_url}{function_path(function)}?name=you"
        _log.info("try: curl%s '%s'", host, url)


def _missing_languages(languages: Sequence[str]) -> str:
    if "javascript" in languages:
        return ""
    return "; for JavaScript and TypeScript: pip install 'perilune[javascript]'"


def _show_new_key(key: "ApiKey") -> None:
    """Show a key once, to the person who made it; never to a file or a log (KD-06)."""
    if key.is_new and sys.stdout.isatty():
        click.echo(f"The new API key: {key.value}")


def _relax_collector() -> None:
    """Keep the garbage collector from looking at everything again and again.

    Objects that exist when the server is up stay until its end, and requests leave
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
