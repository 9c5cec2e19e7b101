"""The process boundary: the environment is read, and errors become exit codes."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import click
import uvloop

from perilune.cli.logs import configure_logging
from perilune.config import (
    SettingError,
    Settings,
    declarations,
    load_settings,
    unknown_variables,
)
from perilune.errors import PeriluneError

EXIT_OK, EXIT_FAILED = 0, 1

_log = logging.getLogger(__name__)


def setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give *command* one option per declared setting."""
    for one in reversed(declarations()):
        command = click.option(one.flag, one.name, metavar=one.metavar, help=one.help_line)(command)
    return command


def read_settings(flags: dict[str, str | None]) -> Settings:
    """Return the settings; one that can't be used ends the program."""
    try:
        return load_settings(os.environ, flags)
    except PeriluneError as error:
        fail(error)


def read_file_settings(flags: dict[str, str | None]) -> Settings:
    """Return the settings for work on the file in the data directory, or end the program."""
    settings = read_settings(flags)
    if settings.database_url:
        fail(
            SettingError(
                "DATABASE_URL",
                "names a PostgreSQL database, which has programs of its own for that",
            )
        )
    return settings


def settings_from(flags: dict[str, str | None]) -> Settings:
    """Return the settings and set logging up; a setting that can't be used ends the program."""
    settings = read_settings(flags)
    configure_logging(settings.log_level, settings.log_format)
    for name in unknown_variables(os.environ):
        _log.warning("the variable %s is not a setting and has no effect", name)
    return settings


def run(work: Coroutine[Any, Any, int]) -> int:
    """Run *work* on a new event loop; a foreseen failure becomes a text and exit code 1."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(work)
        except PeriluneError as error:
            fail(error)


def fail(error: PeriluneError) -> NoReturn:
    """End the program with the text of *error* and exit code 1."""
    click.echo(f"perilune: {error}", err=True)
    sys.exit(EXIT_FAILED)
