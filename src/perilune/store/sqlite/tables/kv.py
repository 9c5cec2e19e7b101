"""Rows of the key-value store."""

import builtins
import sqlite3
from typing import Any

import msgspec

from perilune.clock import WallClock
from perilune.store.errors import FunctionNotFound, KVQuotaExceeded
from perilune.store.kv_numbers import add_to_number
from perilune.store.sqlite.connection.access import Access
from perilune.store.sqlite.connection.operations import Statement, Work
from perilune.store.sqlite.connection.statements import load_statements

_SQL = load_statements("kv")


class KVEntry(msgspec.Struct, frozen=True):
    """A pair as people are shown it."""

    key: bytes
    value: bytes
    """All of it, or its beginning."""
    size: int
    """Length of the whole value."""
    expires_at: float | None


class KVStore:
    """Key-value pairs of functions; the methods are those of `KVRows`.

    Writes for an unknown function raise `FunctionNotFound`.  A pair that has expired is treated
    as missing at once and counts against the quota until it is purged or room is needed.
    """

    def __init__(self, access: Access, clock: WallClock) -> None:
        """Use *access*; *clock* decides what has expired."""
        self._access = access
        self._clock = clock

    async def get(self, function_id: str, key: bytes) -> bytes | None:
        """See `KVRows.get`."""
        params = (function_id, key, self._clock())

        def read(connection: sqlite3.Connection) -> bytes | None:
            row = connection.execute(_SQL["get_value"], params).fetchone()
            return None if row is None else row[0]

        return await self._access.look_up(read)

    async def set(
        self, function_id: str, key: bytes, value: bytes, expires_at: float | None, quota_bytes: int
    ) -> bool:
        """See `KVRows.set`; a write that does not make the total larger always fits."""
        now = self._clock()

        def write(connection: sqlite3.Connection) -> bool:
            if not _fits(connection, function_id, key, value, quota_bytes, now):
                return False
            connection.execute(_SQL["set_value"], (function_id, key, value, expires_at))
            return True

        return await self._access.write(Work(write))

    async def delete(self, function_id: str, key: bytes) -> None:
        """See `KVRows.delete`."""
        await self._access.write(Statement(_SQL["delete_value"], (function_id, key)))

    async def incr(self, function_id: str, key: bytes, amount: float, quota_bytes: int) -> float:
        """See `KVRows.incr`.  Raises `NotANumber` or `KVQuotaExceeded`, both `ValueError`."""
        now = self._clock()

        def add(connection: sqlite3.Connection) -> float:
            pair = connection.execute(_SQL["get_pair"], (function_id, key, now)).fetchone()
            value, expires_at = pair or (b"0", None)
            total, text = add_to_number(value, amount)
            if not _fits(connection, function_id, key, text, quota_bytes, now):
                raise KVQuotaExceeded
            connection.execute(_SQL["set_value"], (function_id, key, text, expires_at))
            return total

        return await self._access.write(Work(add))

    async def cas(
        self, function_id: str, key: bytes, old: bytes | None, new: bytes, quota_bytes: int
    ) -> bool:
        """See `KVRows.cas`.  Raises `KVQuotaExceeded`."""
        now = self._clock()

        def swap(connection: sqlite3.Connection) -> bool:
            pair = connection.execute(_SQL["get_pair"], (function_id, key, now)).fetchone()
            value, expires_at = pair or (None, None)
            if value != old:
                return False
            if not _fits(connection, function_id, key, new, quota_bytes, now):
                raise KVQuotaExceeded
            connection.execute(_SQL["set_value"], (function_id, key, new, expires_at))
            return True

        return await self._access.write(Work(swap))

    async def list(
        self, function_id: str, prefix: bytes, limit: int, after: bytes | None
    ) -> list[tuple[bytes, bytes]]:
        """See `KVRows.list`; a limit of 0 or less gives nothing."""
        return await self._between("list", function_id, prefix, limit, after)

    async def entries(
        self, function_id: str, prefix: bytes, limit: int, after: bytes | None, preview: int
    ) -> builtins.list[KVEntry]:
        """Return what `list` does, with the first *preview* bytes of the values only."""
        found = await self._between("entries", function_id, prefix, limit, after, preview)
        return [KVEntry(*row) for row in found]

    async def entry(self, function_id: str, key: bytes) -> KVEntry | None:
        """Return a pair, its value whole; None if there is none or it has expired."""
        params = (function_id, key, self._clock())

        def read(connection: sqlite3.Connection) -> KVEntry | None:
            row = connection.execute(_SQL["get_entry"], params).fetchone()
            return None if row is None else KVEntry(*row)

        return await self._access.read(read)

    async def used_bytes(self, function_id: str) -> int:
        """Return the bytes of all pairs of a function, those not purged yet included."""

        def read(connection: sqlite3.Connection) -> int:
            row = connection.execute(_SQL["used_bytes"], (function_id,)).fetchone()
            return row[0] if row else 0

        return await self._access.read(read)

    async def _between(
        self,
        name: str,
        function_id: str,
        prefix: bytes,
        limit: int,
        after: bytes | None,
        *more: int,
    ) -> builtins.list[Any]:
        # The smallest key larger than `after` is `after` with a zero byte behind it.
        first = prefix if after is None else max(prefix, after + b"\0")
        end = _end_of_prefix(prefix)
        limit = max(limit, 0)
        now = self._clock()

        def read(connection: sqlite3.Connection) -> builtins.list[Any]:
            if end is None:
                sql, params = _SQL[f"{name}_from"], (function_id, first, now, limit, *more)
                return connection.execute(sql, params).fetchall()
            sql, bounded = _SQL[f"{name}_between"], (function_id, first, end, now, limit, *more)
            return connection.execute(sql, bounded).fetchall()

        return await self._access.read(read)


def miscounted_bytes(connection: sqlite3.Connection) -> list[str]:
    """Describe the functions whose byte counter differs from the size of their pairs."""
    return [
        f"function {function_id} has {found} bytes of pairs, its counter says {counted}"
        for function_id, counted, found in connection.execute(_SQL["miscounted_bytes"])
    ]


def _fits(
    connection: sqlite3.Connection,
    function_id: str,
    key: bytes,
    value: bytes,
    quota_bytes: int,
    now: float,
) -> bool:
    """Tell whether the pair may be written, deleting expired pairs if that is needed."""
    growth, total = _growth(connection, function_id, key, value, now)
    if growth <= 0 or total <= quota_bytes:
        return True
    if not connection.execute(_SQL["purge_function"], (function_id, now)).rowcount:
        return False
    _, total = _growth(connection, function_id, key, value, now)
    return total <= quota_bytes


def _growth(
    connection: sqlite3.Connection, function_id: str, key: bytes, value: bytes, now: float
) -> tuple[int, int]:
    """Return by how much the pair would get larger, and the new total of the function, in bytes.

    A pair that has expired gives its room away, but no right to grow back.
    """
    row = connection.execute(_SQL["usage"], (function_id, key, now)).fetchone()
    if row is None:
        raise FunctionNotFound
    used, replaced, replaced_alive = row
    size = len(key) + len(value)
    return size - replaced_alive, used + size - replaced


def _end_of_prefix(prefix: bytes) -> bytes | None:
    """Return the smallest key larger than all with *prefix*; None if there is none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None
