"""The SQL texts, one file per concern under `sql/`, each text under its own name."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import chain
from types import MappingProxyType
from typing import Any

_HEADER = "-- name:"
_MOST_ROWS = 64


@cache
def load_statements(concern: str, **texts: str) -> Mapping[str, str]:
    """Return the named statements of `sql/<concern>.sql`.

    A statement starts below a line `-- name: <name>` and ends before the next one.

    Args:
        concern: The name of the file.
        texts: What to put in place of `{<name>}`, such as a list of columns.
    """
    file = resources.files("perilune.store.sqlite").joinpath("sql", f"{concern}.sql")
    text = file.read_text("utf-8")
    statements = {}
    for part in text.split(_HEADER)[1:]:
        name, _, statement = part.partition("\n")
        for placeholder, given in texts.items():
            statement = statement.replace(f"{{{placeholder}}}", given)
        statements[name.strip()] = statement.strip()
    return MappingProxyType(statements)


@cache
def for_rows(update: str) -> str:
    """Return the UPDATE of one row, whose values are `?1`, `?2`, …, as one of `{rows}`.

    Columns of the table must not be called `column1`, `column2`, …
    """
    head, _, condition = re.sub(r"\?(\d+)", r"given.column\1", update).partition("\nWHERE ")
    return f"{head}\nFROM (VALUES {{rows}}) AS given\nWHERE {condition}"


def execute_rows(connection: sqlite3.Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Execute *sql* with the values of *rows* for `{rows}`; return how many rows changed.

    They are given in powers of two: so there are few texts, which the driver keeps prepared,
    and a handful of calls for any number of rows.
    """
    if len(rows) == 1:
        return connection.execute(_with_rows(sql, 1, len(rows[0])), rows[0]).rowcount
    changed = start = 0
    while start < len(rows):
        size = min(1 << ((len(rows) - start).bit_length() - 1), _MOST_ROWS)
        some = rows[start : start + size]
        start += size
        values = list(chain.from_iterable(some))
        changed += connection.execute(_with_rows(sql, size, len(some[0])), values).rowcount
    return changed


@cache
def _with_rows(sql: str, size: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return sql.replace("{rows}", ", ".join([row] * size))
