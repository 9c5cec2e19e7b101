"""What the management API shows of executions."""

import msgspec

from perilune.api.errors import InvalidRequest
from perilune.api.failures import Json, failing_as, log_line, page_info
from perilune.services.ai import AITracker
from perilune.services.email import EmailTracker
from perilune.services.logger import Logger
from perilune.store import DB, ExecutionFilter, InvalidCursor, PaginationParams, to_json


class Executions:
    """Reads executions, their logs, and the requests they made.

    Every method raises the store's not-found errors, and `OperationFailed`
    when the store itself fails.
    """

    def __init__(
        self, db: DB, logs: Logger, *, ai_requests: AITracker, email_requests: EmailTracker
    ) -> None:
        self._db = db
        self._logs = logs
        self._ai_requests = ai_requests
        self._email_requests = email_requests

    async def page(
        self,
        chosen: ExecutionFilter,
        params: PaginationParams,
        *,
        after: str | None,
        summary: bool,
        version: int | None,
    ) -> Json:
        """Return one part of the executions of a function, or of all functions, newest first.

        Responses are left out, and with *summary* events too; executions of all functions
        come with the functions' names.  *version* is the number of a version of the function.
        """
        with failing_as("Failed to list executions"):
            if chosen.function_id is not None:
                await self._db.get_function(chosen.function_id)
                if version is not None:
                    of_number = await self._db.get_version(chosen.function_id, version)
                    chosen = msgspec.structs.replace(chosen, version_id=of_number.id)
            try:
                page = await self._db.find_executions(chosen, params, after=after, summary=summary)
            except InvalidCursor:
                raise InvalidRequest("cursor: cursor must come from an earlier answer") from None
        pagination = page_info(page.total, params)
        if not page.is_total_exact:
            pagination["total_is_minimum"] = True
        if page.next is not None:
            pagination["next_cursor"] = page.next
        items = [to_json(one) for one in page.executions]
        for one in items:
            if one["function_id"] in page.names:
                one["function_name"] = page.names[one["function_id"]]
        return {"executions": items, "pagination": pagination}

    async def get(self, execution_id: str) -> Json:
        """Return one execution with its response."""
        with failing_as("Failed to get execution"):
            return to_json(await self._db.get_execution(execution_id))

    async def delete(self, execution_id: str) -> None:
        """Remove one execution that has ended, with its log and its requests."""
        with failing_as("Failed to delete execution"):
            await self._db.delete_execution(execution_id)

    async def logs(self, execution_id: str, params: PaginationParams) -> Json:
        """Return one execution and a part of its log, oldest line first."""
        execution = await self.get(execution_id)
        with failing_as("Failed to get logs"):
            lines, total = await self._logs.entries_paginated(
                execution_id, params.limit, params.offset
            )
        return execution | {
            "logs": [log_line(one) for one in lines],
            "pagination": page_info(total, params),
        }

    async def ai_requests(self, execution_id: str, params: PaginationParams) -> Json:
        """Return a part of what an execution asked AI providers, oldest first."""
        with failing_as("Failed to get AI requests"):
            found, pagination = await self._requests(self._ai_requests, execution_id, params)
        return {"ai_requests": found, "pagination": pagination}

    async def email_requests(self, execution_id: str, params: PaginationParams) -> Json:
        """Return a part of the e-mails an execution sent or tried to, oldest first."""
        with failing_as("Failed to get email requests"):
            found, pagination = await self._requests(self._email_requests, execution_id, params)
        return {"email_requests": found, "pagination": pagination}

    async def _requests(
        self, pages: AITracker | EmailTracker, execution_id: str, params: PaginationParams
    ) -> tuple[list[Json], Json]:
        await self._db.get_execution(execution_id)
        found, total = await pages.requests_paginated(execution_id, params.limit, params.offset)
        return [to_json(one) for one in found], page_info(total, params)
