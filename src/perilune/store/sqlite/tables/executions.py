"""Rows of `executions`, written twice by every execution: opened, then closed."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Any, ClassVar

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
from perilune.store.sqlite.connection.access import SqliteAccess
from perilune.store.sqlite.connection.counters import Counts
from perilune.store.sqlite.connection.grouping import Row
from perilune.store.sqlite.connection.long_work import Batches, Pause
from perilune.store.sqlite.connection.operations import Params, Work, in_savepoint
from perilune.store.sqlite.connection.statements import execute_rows, for_rows, load_statements
from perilune.store.sqlite.tables.removal import remove_executions

INTERRUPTED_MESSAGE = "interrupted by server restart"
INTERRUPTED_KIND = "internal"

_SQL = load_statements("executions")
# What nearly every execution does has statements of its own: each None handed to the driver
# costs it as much as four other values.
_OPEN = {7: _SQL["open_executions"], 11: _SQL["insert_executions"]}
"""What adds executions, by the number of values given."""
_FUNCTION_EXISTS = load_statements("functions")["function_exists"]
_VERSION_OWNER = load_statements("versions")["version_owner"]
_STATUS = {str(status): status for status in ExecutionStatus}
_TRIGGER = {str(trigger): trigger for trigger in ExecutionTrigger}

Opened = tuple[str, str, str, int]
"""Of an execution: its function, its version, its trigger and when it was created."""


class SqliteExecutions:
    """Records of executions; the methods are those of `DB`."""

    def __init__(self, access: SqliteAccess, clock: WallClock, pause: Pause) -> None:
        """Use *access*; *clock* gives the time of creation, *pause* waits between batches."""
        self._access = access
        self._clock = clock
        self._batches = Batches(access, pause)
        self._running: dict[str, Opened] = {}

    async def create(self, execution: Execution) -> Execution:
        """See `DB.create_execution`.

        Raises `FunctionNotFound`, `VersionNotFound`, or `AlreadyExists` for an id in use.
        """
        if not execution.created_at:
            execution = msgspec.structs.replace(execution, created_at=int(self._clock()))
        if not execution.trigger:
            execution = msgspec.structs.replace(execution, trigger=ExecutionTrigger.HTTP)
        params: Params = (
            execution.id,
            execution.function_id,
            execution.function_version_id,
            execution.event_json,
            # Enum members would take the slow path of the driver's type conversion.
            str(execution.trigger),
            execution.created_at,
            str(execution.status),
        )
        outcome = (
            execution.duration_ms,
            execution.error_message,
            execution.error_kind,
            execution.response_json,
        )
        if any(value is not None for value in outcome):
            params += outcome
        await self._access.write(_Opening(execution.id, params))
        if execution.status == "pending":
            self._running[execution.id] = (*params[1:3], *params[4:6])
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
        kind = None if error_kind is None else str(error_kind)
        params = (execution_id, str(status), duration_ms, error_message, response_json, kind)
        opened = self._running.pop(execution_id, None)
        if opened is None:
            await self._access.write(Work(partial(_overwrite, params)))
            return
        is_plain = status == "success" and error_message is response_json is kind is None
        row = _Success if is_plain else _Closing
        await self._access.write(row(execution_id, params, opened))

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

        def recover(connection: sqlite3.Connection, most: int) -> int:
            counts = Counts()
            closed = connection.execute(_SQL["recover_pending"], (*params, most)).fetchall()
            for row in closed:
                counts.closed(row[:4], *row[4:])
            counts.write(connection)
            return len(closed)

        # Each row is written anew with its event: all at once may be too much for a full disk.
        return await self._batches.repeat(recover)


class _Opening(Row):
    """An execution that is added, nearly always a pending one."""

    __slots__ = ("weight",)

    order = 0

    def __init__(self, key: str, params: Params) -> None:
        """See `Row`."""
        super().__init__(key, params)
        self.weight = sum(len(value) for value in (params[3], *params[8:]) if value)

    @classmethod
    def write(cls, connection: sqlite3.Connection, rows: Sequence[Row], counts: Counts) -> None:
        """See `Row.write`."""
        for width, some in groupby([row.params for row in rows], len):
            execute_rows(connection, _OPEN[width], list(some))
        for row in rows:
            _, function_id, version_id, _, trigger, _, status = row.params[:7]
            counts.execution(function_id, version_id, status, trigger)

    def failed(self, cursor: sqlite3.Cursor, error: Exception) -> None:
        """Remember why `run` raised, and find out why values were refused."""
        super().failed(cursor, error)
        if isinstance(error, sqlite3.IntegrityError):
            reason = _why_refused(cursor.connection, *self.params[:3])
            if reason is not None:
                reason.__cause__ = error
                self.error = reason
            if isinstance(reason, FunctionNotFound | VersionNotFound):
                # The next look-up of the function reads it from the file.
                self.invalidates = self.params[1]


class _Closing(Row):
    """The end of an execution that this store has opened."""

    __slots__ = ("opened", "weight")

    order = 3
    sql: ClassVar[str] = _SQL["close_execution"]
    taken: ClassVar[slice] = slice(None)
    """Which of the values *sql* takes."""

    def __init__(self, key: str, params: Params, opened: Opened) -> None:
        """See `Row`; *opened* saves reading what is counted."""
        super().__init__(key, params)
        self.opened = opened
        self.weight = sum(len(value) for value in params[3:] if value)

    @classmethod
    def write(cls, connection: sqlite3.Connection, rows: Sequence[Any], counts: Counts) -> None:
        """See `Row.write`."""
        values = [row.params[cls.taken] for row in rows]
        if len(values) == 1:
            # Without the temporary tables that the statement for many needs.
            closed = connection.execute(cls.sql, values[0]).rowcount
        else:
            closed = execute_rows(connection, for_rows(cls.sql), values)
        if closed < len(rows):
            # They are looked at one by one, since this does not say which is not pending.
            raise ExecutionNotFound
        for row in rows:
            counts.closed(row.opened, *row.params[1:3])

    def run(self, cursor: sqlite3.Cursor) -> None:
        """Close the execution by itself, whatever has become of it."""
        in_savepoint(cursor, partial(_overwrite, self.params))


class _Success(_Closing):
    """The end of an execution of which nothing but the duration is kept."""

    __slots__ = ()

    order = 2
    sql = _SQL["close_as_success"]
    taken = slice(0, 3, 2)


def _overwrite(params: Params, connection: sqlite3.Connection) -> None:
    """Give an execution another outcome, whatever it has.  Raises `ExecutionNotFound`."""
    found = connection.execute(_SQL["find_outcome"], params[:1]).fetchone()
    if found is None:
        raise ExecutionNotFound
    connection.execute(_SQL["overwrite_outcome"], params)
    before, *opened = found
    counts = Counts()
    counts.closed(tuple(opened), params[1], params[2], before)
    counts.write(connection)


def _why_refused(
    connection: sqlite3.Connection, execution_id: str, function_id: str, version_id: str
) -> StoreError | None:
    if connection.execute(_SQL["get_execution"], (execution_id,)).fetchone() is not None:
        return AlreadyExists("an execution with this id already exists")
    if connection.execute(_FUNCTION_EXISTS, (function_id,)).fetchone() is None:
        return FunctionNotFound()
    owner = connection.execute(_VERSION_OWNER, (version_id,)).fetchone()
    return VersionNotFound() if owner is None or owner[0] != function_id else None


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
