"""Rows of `functions`."""

import json
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from perilune.clock import WallClock
from perilune.function_settings import SETTINGS, UpdateFunctionRequest
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.operations import Statement, Work
from perilune.store.database.pages import read_page
from perilune.store.database.statements import load_statements
from perilune.store.errors import AddressTaken, AlreadyExists, FunctionNotFound, StoreError
from perilune.store.records import (
    Function,
    FunctionWithActiveVersion,
    PaginationParams,
)
from perilune.store.selection import FunctionKind, FunctionQuery, FunctionSort
from perilune.store.tables.removal import (
    forget_empty_versions,
    remove_few_entries,
    remove_few_of_function,
)
from perilune.store.tables.versions import VERSION_COLUMNS, version_of_row

FUNCTION_COLUMNS = ("id", *(n for n in Function.__struct_fields__ if n not in ("id", "env_vars")))
"""The columns of the table, named like the members of the record."""

_FLAGS = tuple(one.name for one in SETTINGS.values() if one.kind is bool)
_SQL = load_statements("functions", columns=", ".join(FUNCTION_COLUMNS))
_LOCK_PAIRS = load_statements("kv")["lock"]
_ORDERS = {
    FunctionSort.NEWEST: "f.created_at DESC, f.id DESC",
    FunctionSort.OLDEST: "f.created_at, f.id",
    FunctionSort.NAME: "{any case f.name}, f.id",
    FunctionSort.NAME_BACKWARDS: "{any case f.name} DESC, f.id DESC",
    FunctionSort.CHANGED_LAST: "f.updated_at DESC, f.id DESC",
    FunctionSort.CHANGED_FIRST: "f.updated_at, f.id",
}
_KINDS = {
    None: "TRUE",
    FunctionKind.ENABLED: "f.disabled = 0",
    FunctionKind.DISABLED: "f.disabled = 1",
    FunctionKind.SCHEDULED: "f.cron_schedule <> ''",
    FunctionKind.FAILING: (
        "EXISTS (SELECT 1 FROM execution_stats AS s"
        " WHERE s.function_id = f.id AND s.bucket >= ? AND s.errors > 0)"
    ),
}
_EVERY_FUNCTION = FunctionQuery()
_INSERT = (
    f"INSERT INTO functions ({', '.join(FUNCTION_COLUMNS)}, cron_since) "  # noqa: S608 - our own names
    f"VALUES ({', '.join('?' * (len(FUNCTION_COLUMNS) + 1))})"
)
_RESCHEDULING = ("cron_schedule", "cron_status", "cron_time_zone", "disabled")
"""Settings whose change makes a new schedule, which has no ticks in the past."""


class Functions:
    """Functions and their settings; the methods are those of `DB`."""

    def __init__(self, access: Access, clock: WallClock) -> None:
        """Use *access*; *clock* gives the times of creation and change."""
        self._access = access
        self._clock = clock

    async def create(self, fn: Function) -> Function:
        """See `DB.create_function`."""
        now = int(self._clock())
        fn = msgspec.structs.replace(
            fn, cron_schedule=fn.cron_schedule or None, created_at=now, updated_at=now
        )
        stored = msgspec.structs.replace(
            fn, cron_status="paused" if fn.cron_status is None else fn.cron_status
        )
        params = (*(_column(name, getattr(stored, name)) for name in FUNCTION_COLUMNS), now)
        await self._access.write(
            Statement(
                _INSERT,
                params,
                explain=lambda connection, _: _why_refused(connection, fn.id, fn.address, new=True),
                invalidates=fn.id,
            )
        )
        return fn

    async def read(self, function_id: str) -> Function:
        """See `DB.get_function`; always asks the database."""
        return await self._access.read(lambda connection: read_function(connection, function_id))

    async def read_at(self, address: str) -> Function:
        """See `DB.get_function_at`."""

        def read(connection: Connection) -> Function:
            row = connection.execute(_SQL["get_function_at"], (address,)).fetchone()
            if row is None:
                raise FunctionNotFound
            return function_of_row(row)

        return await self._access.read(read)

    async def read_some(self, ids: Collection[str]) -> list[Function]:
        """See `Store.get_functions`."""
        wanted = (json.dumps([*ids]),)
        return await self._access.read(
            lambda connection: [
                function_of_row(row) for row in connection.execute(_SQL["get_functions"], wanted)
            ]
        )

    async def is_taken(self, name: str) -> bool:
        """See `DB.is_name_taken`."""
        return await self._access.read(
            lambda connection: connection.execute(_SQL["is_taken"], (name,)).fetchone() is not None
        )

    async def page(
        self, params: PaginationParams, wanted: FunctionQuery | None = None
    ) -> tuple[list[FunctionWithActiveVersion], int]:
        """See `DB.list_functions`."""
        page = params.normalized()
        wanted = wanted or _EVERY_FUNCTION
        text = None if wanted.q is None else _containing(wanted.q)
        statements = _list_statements(wanted)
        asked = (text, wanted.failing_since) if wanted.kind is FunctionKind.FAILING else (text,)

        def read(connection: Connection) -> tuple[list[FunctionWithActiveVersion], int]:
            rows = (statements["list_functions"], (*asked, page.limit, page.offset))
            total = (statements["count_functions"], asked)
            return read_page(connection, _with_version_of_row, rows, total)

        return await self._access.read(read)

    async def update(self, function_id: str, updates: UpdateFunctionRequest) -> None:
        """See `DB.update_function`; an empty schedule is stored as none."""
        now = int(self._clock())
        given = {name: _column(name, value) for name, value in updates.items()}
        changes = [f"{name} = ?" for name in (*given, "updated_at")]
        values = [*given.values(), now]
        if rescheduling := [name for name in _RESCHEDULING if name in given]:
            differs = " OR ".join(f"{name} IS DISTINCT FROM ?" for name in rescheduling)
            changes.append(f"cron_since = CASE WHEN {differs} THEN ? ELSE cron_since END")
            values += [*(given[name] for name in rescheduling), now]
        address = updates.get("address")
        await self._access.write(
            Statement(
                f"UPDATE functions SET {', '.join(changes)} WHERE id = ?",  # noqa: S608 - our own names
                (*values, function_id),
                FunctionNotFound,
                explain=lambda connection, _: _why_refused(connection, function_id, address),
                invalidates=function_id,
            )
        )

    async def delete(self, function_id: str) -> None:
        """See `DB.delete_function`.

        All data of the function is deleted in one transaction, also its executions and pairs
        if they are few.  Otherwise they are hidden from here on, and `purge_expired`
        deletes them.
        """

        def delete(connection: Connection) -> None:
            connection.lock(_SQL["lock"], (function_id,))
            connection.lock(_LOCK_PAIRS, (function_id,))
            remove_few_of_function(connection, function_id)
            remove_few_entries(connection, function_id)
            if connection.execute(_SQL["delete_function"], (function_id,)).rowcount < 1:
                raise FunctionNotFound
            forget_empty_versions(connection, function_id)

        await self._access.write(Work(delete, invalidates=function_id))

    async def runtimes(self) -> set[str]:
        """See `Store.runtimes_in_use`."""
        return await self._access.read(
            lambda connection: {name for (name,) in connection.execute(_SQL["list_runtimes"])}
        )


def read_function(connection: Connection, function_id: str) -> Function:
    """Return the function.  Raises `FunctionNotFound`."""
    row = connection.execute(_SQL["get_function"], (function_id,)).fetchone()
    if row is None:
        raise FunctionNotFound
    return function_of_row(row)


def _containing(text: str) -> str:
    """Return the pattern of LIKE, escaped by a backslash, for whatever contains *text*."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def touch_function(connection: Connection, function_id: str, now: int) -> None:
    """Set `updated_at`.  Raises `FunctionNotFound`."""
    if connection.execute(_SQL["touch_function"], (function_id, now)).rowcount < 1:
        raise FunctionNotFound


def _list_statements(wanted: FunctionQuery) -> Mapping[str, str]:
    return load_statements(
        "functions",
        columns_of_f=", ".join(f"f.{name}" for name in FUNCTION_COLUMNS),
        columns_of_v=", ".join(
            f"v.{name}" if wanted.with_code or name != "code" else "''" for name in VERSION_COLUMNS
        ),
        order=_ORDERS[wanted.sort],
        kind=_KINDS[wanted.kind],
    )


def _with_version_of_row(row: tuple[Any, ...]) -> FunctionWithActiveVersion:
    width = len(FUNCTION_COLUMNS)
    version = None if row[width] is None else version_of_row(row[width:])
    return FunctionWithActiveVersion(function=function_of_row(row[:width]), active_version=version)


def function_of_row(row: tuple[Any, ...]) -> Function:
    """Return the function in a row of `FUNCTION_COLUMNS`."""
    members = dict(zip(FUNCTION_COLUMNS, row, strict=True))
    for flag in _FLAGS:
        members[flag] = bool(members[flag])
    return Function(**members)


def _column(setting: str, value: str | int | None) -> str | int | None:
    if setting == "cron_schedule":
        return value or None
    if isinstance(value, bool):
        return int(value)
    # An enum member is a kind of str that SQLite would have to be taught.
    return str(value) if isinstance(value, str) else value


def _why_refused(
    connection: Connection, function_id: str, address: object, *, new: bool = False
) -> StoreError | None:
    if new and connection.execute(_SQL["function_exists"], (function_id,)).fetchone():
        return AlreadyExists("a function with this id already exists")
    owner = connection.execute(_SQL["address_owner"], (address, function_id)).fetchone()
    return AddressTaken(str(address), *owner) if owner else None
