"""Rows of `functions`."""

import sqlite3
from typing import Any

import msgspec

from perilune.clock import WallClock
from perilune.store.access import Access, snapshot
from perilune.store.errors import AlreadyExists, FunctionNotFound
from perilune.store.operations import Params, Statement, Work
from perilune.store.records import (
    Function,
    FunctionWithActiveVersion,
    PaginationParams,
    UpdateFunctionRequest,
)
from perilune.store.statements import load_statements
from perilune.store.versions import version_of_row

_SQL = load_statements("functions")
_SETTINGS = (
    "name",
    "description",
    "disabled",
    "retention_days",
    "cron_schedule",
    "cron_status",
    "save_response",
    "env_writable",
)
_COLUMNS = 11


class Functions:
    """Functions and their settings; the methods are those of `DB`."""

    def __init__(self, access: Access, clock: WallClock) -> None:
        """Use *access*; *clock* gives the times of creation and change."""
        self._access = access
        self._clock = clock

    async def create(self, fn: Function) -> Function:
        """See `DB.create_function`.  Raises `AlreadyExists` for an id that is in use."""
        now = int(self._clock())
        fn = msgspec.structs.replace(
            fn, cron_schedule=fn.cron_schedule or None, created_at=now, updated_at=now
        )
        params = (
            fn.id,
            fn.name,
            fn.description,
            int(fn.disabled),
            fn.retention_days,
            fn.cron_schedule,
            "paused" if fn.cron_status is None else str(fn.cron_status),
            int(fn.save_response),
            int(fn.env_writable),
            now,
        )
        await self._access.write(
            Statement(_SQL["insert_function"], params, explain=_why_refused, touches=fn.id)
        )
        return fn

    async def read(self, function_id: str) -> Function:
        """See `DB.get_function`; always asks the database."""
        return await self._access.read(lambda connection: read_function(connection, function_id))

    async def page(self, params: PaginationParams) -> tuple[list[FunctionWithActiveVersion], int]:
        """See `DB.list_functions`."""
        page = params.normalized()

        def read(connection: sqlite3.Connection) -> tuple[list[FunctionWithActiveVersion], int]:
            with snapshot(connection):
                rows = connection.execute(_SQL["list_functions"], (page.limit, page.offset))
                found = [
                    FunctionWithActiveVersion(
                        function=_function_of_row(row[:_COLUMNS]),
                        active_version=(
                            None if row[_COLUMNS] is None else version_of_row(row[_COLUMNS:])
                        ),
                    )
                    for row in rows
                ]
                (total,) = connection.execute(_SQL["count_functions"]).fetchone()
                return found, total

        return await self._access.read(read)

    async def update(self, function_id: str, updates: UpdateFunctionRequest) -> None:
        """See `DB.update_function`; an empty schedule is stored as none."""
        params: list[Any] = [function_id, int(self._clock())]
        for setting in _SETTINGS:
            value = getattr(updates, setting)
            given = value is not msgspec.UNSET
            params += (int(given), _column(setting, value) if given else None)
        await self._access.write(
            Statement(_SQL["update_function"], tuple(params), FunctionNotFound, touches=function_id)
        )

    async def delete(self, function_id: str) -> None:
        """See `DB.delete_function`."""

        def delete(connection: sqlite3.Connection) -> None:
            # Left to the cascade, they would be looked for once per version.
            connection.execute(_SQL["delete_executions_of_function"], (function_id,))
            if connection.execute(_SQL["delete_function"], (function_id,)).rowcount < 1:
                raise FunctionNotFound

        await self._access.write(Work(delete, touches=function_id))

    async def with_active_cron(self) -> list[Function]:
        """See `DB.list_functions_with_active_cron`."""
        return await self._access.read(
            lambda connection: [
                _function_of_row(row) for row in connection.execute(_SQL["list_active_cron"])
            ]
        )


def read_function(connection: sqlite3.Connection, function_id: str) -> Function:
    """Return the function.  Raises `FunctionNotFound`."""
    row = connection.execute(_SQL["get_function"], (function_id,)).fetchone()
    if row is None:
        raise FunctionNotFound
    return _function_of_row(row)


def list_function_ids(connection: sqlite3.Connection) -> list[str]:
    """Return the ids of all functions."""
    return [function_id for (function_id,) in connection.execute(_SQL["list_function_ids"])]


def touch_function(connection: sqlite3.Connection, function_id: str, now: int) -> None:
    """Set `updated_at`.  Raises `FunctionNotFound`."""
    if connection.execute(_SQL["touch_function"], (function_id, now)).rowcount < 1:
        raise FunctionNotFound


def _column(setting: str, value: str | int | None) -> str | int | None:
    if setting == "cron_schedule":
        return value or None
    if isinstance(value, bool):
        return int(value)
    # An enum member is a kind of str that SQLite would have to be taught.
    return str(value) if isinstance(value, str) else value


def _why_refused(connection: sqlite3.Connection, params: Params) -> AlreadyExists | None:
    taken = connection.execute(_SQL["function_exists"], (params[0],)).fetchone()
    return AlreadyExists("a function with this id already exists") if taken else None


def _function_of_row(row: tuple[Any, ...]) -> Function:
    return Function(
        id=row[0],
        name=row[1],
        description=row[2],
        disabled=bool(row[3]),
        retention_days=row[4],
        cron_schedule=row[5],
        cron_status=row[6],
        save_response=bool(row[7]),
        env_writable=bool(row[8]),
        created_at=row[9],
        updated_at=row[10],
    )
