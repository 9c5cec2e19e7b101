"""Rows of the execution logs."""

from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.grouping import Insertion
from perilune.store.database.pages import read_page
from perilune.store.database.statements import EVERYTHING, load_statements
from perilune.store.records import LogEntry

_SQL = load_statements("logs")


class LogStore:
    """Lines of executions; the methods are those of `LogRows`."""

    def __init__(self, access: Access) -> None:
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
        params = (execution_id, EVERYTHING if limit is None else max(limit, 0), max(offset, 0))

        def read(connection: Connection) -> tuple[list[LogEntry], int]:
            rows, total = (_SQL["list_lines"], params), (_SQL["count_lines"], params[:1])
            return read_page(connection, lambda row: LogEntry(*row), rows, total)

        return await self._access.read(read)


class _Line(Insertion):
    __slots__ = ()

    sql = _SQL["insert_lines"]
