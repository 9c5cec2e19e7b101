"""Rows of the execution logs."""

import sqlite3

from perilune.store.records import LogEntry
from perilune.store.sqlite.connection.access import SqliteAccess, snapshot
from perilune.store.sqlite.connection.grouping import Insertion
from perilune.store.sqlite.connection.statements import load_statements

_SQL = load_statements("logs")


class LogStore:
    """Lines of executions; the methods are those of `LogRows`."""

    def __init__(self, access: SqliteAccess) -> None:
        """Use *access*."""
        self._access = access

    def append(
        self, log_id: str, execution_id: str, level: int, message: str, timestamp: int
    ) -> bool:
        """See `LogRows.append`."""
        params = (execution_id, log_id, int(level), message, timestamp)
        return self._access.enqueue_nowait(_Line(execution_id, params))

    async def page(
        self, execution_id: str, limit: int | None, offset: int
    ) -> tuple[list[LogEntry], int]:
        """See `LogRows.page`."""
        params = (execution_id, -1 if limit is None else max(limit, 0), max(offset, 0))

        def read(connection: sqlite3.Connection) -> tuple[list[LogEntry], int]:
            with snapshot(connection):
                rows = connection.execute(_SQL["list_lines"], params)
                found = [LogEntry(*row) for row in rows]
                (total,) = connection.execute(_SQL["count_lines"], (execution_id,)).fetchone()
                return found, total

        return await self._access.read(read)


class _Line(Insertion):
    __slots__ = ()

    sql = _SQL["insert_lines"]
