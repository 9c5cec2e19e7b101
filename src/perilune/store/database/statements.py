"""The SQL texts, one file per concern under `sql/`, each text under its own name.

Each is written once.  What SQLite and PostgreSQL write differently stands in it as a fragment in
braces.  All code holds and hands on SQLite's text; a connection to PostgreSQL asks `for_postgres`
what the text is there, so SQLite pays nothing for the other.
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType

EVERYTHING = 2**63 - 1
"""As a LIMIT."""

_HEADER = "-- name:"

_FRAGMENTS = tuple(
    (re.compile(written), sqlite, postgres)
    for written, sqlite, postgres in (
        # Which index to walk along; PostgreSQL finds that out by itself.
        (r"\{use (\w+)\}", r"INDEXED BY \1", ""),
        # Keeps SQLite from choosing an index of the column.
        (r"\{unindexed ([\w.]+)\}", r"+\1", r"\1"),
        # The members of a JSON array.
        (r"\{numbers in (\?\d+)\}", r"SELECT value FROM json_each(\1)",
         r"SELECT json_array_elements_text(\1::json)::bigint"),
        (r"\{texts in (\?\d+)\}", r"SELECT value FROM json_each(\1)",
         r"SELECT json_array_elements_text(\1::json)"),
        # The size of a text.  SQLite knows octet_length from 3.43 on.
        (r"\{bytes of ([\w.]+)\}", r"length(CAST(\1 AS BLOB))", r"octet_length(\1)"),
        # The place of a row, where a statement has to say which it means without a key.
        (r"\{place\}", "rowid", "ctid"),
        # Without a difference of case, in comparisons and in the order.
        (r"\{like\}", "LIKE", "ILIKE"),
        (r"\{any case ([\w.]+)\}", r"\1 COLLATE NOCASE", r"lower(\1)"),
        # Unix seconds by the clock of the database.
        (r"\{now\}", "(julianday('now') - 2440587.5) * 86400.0",
         "extract(epoch FROM clock_timestamp())::double precision"),
        # The lesser and the greater of two values.
        (r"\{lesser\}", "min", "least"),
        (r"\{greater\}", "max", "greatest"),
    )
)  # fmt: skip
_PARAMETER = re.compile(r"\?(\d*)")
_MOST_KEPT = 4096

_postgres: dict[str, str] = {}
"""By SQLite's text, where the two differ."""


@cache
def load_statements(concern: str, **texts: str) -> Mapping[str, str]:
    """Return the named statements of `sql/<concern>.sql`.

    A statement starts below a line `-- name: <name>` and ends before the next one.  What
    PostgreSQL does in another way altogether is in `sql/postgres/<concern>.sql`.

    Args:
        concern: The name of the file.
        texts: What to put in place of `{<name>}`, such as a list of columns.
    """
    for_both, others = _files(concern)
    templates = named_statements(for_both, **texts)
    statements = {name: in_both(template) for name, template in templates.items()}
    for name, text in named_statements(others, **texts).items():
        _postgres[statements[name]] = text
    return MappingProxyType(statements)


@cache
def _files(concern: str) -> tuple[str, str]:
    """Return what is for both databases, and what PostgreSQL has for itself.

    They are read once, as modules are imported: later a process may have no descriptor left.
    """
    folder = resources.files("perilune.store").joinpath("sql")
    others = folder.joinpath("postgres", f"{concern}.sql")
    return (
        folder.joinpath(f"{concern}.sql").read_text("utf-8"),
        others.read_text("utf-8") if others.is_file() else "",
    )


def named_statements(text: str, **texts: str) -> dict[str, str]:
    """Return the statements in *text*, a file as `load_statements` describes it."""
    statements = {}
    for part in text.split(_HEADER)[1:]:
        name, _, statement = part.partition("\n")
        for placeholder, given in texts.items():
            statement = statement.replace(f"{{{placeholder}}}", given)
        statements[name.strip()] = statement.strip()
    return statements


@cache
def in_both(template: str) -> str:
    """Return SQLite's text for *template*, which may have fragments; note PostgreSQL's."""
    sqlite = postgres = template
    for pattern, here, there in _FRAGMENTS:
        sqlite, postgres = pattern.sub(here, sqlite), pattern.sub(there, postgres)
    if sqlite != postgres and _postgres.setdefault(sqlite, postgres) != postgres:
        raise ValueError(f"two statements are the same for SQLite: {sqlite}")
    return sqlite


@lru_cache(_MOST_KEPT)
def for_postgres(sqlite: str) -> str:
    """Return what PostgreSQL executes for a statement, given by the text SQLite has for it.

    Parameters are `$1`, `$2`, …; a `?` without a number is one more than the largest before it.
    """
    largest = 0

    def numbered(found: re.Match[str]) -> str:
        nonlocal largest
        number = int(found[1]) if found[1] else largest + 1
        largest = max(largest, number)
        return f"${number}"

    return _PARAMETER.sub(numbered, _postgres.get(sqlite, sqlite))
