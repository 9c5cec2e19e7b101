"""Rows of `function_versions`: numbers that are never used again, one active at most."""

from collections.abc import Callable
from typing import Any, TypeVar

from perilune.clock import WallClock
from perilune.ids import version_id
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.operations import Work
from perilune.store.database.pages import read_page
from perilune.store.database.statements import load_statements
from perilune.store.errors import (
    CannotDeleteActiveVersion,
    FunctionNotFound,
    NoActiveVersion,
    VersionNotFound,
)
from perilune.store.records import FunctionVersion, PaginationParams, VersionSummary
from perilune.store.tables.removal import remove_few_of_version

Item = TypeVar("Item")

VERSION_COLUMNS = FunctionVersion.__struct_fields__
"""The columns of the table, named like the members of the record."""

FIRST_LINE_CHARS = 200
"""As much of the first line of a version's code is in its summary."""

_SQL = load_statements(
    "versions",
    columns=", ".join(VERSION_COLUMNS),
    first_line_chars=str(FIRST_LINE_CHARS),
    blank=" \t\n\r",
)
_FUNCTIONS = load_statements("functions")


class Versions:
    """Versions of functions' code; the methods are those of `DB`."""

    def __init__(self, access: Access, clock: WallClock) -> None:
        """Use *access*; *clock* gives the times of creation and change."""
        self._access = access
        self._clock = clock

    async def create(
        self,
        function_id: str,
        code: str,
        created_by: str | None = None,
        requirements: str | None = None,
        note: str | None = None,
    ) -> FunctionVersion:
        """See `DB.create_version`."""
        now = int(self._clock())

        def create(connection: Connection) -> FunctionVersion:
            connection.lock(_FUNCTIONS["lock"], (function_id,))
            counted = connection.execute(_SQL["next_version"], (function_id,)).fetchall()
            if not counted:
                raise FunctionNotFound
            ((number,),) = counted
            connection.execute(_SQL["deactivate_versions"], (function_id,))
            made = connection.execute(
                _SQL["insert_version"],
                (
                    version_id(function_id, number),
                    function_id,
                    number,
                    code,
                    now,
                    created_by,
                    requirements,
                    note,
                ),
            ).fetchone()
            connection.execute(_FUNCTIONS["touch_function"], (function_id, now))
            return version_of_row(made)

        return await self._access.write(Work(create, invalidates=function_id))

    async def get(self, function_id: str, number: int) -> FunctionVersion:
        """See `DB.get_version`."""
        return await self._one("get_version", (function_id, number), VersionNotFound)

    async def get_by_id(self, version_id: str) -> FunctionVersion:
        """See `DB.get_version_by_id`."""
        return await self._one("get_version_by_id", (version_id,), VersionNotFound)

    async def read_active(self, function_id: str) -> FunctionVersion:
        """See `DB.get_active_version`; always asks the database."""
        return await self._one("get_active_version", (function_id,), NoActiveVersion)

    async def page(
        self, function_id: str, params: PaginationParams
    ) -> tuple[list[FunctionVersion], int]:
        """See `DB.list_versions`."""
        return await self._page("list_versions", function_id, params, version_of_row)

    async def summaries(
        self, function_id: str, params: PaginationParams
    ) -> tuple[list[VersionSummary], int]:
        """See `DB.summarize_versions`."""
        return await self._page("summarize_versions", function_id, params, _summary_of_row)

    async def activate(self, version_id: str, function_id: str | None = None) -> None:
        """See `DB.activate_version`."""
        now = int(self._clock())

        def activate(connection: Connection) -> None:
            connection.lock(_SQL["lock"], (version_id,))
            owner, is_active = _owner(connection, version_id, function_id)
            if is_active:
                return
            operation.invalidates = owner
            connection.execute(_SQL["deactivate_versions"], (owner,))
            connection.execute(_SQL["activate_version"], (version_id,))
            connection.execute(_FUNCTIONS["touch_function"], (owner, now))

        operation = Work(activate)
        await self._access.write(operation)

    async def delete(
        self, version_id: str, function_id: str | None = None, *, keep_executions: bool = False
    ) -> None:
        """See `DB.delete_version`; its executions go as those of a deleted function do."""

        def delete(connection: Connection) -> None:
            connection.lock(_SQL["lock"], (version_id,))
            owner, is_active = _owner(connection, version_id, function_id)
            if is_active:
                raise CannotDeleteActiveVersion
            if not keep_executions:
                remove_few_of_version(connection, owner, version_id)
            connection.execute(_SQL["delete_version"], (version_id,))
            if keep_executions:
                connection.execute(_SQL["keep_executions"], (owner, version_id))

        await self._access.write(Work(delete))

    async def _page(
        self,
        statement: str,
        function_id: str,
        params: PaginationParams,
        made_of: Callable[[tuple[Any, ...]], Item],
    ) -> tuple[list[Item], int]:
        page = params.normalized()

        def read(connection: Connection) -> tuple[list[Item], int]:
            rows = (_SQL[statement], (function_id, page.limit, page.offset))
            return read_page(connection, made_of, rows, (_SQL["count_versions"], (function_id,)))

        return await self._access.read(read)

    async def requirements(self) -> set[str]:
        """See `Store.requirements_in_use`."""
        return await self._access.read(
            lambda connection: {text for (text,) in connection.execute(_SQL["list_requirements"])}
        )

    async def _one(
        self, statement: str, params: tuple[Any, ...], missing: type[Exception]
    ) -> FunctionVersion:
        def read(connection: Connection) -> FunctionVersion:
            row = connection.execute(_SQL[statement], params).fetchone()
            if row is None:
                raise missing
            return version_of_row(row)

        return await self._access.read(read)


def version_of_row(row: tuple[Any, ...]) -> FunctionVersion:
    """Build the record from the values of `VERSION_COLUMNS`."""
    members = dict(zip(VERSION_COLUMNS, row, strict=True))
    members["is_active"] = bool(members["is_active"])
    return FunctionVersion(**members)


def _summary_of_row(row: tuple[Any, ...]) -> VersionSummary:
    members = dict(zip(VersionSummary.__struct_fields__, row, strict=True))
    members["is_active"] = bool(members["is_active"])
    members["first_line"] = (members["first_line"].splitlines() or [""])[0].rstrip()
    return VersionSummary(**members)


def _owner(connection: Connection, version_id: str, expected: str | None) -> tuple[str, bool]:
    """Return whose version it is and whether it is active.  Raises `VersionNotFound`."""
    row = connection.execute(_SQL["version_owner"], (version_id,)).fetchone()
    if row is None or (expected is not None and row[0] != expected):
        raise VersionNotFound
    return row[0], bool(row[1])
