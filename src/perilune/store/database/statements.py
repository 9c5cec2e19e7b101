"""The SQL texts, one file per concern under `sql/`, each text under its own name."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

_HEADER = "-- name:"


@cache
def load_statements(concern: str, **texts: str) -> Mapping[str, str]:
    """Return the named statements of `sql/<concern>.sql`.

    A statement starts below a line `-- name: <name>` and ends before the next one.

    Args:
        concern: The name of the file.
        texts: What to put in place of `{<name>}`, such as a list of columns.
    """
    file = resources.files("perilune.store").joinpath("sql", f"{concern}.sql")
    return MappingProxyType(named_statements(file.read_text("utf-8"), **texts))


def named_statements(text: str, **texts: str) -> dict[str, str]:
    """Return the statements in *text*, a file for `load_statements`."""
    statements = {}
    for part in text.split(_HEADER)[1:]:
        name, _, statement = part.partition("\n")
        for placeholder, given in texts.items():
            statement = statement.replace(f"{{{placeholder}}}", given)
        statements[name.strip()] = statement.strip()
    return statements
