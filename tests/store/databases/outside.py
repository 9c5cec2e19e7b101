"""The database of a store, as another program sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from perilune.store import FunctionVersion
from perilune.store.database.connection import Connection
from perilune.store.postgres.connect import Target
from perilune.store.postgres.connection import PostgresConnection
from tests.store.helpers import NOW, fresh_id
from tests.store.sqlite import file
from tests.store.sqlite.file import recount


@contextmanager
def other_connection(where: Path | str) -> Iterator[Connection]:
    """Somebody else using the same database."""
    if isinstance(where, Path):
        with file.other_connection(where) as connection:
            yield connection
        return
    other = PostgresConnection(Target(where))
    try:
        yield other
    finally:
        other.close()


def rows(where: Path | str, sql: str, *params: object) -> list[Any]:
    with other_connection(where) as connection:
        return connection.execute(sql, params).fetchall()


def row_count(where: Path | str, table: str) -> object:
    """Return how many rows a table has."""
    return rows(where, f"SELECT count(*) FROM {table}")[0][0]


def add_executions(
    where: Path | str, version: FunctionVersion, number: int, created_at: int = NOW
) -> None:
    """Insert closed executions, faster than one by one."""
    added = [
        (fresh_id("b"), version.function_id, version.id, "success", created_at)
        for _ in range(number)
    ]
    with other_connection(where) as connection:
        connection.begin()
        if added:
            connection.insert_rows(
                "INSERT INTO executions (id, function_id, function_version_id, status, created_at)"
                " VALUES {rows}",
                added,
            )
        recount(connection)
        connection.execute("COMMIT")
