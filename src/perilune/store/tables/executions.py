"""Rows of `executions`, written twice by every execution: opened, then closed."""

from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from perilune.clock import WallClock
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection, Params
from perilune.store.database.counters import Counts
from perilune.store.database.grouping import Row
from perilune.store.database.long_work import Batches, Pause
from perilune.store.database.operations import (
    Work,
    in_savepoint,
)
from perilune.store.database.statements import load_statements
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
    Outcome,
)
from perilune.store.tables.removal import remove_executions

INTERRUPTED_MESSAGE = "interrupted by server restart"
INTERRUPTED_KIND = "internal"

_LARGE = ("error_message", "event_json", "response_json")
_SHORT = tuple(name for name in Execution.__struct_fields__ if name not in _LARGE)
SHORT_COLUMNS = ", ".join(_SHORT)
"""What a query for `execution_of_row` selects first; columns have the names of the fields."""

# Each None handed to the driver costs it as much as four other values, so those at the end of a
# row are left out.  What nearly every execution has comes first.
_OUTCOME = Outcome.__struct_fields__[1:]
_BEGUN = (
    *("id", "function_id", "function_version_id", "event_json", "trigger", "created_at", "status"),
    *("method", "path", "request_bytes"),
)
_LATER = ("request_id", "trace_id", "server_id", "delivery_id", "attempt", *_OUTCOME[1:])
_COLUMNS = (*_BEGUN, *_LATER)
_FLAG = _COLUMNS.index("cold_start")
_later = attrgetter(*_LATER)
_NOTHING_LATER = (None,) * len(_LATER)
_REST = _OUTCOME[8:]
_rest = attrgetter(*_REST)
_NO_REST = (None,) * len(_REST)
_of_opened = attrgetter("function_id", "function_version_id", "trigger", "created_at")
_counted = itemgetter(1, 2, 6, 4)

_loaded = partial(load_statements, "executions", short=SHORT_COLUMNS)
_SQL = _loaded()
_FUNCTION_EXISTS = load_statements("functions")["function_exists"]
_VERSION_OWNER = load_statements("versions")["version_owner"]
_STATUS = {str(status): status for status in ExecutionStatus}
_TRIGGER = {str(trigger): trigger for trigger in ExecutionTrigger}

Opened = tuple[str, str, str, int]
"""Of an execution: its function, its version, its trigger and when it was created."""


class Executions:
    """Records of executions; the methods are those of `DB`."""

    def __init__(self, access: Access, clock: WallClock, pause: Pause) -> None:
        """Use *access*; *clock* gives the time of creation, *pause* waits between batches."""
        self._access = access
        self._clock = clock
        self._batches = Batches(access, pause)

    async def create(self, execution: Execution) -> Execution:
        """See `DB.create_execution`.

        Raises `FunctionNotFound`, `VersionNotFound`, or `AlreadyExists` for an id in use.
        """
        execution = self.completed(execution)
        await self._access.write(opening(execution))
        return execution

    def completed(self, execution: Execution) -> Execution:
        """Return *execution* with the time of its creation and its trigger."""
        if not execution.created_at:
            execution = msgspec.structs.replace(execution, created_at=int(self._clock()))
        if not execution.trigger:
            execution = msgspec.structs.replace(execution, trigger=ExecutionTrigger.HTTP)
        return execution

    async def get(self, execution_id: str) -> Execution:
        """See `DB.get_execution`."""

        def read(connection: Connection) -> Execution:
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
        outcome = Outcome(
            execution_id=execution_id,
            status=status,
            duration_ms=duration_ms,
            error_kind=error_kind,
            error_message=error_message,
            response_json=response_json,
        )
        await self.close(outcome)

    async def close(self, outcome: Outcome) -> None:
        """See `DB.close_execution`."""
        work = partial(_overwrite, _closing_params(outcome))
        await self._access.write(Work(work, weight=outcome.weight()))

    async def delete(self, execution_id: str) -> None:
        """See `DB.delete_execution`."""

        def delete(connection: Connection) -> None:
            connection.lock(_SQL["lock"], (execution_id,))
            row = connection.execute(_SQL["find_execution"], (execution_id,)).fetchone()
            if row is None:
                raise ExecutionNotFound
            seq, status = row
            if status == "pending":
                raise ExecutionRunning
            remove_executions(connection, [seq])

        await self._access.write(Work(delete))

    async def recover(self, before: int, dead_after_s: float | None = None) -> int:
        """See `DB.recover_pending`."""
        params = (before, INTERRUPTED_MESSAGE, INTERRUPTED_KIND)

        def recover(connection: Connection, most: int) -> int:
            counts = Counts()
            closed = connection.execute(
                _SQL["recover_pending"], (*params, most, dead_after_s)
            ).fetchall()
            for row in closed:
                counts.closed(row[:4], *row[4:])
            counts.write(connection)
            return len(closed)

        # Each row is written anew with its event: all at once may be too much for a full disk.
        return await self._batches.repeat(recover)


def opening(execution: Execution) -> Row:
    """Return what adds *execution*, which is `Executions.completed`."""
    event, weight = execution.event_json, 0
    params: Params = (
        execution.id,
        execution.function_id,
        execution.function_version_id,
        event,
        # Enum members would take the slow path of the driver's type conversion.
        str(execution.trigger),
        execution.created_at,
        str(execution.status),
        execution.method,
        execution.path,
        execution.request_bytes,
    )
    later = _later(execution)
    if later != _NOTHING_LATER:
        params += _up_to_none(later)
        if execution.cold_start is not None:
            params = (*params[:_FLAG], int(execution.cold_start), *params[_FLAG + 1 :])
        weight = len(execution.error_message or "") + len(execution.response_json or "")
    return _Opening(execution.id, params, weight if event is None else weight + len(event))


def closing(execution: Execution, outcome: Outcome) -> Row:
    """Return what overwrites the outcome of *execution*, which is as it was when it was added."""
    row = _Closing(outcome.execution_id, _closing_params(outcome), outcome.weight())
    row.opened = _of_opened(execution)
    return row


def _closing_params(outcome: Outcome) -> Params:
    cold_start = outcome.cold_start
    params = (
        outcome.execution_id,
        str(outcome.status),
        outcome.duration_ms,
        outcome.http_status,
        outcome.response_bytes,
        outcome.queue_ms,
        cold_start if cold_start is None else int(cold_start),
        outcome.cpu_us,
        outcome.peak_memory_bytes,
    )
    rest = _rest(outcome)
    return params if rest == _NO_REST else params + _up_to_none(rest)


class _Opening(Row):
    """An execution that is added, nearly always a pending one."""

    __slots__ = ()

    order = 0

    @classmethod
    def write(cls, connection: Connection, rows: Sequence[Row], counts: Counts) -> None:
        """See `Row.write`."""
        all_params = [row.params for row in rows]
        for width, some in groupby(all_params, len):
            connection.insert_rows(_opening(width), list(some))
        for (function_id, version_id, status, trigger), number in Counter(
            map(_counted, all_params)
        ).items():
            counts.execution(function_id, version_id, status, trigger, number)

    def failed(self, connection: Connection, error: Exception) -> None:
        """Remember why `run` raised, and find out why values were refused."""
        super().failed(connection, error)
        if connection.refused(error):
            reason = _why_refused(connection, *self.params[:3])
            if reason is not None:
                reason.__cause__ = error
                self.error = reason
            if isinstance(reason, FunctionNotFound | VersionNotFound):
                # The next look-up of the function reads it from the file.
                self.invalidates = self.params[1]


class _Closing(Row):
    """The end of an execution that this store has opened."""

    __slots__ = ("opened",)

    order = 2

    opened: Opened
    """Saves reading what is counted."""

    @classmethod
    def write(cls, connection: Connection, rows: Sequence[Any], counts: Counts) -> None:
        """See `Row.write`."""
        closed = 0
        for width, some in groupby(sorted([row.params for row in rows], key=len), len):
            sql, values = _closing("close_execution", width), list(some)
            if len(values) == 1:
                # Without the temporary tables that the statement for many needs.
                closed += connection.execute(sql, values[0]).rowcount
            else:
                closed += connection.update_rows(sql, values)
        if closed < len(rows):
            # They are looked at one by one, since this does not say which is not pending.
            raise ExecutionNotFound
        ended = Counter([(row.opened, row.params[1], row.params[2]) for row in rows])
        for (opened, status, duration_ms), number in ended.items():
            counts.closed(opened, status, duration_ms, number=number)

    def run(self, connection: Connection) -> None:
        """Close the execution by itself, whatever has become of it."""
        in_savepoint(connection, partial(_overwrite, self.params))


@cache
def _opening(width: int) -> str:
    """Return the statement that adds executions of so many values each."""
    return _loaded(columns=", ".join(_COLUMNS[:width]))["open_executions"]


@cache
def _closing(name: str, width: int) -> str:
    """Return the statement *name* for so many values: an id and what it has ended with."""
    columns = enumerate(_OUTCOME, start=2)
    pairs = [f"{one} = {f'?{at}' if at <= width else 'NULL'}" for at, one in columns]
    return _loaded(outcome=", ".join(pairs))[name]


def _up_to_none(values: Params) -> Params:
    """Return *values* without those at the end that are None."""
    width = len(values)
    while width and values[width - 1] is None:
        width -= 1
    return values[:width]


def _overwrite(params: Params, connection: Connection) -> None:
    """Give an execution another outcome, whatever it has.  Raises `ExecutionNotFound`."""
    connection.lock(_SQL["lock"], params[:1])
    found = connection.execute(_SQL["find_outcome"], params[:1]).fetchone()
    if found is None:
        raise ExecutionNotFound
    connection.update_rows(_closing("overwrite_outcome", len(params)), [params])
    before, *opened = found
    counts = Counts()
    counts.closed(tuple(opened), params[1], params[2], before)
    counts.write(connection)


def _why_refused(
    connection: Connection, execution_id: str, function_id: str, version_id: str
) -> StoreError | None:
    if connection.execute(_SQL["get_execution"], (execution_id,)).fetchone() is not None:
        return AlreadyExists("an execution with this id already exists")
    if connection.execute(_FUNCTION_EXISTS, (function_id,)).fetchone() is None:
        return FunctionNotFound()
    owner = connection.execute(_VERSION_OWNER, (version_id,)).fetchone()
    return VersionNotFound() if owner is None or owner[0] != function_id else None


def execution_of_row(row: tuple[Any, ...]) -> Execution:
    """Return the record in *row*, whose columns are those of `get_execution`."""
    members = dict(zip((*_SHORT, *_LARGE), row, strict=True))
    cold_start = members["cold_start"]
    members["status"] = _STATUS[members["status"]]
    members["trigger"] = _TRIGGER[members["trigger"]]
    members["cold_start"] = None if cold_start is None else bool(cold_start)
    return Execution(**members)
