"""Records to store, and a clock."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from perilune.store import Execution, Function, FunctionVersion, Store

NOW = 1_700_000_000

_numbers = count()


class SettableClock:
    """A wall clock that stands still until it is told otherwise."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def fresh_id(prefix: str = "x") -> str:
    return f"{prefix}{next(_numbers):019d}"


async def some_function(store: Store, name: str = "fn") -> Function:
    return await store.create_function(Function(id=fresh_id("f"), name=name))


async def some_version(store: Store, name: str = "fn") -> FunctionVersion:
    """A new function with its first version."""
    function = await some_function(store, name)
    return await store.create_version(function.id, "return 1")


def execution_of(version: FunctionVersion, **changes: object) -> Execution:
    members: dict[str, object] = {
        "id": fresh_id("e"),
        "function_id": version.function_id,
        "function_version_id": version.id,
    }
    return Execution(**{**members, **changes})  # type: ignore[arg-type]  # members of any type


@contextmanager
def other_connection(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else using the same file, without any of our settings."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def rows(path: Path, sql: str, *params: object) -> list[tuple[object, ...]]:
    with other_connection(path) as connection:
        return connection.execute(sql, params).fetchall()


def row_count(path: Path, table: str) -> object:
    """Return how many rows a table has."""
    return rows(path, f"SELECT count(*) FROM {table}")[0][0]


def add_executions(
    path: Path, version: FunctionVersion, number: int, created_at: int = NOW, event: str = ""
) -> None:
    """Insert closed executions, faster than one by one."""
    with other_connection(path) as connection:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO executions (id, function_id, function_version_id, status, created_at, "
            "event_json) VALUES (?, ?, ?, 'success', ?, ?)",
            [
                (fresh_id("b"), version.function_id, version.id, created_at, event)
                for _ in range(number)
            ],
        )
        connection.execute("COMMIT")
