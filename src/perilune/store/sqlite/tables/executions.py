"""Rows of `executions`, written twice by every execution: opened, then closed."""

import sqlite3
from typing import Any

import msgspec

from perilune.clock import WallClock
from perilune.store.errors import (
    AlreadyExists,
    ExecutionNotFound,
    ExecutionRunning,
    FunctionNotFound,
    StoreError,
    VersionNotFound,
)
from perilune.store.records import (
    Execution,
    ExecutionStatus,
    ExecutionTrigger,
)
from perilune.store.sqlite.connection.access import Access
from perilune.store.sqlite.connection.operations import Params, Statement, Work
from perilune.store.sqlite.connection.statements import load_statements
from perilune.store.sqlite.tables.removal import remove_executions

INTERRUPTED_MESSAGE = "interrupted by server restart"
INTERRUPTED_KIND = "internal"

_SQL = load_statements("executions")
# What nearly every execution does has statements of its own: each None handed to the driver
# costs it as much as four other values.
_OPEN = _SQL["open_execution"]
_INSERT = _SQL["insert_execution"]
_CLOSE_AS_SUCCESS = _SQL["close_as_success"]
_CLOSE = _SQL["close_execution"]
_FUNCTION_EXISTS = load_statements("functions")["function_exists"]
_VERSION_OWNER = load_statements("versions")["version_owner"]
_STATUS = {str(status): status for status in ExecutionStatus}
_TRIGGER = {str(trigger): trigger for trigger in ExecutionTrigger}


class Executions:
    """Records of executions; the methods are those of `DB`."""

    def __init__(self, access: Access, clock: WallClock) -> None:
        """Use *access*; *clock* gives the time of creation."""
        self._access = access
        self._clock = clock

    async def create(self, execution: Execution) -> Execution:
        """See `DB.create_execution`.

        Raises `FunctionNotFound`, `VersionNotFound`, or `AlreadyExists` for an id in use.
        """
        if not execution.created_at:
            execution = msgspec.structs.replace(execution, created_at=int(self._clock()))
        if not execution.trigger:
            execution = msgspec.structs.replace(execution, trigger=ExecutionTrigger.HTTP)
        if _is_plain(execution):
            sql = _OPEN
            params: Params = (
                execution.id,
                execution.function_id,
                execution.function_version_id,
                execution.event_json,
                # Enum members would take the slow path of the driver's type conversion.
                str(execution.trigger),
                execution.created_at,
            )
        else:
            sql, params = _INSERT, _all_columns(execution)
        await self._access.write(_Opening(sql, params, None, _why_refused))
        return execution

    async def get(self, execution_id: str) -> Execution:
        """See `DB.get_execution`."""

        def read(connection: sqlite3.Connection) -> Execution:
            row = connection.execute(_SQL["get_execution"], (execution_id,)).fetchone()
            if row is None:
                raise ExecutionNotFound
            return execution_of_row(row)

        return await self._access.read(read)

    async def update(
        self,
        execution_id: str,
        status: ExecutionStatus,
        duration_ms: int | None,
        error_message: str | None,
        response_json: str | None,
        error_kind: str | None = None,
    ) -> None:
        """See `DB.update_execution`."""
        if status == "success" and error_message is response_json is error_kind is None:
            sql = _CLOSE_AS_SUCCESS
            params: Params = (execution_id, duration_ms)
        else:
            kind = None if error_kind is None else str(error_kind)
            sql = _CLOSE
            params = (execution_id, str(status), duration_ms, error_message, response_json, kind)
        await self._access.write(Statement(sql, params, ExecutionNotFound))

    async def delete(self, execution_id: str) -> None:
        """See `DB.delete_execution`."""

        def delete(connection: sqlite3.Connection) -> None:
            row = connection.execute(_SQL["find_execution"], (execution_id,)).fetchone()
            if row is None:
                raise ExecutionNotFound
            seq, status = row
            if status == "pending":
                raise ExecutionRunning
            remove_executions(connection, [seq])

        await self._access.write(Work(delete))

    async def recover(self, before: int) -> int:
        """See `DB.recover_pending`."""
        params = (before, INTERRUPTED_MESSAGE, INTERRUPTED_KIND)
        return await self._access.write(
            Work(lambda connection: connection.execute(_SQL["recover_pending"], params).rowcount)
        )


class _Opening(Statement):
    """The insertion of an execution."""

    __slots__ = ()

    def failed(self, cursor: sqlite3.Cursor, error: Exception) -> None:
        """See `Statement.failed`; whoever looks for the function again gets it from the file."""
        super().failed(cursor, error)
        if isinstance(self.error, FunctionNotFound | VersionNotFound):
            self.touches = self.params[1]


def miscounted_executions(connection: sqlite3.Connection) -> list[str]:
    """Describe the versions whose counter differs from the number of their rows."""
    return [
        f"version {version_id} has {found} executions, its counter says {counted}"
        for version_id, counted, found in connection.execute(_SQL["miscounted_executions"])
    ]


def execution_of_row(row: tuple[Any, ...]) -> Execution:
    """Return the record in *row*, whose columns are those of `get_execution`."""
    return Execution(
        id=row[0],
        function_id=row[1],
        function_version_id=row[2],
        status=_STATUS[row[3]],
        duration_ms=row[4],
        error_message=row[5],
        error_kind=row[6],
        event_json=row[7],
        response_json=row[8],
        trigger=_TRIGGER[row[9]],
        created_at=row[10],
    )


def _is_plain(execution: Execution) -> bool:
    """Tell whether nothing is known yet but what `open_execution` stores."""
    return (
        execution.status == "pending"
        and execution.duration_ms is None
        and execution.error_message is None
        and execution.error_kind is None
        and execution.response_json is None
    )


def _all_columns(execution: Execution) -> Params:
    return (
        execution.id,
        execution.function_id,
        execution.function_version_id,
        str(execution.status),
        execution.duration_ms,
        execution.error_message,
        execution.error_kind,
        execution.event_json,
        execution.response_json,
        str(execution.trigger),
        execution.created_at,
    )


def _why_refused(connection: sqlite3.Connection, params: Params) -> StoreError | None:
    execution_id, function_id, version_id = params[:3]
    if connection.execute(_SQL["get_execution"], (execution_id,)).fetchone() is not None:
        return AlreadyExists("an execution with this id already exists")
    if connection.execute(_FUNCTION_EXISTS, (function_id,)).fetchone() is None:
        return FunctionNotFound()
    owner = connection.execute(_VERSION_OWNER, (version_id,)).fetchone()
    return VersionNotFound() if owner is None or owner[0] != function_id else None
