"""Rows of the functions' environment variables; the values are sealed."""

from collections.abc import Collection, Iterable, Mapping

from perilune.clock import WallClock
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.operations import Work
from perilune.store.database.statements import load_statements
from perilune.store.errors import TooManyVariables, VariableNotKept
from perilune.store.records import EnvVariable
from perilune.store.tables.functions import touch_function
from perilune.store.tables.secrets import ENV_VARS, opened
from perilune.store.value_tables import ValueTables
from perilune.vault import Sealed, Vault
from perilune.worker.shared_values import VARIABLE

_SQL = load_statements("env")
_LOCK = load_statements("functions")["lock"]


class Env:
    """Environment variables; the methods are those of `EnvRows`."""

    def __init__(
        self,
        access: Access,
        clock: WallClock,
        vault: Vault,
        tables: ValueTables | None = None,
    ) -> None:
        """Use *access*.

        *clock* gives the time of change, *vault* seals the values, *tables* has them in memory.
        """
        self._access = access
        self._clock = clock
        self._vault = vault
        self.tables = tables

    async def get(self, function_id: str, key: str) -> str | None:
        """See `EnvRows.get`."""
        table = self.tables and self.tables.get(function_id)
        if table:
            value = table.read(VARIABLE + key.encode(), now=0)
            return None if value is None else value.decode()

        def read(connection: Connection) -> str | None:
            row = connection.execute(_SQL["get_variable"], (function_id, key)).fetchone()
            return None if row is None else self._opened(function_id, key, *row)

        return await self._access.look_up(read)

    async def set(
        self,
        function_id: str,
        key: str,
        value: str,
        write_only: bool | None = None,
        *,
        most: int | None = None,
    ) -> None:
        """See `EnvRows.set`."""
        now = int(self._clock())

        def write(connection: Connection) -> None:
            touch_function(connection, function_id, now)
            if most is not None:
                present = _marks(connection, function_id)
                if key not in present and len(present) >= most:
                    raise TooManyVariables(most)
            self._write(connection, function_id, key, value, write_only)

        await self._access.write(Work(write, invalidates=function_id))

    async def keep(self, function_id: str, key: str, write_only: bool | None) -> None:
        """See `EnvRows.keep`."""
        now = int(self._clock())
        hidden = None if write_only is None else frozenset([key] if write_only else ())

        def write(connection: Connection) -> None:
            connection.lock(_LOCK, (function_id,))
            check_kept([key], _marks(connection, function_id), hidden)
            if write_only:
                touch_function(connection, function_id, now)
                connection.execute(_SQL["hide_variable"], (function_id, key))

        await self._access.write(Work(write, invalidates=function_id))

    async def delete(self, function_id: str, key: str) -> None:
        """See `EnvRows.delete`; removing a missing variable changes nothing."""
        now = int(self._clock())

        def remove(connection: Connection) -> None:
            connection.lock(_LOCK, (function_id,))
            if connection.execute(_SQL["delete_variable"], (function_id, key)).rowcount:
                touch_function(connection, function_id, now)

        await self._access.write(Work(remove, invalidates=function_id))

    async def all(self, function_id: str) -> dict[str, str]:
        """See `EnvRows.all`; in the order of the names."""

        def read(connection: Connection) -> dict[str, str]:
            rows = connection.execute(_SQL["all_variables"], (function_id,)).fetchall()
            return {
                key: self._opened(function_id, key, text, key_id) for key, text, key_id, _ in rows
            }

        return await self._access.read(read)

    async def write_only_values(self, function_id: str) -> tuple[str, ...]:
        """See `DB.write_only_values`."""

        def read(connection: Connection) -> tuple[str, ...]:
            rows = connection.execute(_SQL["all_variables"], (function_id,)).fetchall()
            return tuple(
                self._opened(function_id, key, text, key_id)
                for key, text, key_id, hidden in rows
                if hidden
            )

        return await self._access.look_up(read)

    async def readable(self, function_id: str) -> list[EnvVariable]:
        """See `EnvRows.readable`; in the order of the names."""

        def read(connection: Connection) -> list[EnvVariable]:
            rows = connection.execute(_SQL["all_variables"], (function_id,)).fetchall()
            return [
                EnvVariable(
                    key=key,
                    value=None if hidden else self._opened(function_id, key, text, key_id),
                    write_only=bool(hidden),
                )
                for key, text, key_id, hidden in rows
            ]

        return await self._access.read(read)

    async def replace(
        self,
        function_id: str,
        values: dict[str, str],
        kept: Iterable[str] = (),
        write_only: Iterable[str] | None = None,
    ) -> None:
        """See `EnvRows.replace`."""
        now = int(self._clock())
        left = frozenset(kept)
        hidden = None if write_only is None else frozenset(write_only)

        def write(connection: Connection) -> None:
            touch_function(connection, function_id, now)
            present = _marks(connection, function_id)
            check_kept(left, present, hidden)
            for key in present.keys() - values.keys() - left:
                connection.execute(_SQL["delete_variable"], (function_id, key))
            for key, value in values.items():
                self._write(
                    connection, function_id, key, value, None if hidden is None else key in hidden
                )
            for key in left & (hidden or frozenset()):
                connection.execute(_SQL["hide_variable"], (function_id, key))

        await self._access.write(Work(write, invalidates=function_id))

    def _write(
        self,
        connection: Connection,
        function_id: str,
        key: str,
        value: str,
        write_only: bool | None,
    ) -> None:
        sealed = self._vault.seal(value, ENV_VARS, function_id, key)
        mark = None if write_only is None else int(write_only)
        connection.execute(_SQL["set_variable"], (function_id, key, *sealed, mark))

    def _opened(self, function_id: str, key: str, text: str, key_id: str | None) -> str:
        return opened(self._vault, Sealed(text, key_id), ENV_VARS, function_id, key)


def check_kept(
    kept: Iterable[str], present: Mapping[str, bool], write_only: Collection[str] | None
) -> None:
    """Check that the values of *kept* can stay as they are.

    Args:
        kept: names of variables.
        present: for each variable that is there, whether it is write-only.
        write_only: names of those that are going to be write-only; None: the same as now.

    Raises:
        VariableNotKept: one is missing, or it would become readable.
    """
    for key in sorted(kept):
        if key not in present:
            raise VariableNotKept(key, is_write_only=False)
        if present[key] and write_only is not None and key not in write_only:
            raise VariableNotKept(key, is_write_only=True)


def _marks(connection: Connection, function_id: str) -> dict[str, bool]:
    """Return for each variable whether it is write-only."""
    return dict(connection.execute(_SQL["variable_names"], (function_id,)).fetchall())
