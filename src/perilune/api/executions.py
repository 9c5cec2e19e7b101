"""What the management API shows of executions."""

from typing import Protocol

from perilune.api.functions import Json, failing_as, page_info
from perilune.services.logger import api_name
from perilune.store import DB, LogEntry, PaginationParams, to_json


class LogPages(Protocol):
    """The part of the execution logs that the API needs."""

    async def entries_paginated(
        self, execution_id: str, limit: int, offset: int
    ) -> tuple[list[LogEntry], int]:
        """Return up to *limit* lines from *offset* on, oldest first, and the total."""
        ...


class Executions:
    """Reads executions and their logs.

    Every method raises the store's not-found errors, and `OperationFailed`
    when the store itself fails.
    """

    def __init__(self, db: DB, logs: LogPages) -> None:
        self._db = db
        self._logs = logs

    async def page(self, function_id: str, params: PaginationParams) -> Json:
        """Return one part of a function's executions, newest first, without responses."""
        with failing_as("Failed to list executions"):
            await self._db.get_function(function_id)
            found, total = await self._db.list_executions(function_id, params)
        return {
            "executions": [to_json(one) for one in found],
            "pagination": page_info(total, params),
        }

    async def get(self, execution_id: str) -> Json:
        """Return one execution with its response."""
        with failing_as("Failed to get execution"):
            return to_json(await self._db.get_execution(execution_id))

    async def logs(self, execution_id: str, params: PaginationParams) -> Json:
        """Return one execution and a part of its log, oldest line first."""
        execution = await self.get(execution_id)
        with failing_as("Failed to get logs"):
            lines, total = await self._logs.entries_paginated(
                execution_id, params.limit, params.offset
            )
        items = [
            {"level": api_name(one.level), "message": one.message, "created_at": one.timestamp}
            for one in lines
        ]
        return execution | {"logs": items, "pagination": page_info(total, params)}
