"""Rows of the AI and e-mail requests that executions made."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.grouping import Insertion
from perilune.store.database.pages import read_page
from perilune.store.database.statements import EVERYTHING, load_statements
from perilune.store.records import AIRequest, EmailRequest, RequestStatus

R = TypeVar("R")

_AI = load_statements("ai_requests")
_EMAIL = load_statements("email_requests")


class AIRequestStore:
    """Requests to AI providers; the methods are those of `AIRequestRows`."""

    def __init__(self, access: Access) -> None:
        """Use *access*."""
        self._access = access

    def append(self, row: AIRequest) -> bool:
        """See `AIRequestRows.append`."""
        params = (
            row.id,
            row.execution_id,
            row.provider,
            row.model,
            row.endpoint,
            row.request_json,
            row.response_json,
            str(row.status),
            row.error_message,
            row.input_tokens,
            row.output_tokens,
            row.duration_ms,
            row.created_at,
        )
        return self._access.enqueue_nowait(_AIRequest(row.execution_id, params))

    async def page(
        self, execution_id: str, limit: int | None, offset: int
    ) -> tuple[list[AIRequest], int]:
        """See `AIRequestRows.page`."""
        return await _page(self._access, _AI, _ai_request_of_row, (execution_id, limit, offset))


class EmailRequestStore:
    """E-mails; the methods are those of `EmailRequestRows`."""

    def __init__(self, access: Access) -> None:
        """Use *access*."""
        self._access = access

    def append(self, row: EmailRequest) -> bool:
        """See `EmailRequestRows.append`."""
        params = (
            row.id,
            row.execution_id,
            row.from_,
            json.dumps(row.to, ensure_ascii=False),
            row.subject,
            int(row.has_text),
            int(row.has_html),
            row.request_json,
            row.response_json,
            str(row.status),
            row.error_message,
            row.email_id,
            row.duration_ms,
            row.created_at,
        )
        return self._access.enqueue_nowait(_EmailRequest(row.execution_id, params))

    async def page(
        self, execution_id: str, limit: int | None, offset: int
    ) -> tuple[list[EmailRequest], int]:
        """See `EmailRequestRows.page`."""
        return await _page(
            self._access, _EMAIL, _email_request_of_row, (execution_id, limit, offset)
        )


class _AIRequest(Insertion):
    __slots__ = ()

    sql = _AI["insert_requests"]


class _EmailRequest(Insertion):
    __slots__ = ()

    sql = _EMAIL["insert_requests"]


async def _page(
    access: Access,
    sql: Mapping[str, str],
    record_of_row: Callable[[tuple[Any, ...]], R],
    part: tuple[str, int | None, int],
) -> tuple[list[R], int]:
    execution_id, limit, offset = part
    params = (execution_id, EVERYTHING if limit is None else max(limit, 0), max(offset, 0))

    def read(connection: Connection) -> tuple[list[R], int]:
        rows, total = (sql["list_requests"], params), (sql["count_requests"], params[:1])
        return read_page(connection, record_of_row, rows, total)

    return await access.read(read)


def _ai_request_of_row(row: tuple[Any, ...]) -> AIRequest:
    return AIRequest(
        id=row[0],
        execution_id=row[1],
        provider=row[2],
        model=row[3],
        endpoint=row[4],
        request_json=row[5],
        response_json=row[6],
        status=RequestStatus(row[7]),
        error_message=row[8],
        input_tokens=row[9],
        output_tokens=row[10],
        duration_ms=row[11],
        created_at=row[12],
    )


def _email_request_of_row(row: tuple[Any, ...]) -> EmailRequest:
    return EmailRequest(
        id=row[0],
        execution_id=row[1],
        from_=row[2],
        to=_addresses(row[3]),
        subject=row[4],
        has_text=bool(row[5]),
        has_html=bool(row[6]),
        request_json=row[7],
        response_json=row[8],
        status=RequestStatus(row[9]),
        error_message=row[10],
        email_id=row[11],
        duration_ms=row[12],
        created_at=row[13],
    )


def _addresses(column: str) -> list[str]:
    """Read the JSON array of today, or what Lunar joined with commas (KD-73)."""
    if column.startswith("["):
        addresses: list[str] = json.loads(column)
        return addresses
    return column.split(",") if column else []
