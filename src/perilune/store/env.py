"""Rows of the functions' environment variables."""

import sqlite3

from perilune.clock import WallClock
from perilune.store.access import Access
from perilune.store.functions import touch_function
from perilune.store.operations import Work
from perilune.store.statements import load_statements

_SQL = load_statements("env")


class EnvStore:
    """Environment variables; the methods are those of `EnvRows`.

    Every change sets the function's `updated_at`; changes for an unknown function raise
    `FunctionNotFound`.
    """

    def __init__(self, access: Access, clock: WallClock) -> None:
        """Use *access*; *clock* gives the time of change."""
        self._access = access
        self._clock = clock

    async def get(self, function_id: str, key: str) -> str | None:
        """See `EnvRows.get`."""

        def read(connection: sqlite3.Connection) -> str | None:
            row = connection.execute(_SQL["get_variable"], (function_id, key)).fetchone()
            return None if row is None else row[0]

        return await self._access.look_up(read)

    async def set(self, function_id: str, key: str, value: str) -> None:
        """See `EnvRows.set`."""
        now = int(self._clock())

        def write(connection: sqlite3.Connection) -> None:
            touch_function(connection, function_id, now)
            connection.execute(_SQL["set_variable"], (function_id, key, value))

        await self._access.write(Work(write, touches=function_id))

    async def delete(self, function_id: str, key: str) -> None:
        """See `EnvRows.delete`; removing a missing variable changes nothing."""
        now = int(self._clock())

        def remove(connection: sqlite3.Connection) -> None:
            if connection.execute(_SQL["delete_variable"], (function_id, key)).rowcount:
                touch_function(connection, function_id, now)

        await self._access.write(Work(remove, touches=function_id))

    async def all(self, function_id: str) -> dict[str, str]:
        """See `EnvRows.all`; in the order of the names."""

        def read(connection: sqlite3.Connection) -> dict[str, str]:
            return dict(connection.execute(_SQL["all_variables"], (function_id,)).fetchall())

        return await self._access.read(read)

    async def replace(self, function_id: str, values: dict[str, str]) -> None:
        """See `EnvRows.replace`."""
        now = int(self._clock())
        rows = [(function_id, key, value) for key, value in values.items()]

        def write(connection: sqlite3.Connection) -> None:
            touch_function(connection, function_id, now)
            connection.execute(_SQL["clear_variables"], (function_id,))
            connection.executemany(_SQL["set_variable"], rows)

        await self._access.write(Work(write, touches=function_id))
