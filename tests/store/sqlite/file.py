"""The file of a store, and other programs that use it."""

import asyncio
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perilune.store import FunctionVersion
from perilune.store.database.connection import Connection
from perilune.store.sqlite.connection.connection import FileConnection
from tests.store.helpers import NOW, fresh_id


@contextmanager
def other_connection(path: Path) -> Iterator[FileConnection]:
    """Somebody else using the same file, without any of our settings."""
    connection = sqlite3.connect(path, isolation_level=None, factory=FileConnection)
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
        recount(connection)
        connection.execute("COMMIT")


def recount(connection: Connection) -> None:
    """Set the counters to what the rows say, after rows were written past the store."""
    connection.execute(
        "UPDATE execution_counters SET (executions, trials, errors) = ("
        " SELECT count(*), count(*) FILTER (WHERE trigger = 'test'),"
        "  count(*) FILTER (WHERE status = 'error' AND trigger <> 'test')"
        " FROM executions WHERE executions.function_id = execution_counters.function_id"
        "  AND function_version_id = version_id)"
    )
    connection.execute(
        "UPDATE function_counters SET kv_bytes = ("
        " SELECT coalesce(sum(length(key) + length(value)), 0)"
        " FROM kv_store WHERE kv_store.function_id = function_counters.function_id)"
    )


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


OPENING = """
import asyncio, sys
from pathlib import Path
from perilune.store import Function, open_store

async def work():
    print("ready", flush=True)
    sys.stdin.read()
    async with open_store(Path(sys.argv[1])) as store:
        await store.create_function(Function(id=sys.argv[2], name="n"))
asyncio.run(work())
"""


async def open_at_once(path: Path) -> None:
    """Let several processes open the file in the same moment; each adds a function."""
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPENING, str(path), f"{number}", stdin=-1, stdout=-1
        )
        for number in range(6)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    assert [await process.wait() for process in processes] == [0] * 6
