"""What commands print: tables and progress for people, JSON for programs.

Results go to standard output, everything else to standard error.  On a terminal tables are
coloured and fit its width; elsewhere they are plain and as wide as they need to be.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click
import msgspec

# `rich` is imported by what prints with it, so that `--help` does not wait for it.
if TYPE_CHECKING:
    from rich.console import Console

WIDE = 10_000

_LEVEL_COLOURS = {"error": "red", "warn": "yellow", "debug": "bright_black"}

Bars = Callable[[str, int, int], None]
"""Is told what is under way, how much of it is done, and how much there is."""


def print_json(value: Any) -> None:  # whatever JSON can say
    """Print one JSON document, indented, members in the order in which they were made."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def print_json_line(value: Any) -> None:  # whatever JSON can say
    """Print one JSON document in one line, at once, as part of a stream of them."""
    click.echo(msgspec.json.encode(value).decode())
    sys.stdout.flush()


def print_table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print *rows* under *titles*; None is shown as nothing."""
    from rich.table import Column, Table
    from rich.text import Text

    columns = (Column(one, overflow="fold") for one in titles)
    table = Table(*columns, box=None, pad_edge=False, header_style="bold", show_edge=False)
    for row in rows:
        # `Text`, so that brackets in a cell are not taken for markup.
        table.add_row(*(Text("" if cell is None else one_line(str(cell))) for cell in row))
    shown = console()
    if shown.is_terminal:
        shown.print(table)
        return
    with shown.capture() as captured:
        shown.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def note(text: str) -> None:
    """Tell a person something that is not a result; what could steer a terminal is left out."""
    click.echo(printable_lines(text), err=True)


def warn(texts: Iterable[str]) -> None:
    """Tell a person what may be wrong."""
    for text in texts:
        note(f"warning: {text}")


def print_body(content: bytes) -> None:
    """Print what a function answered, as it is; a terminal's next line begins anew."""
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    if sys.stdout.isatty() and not content.endswith(b"\n"):
        click.echo()


@contextmanager
def progress_bars() -> Iterator[Bars]:
    """Show how far something is, on a terminal only."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    shown = console(err=True)
    with Progress(*columns, console=shown, disable=not shown.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def tell(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done)

        yield tell


def shown_time(seconds: object, zone: str | None = None) -> str:
    """Return Unix *seconds* as people write it, in local time or else in *zone*, with its name."""
    if not isinstance(seconds, int | float):
        return ""
    try:
        if zone is not None:
            return f"{datetime.fromtimestamp(seconds, ZoneInfo(zone)):%Y-%m-%d %H:%M:%S %Z}"
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (ValueError, OverflowError, OSError, KeyError):
        return str(seconds)


def shown_line(line: Mapping[str, object]) -> str:
    """Return a line of an execution's log with its time and level."""
    level = str(line["level"])
    shown = click.style(f"{level:5}", fg=_LEVEL_COLOURS.get(level))
    message = printable_lines(str(line["message"])).replace("\n", "\n    ")
    return f"{shown_time(line['created_at'])} {shown} {message}"


def printable_lines(text: str) -> str:
    """Return *text* with its line breaks, without what else could steer a terminal."""
    return "\n".join(map(one_line, text.split("\n")))


def one_line(text: str) -> str:
    """Return *text* without what could forge lines or steer a terminal."""
    return "".join(one if one.isprintable() else " " for one in text)


def console(*, err: bool = False) -> "Console":
    """Return a console on standard output or standard error."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else WIDE
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)
