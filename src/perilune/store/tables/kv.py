"""Rows of the key-value store."""

import builtins
from typing import Any

from perilune.clock import WallClock
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection, Params
from perilune.store.database.counters import Counts
from perilune.store.database.operations import ValueChange, Work
from perilune.store.database.statements import load_statements
from perilune.store.errors import FunctionNotFound, KVQuotaExceeded
from perilune.store.kv_numbers import add_to_number
from perilune.store.records import KVEntry
from perilune.store.value_tables import ValueTables
from perilune.worker.shared_values import NEVER, PAIR, Value

_SQL = load_statements("kv")


class KV:
    """Key-value pairs of functions; the methods are those of `KVRows`."""

    def __init__(self, access: Access, clock: WallClock, tables: ValueTables | None = None) -> None:
        """Use *access*; *clock* decides what has expired, *tables* has pairs in memory."""
        self._access = access
        self._clock = clock
        self.tables = tables

    async def get(self, function_id: str, key: bytes) -> bytes | None:
        """See `KVRows.get`."""
        now = self._clock()
        table = self.tables and self.tables.get(function_id)
        if table:
            return table.read(PAIR + key, now)
        params = (function_id, key, now)

        def read(connection: Connection) -> bytes | None:
            row = connection.execute(_SQL["get_value"], params).fetchone()
            return None if row is None else row[0]

        return await self._access.look_up(read)

    async def set(
        self, function_id: str, key: bytes, value: bytes, expires_at: float | None, quota_bytes: int
    ) -> None:
        """See `KVRows.set`."""
        now = self._clock()
        change = ValueChange(function_id, PAIR + key)

        def write(connection: Connection) -> None:
            connection.lock(_SQL["lock"], (function_id,))
            _put(connection, (function_id, key, value, expires_at), quota_bytes, now)
            change.make(_known(value, expires_at))

        await self._access.write(Work(write, weight=len(value), change=change))

    async def delete(self, function_id: str, key: bytes) -> None:
        """See `KVRows.delete`."""
        change = ValueChange(function_id, PAIR + key)

        def delete(connection: Connection) -> None:
            connection.lock(_SQL["lock"], (function_id,))
            delete_entries(connection, "delete_value", (function_id, key))
            change.make(None)

        await self._access.write(Work(delete, weight=0, change=change))

    async def incr(self, function_id: str, key: bytes, amount: float, quota_bytes: int) -> float:
        """See `KVRows.incr`."""
        now = self._clock()
        change = ValueChange(function_id, PAIR + key)

        def add(connection: Connection) -> float:
            connection.lock(_SQL["lock"], (function_id,))
            pair = connection.execute(_SQL["get_pair"], (function_id, key, now)).fetchone()
            value, expires_at = pair or (b"0", None)
            total, text = add_to_number(value, amount)
            _put(connection, (function_id, key, text, expires_at), quota_bytes, now)
            change.make(_known(text, expires_at))
            return total

        return await self._access.write(Work(add, weight=0, change=change))

    async def cas(
        self, function_id: str, key: bytes, old: bytes | None, new: bytes, quota_bytes: int
    ) -> bool:
        """See `KVRows.cas`."""
        now = self._clock()
        change = ValueChange(function_id, PAIR + key)

        def swap(connection: Connection) -> bool:
            connection.lock(_SQL["lock"], (function_id,))
            pair = connection.execute(_SQL["get_pair"], (function_id, key, now)).fetchone()
            value, expires_at = pair or (None, None)
            if value != old:
                return False
            _put(connection, (function_id, key, new, expires_at), quota_bytes, now)
            change.make(_known(new, expires_at))
            return True

        work = Work(swap, weight=len(new), change=change, is_relied_on=True)
        return await self._access.write(work)

    async def list(
        self, function_id: str, prefix: bytes, limit: int, after: bytes | None
    ) -> list[tuple[bytes, bytes]]:
        """See `KVRows.list`."""
        return await self._between("list", function_id, prefix, limit, after)

    async def entries(
        self, function_id: str, prefix: bytes, limit: int, after: bytes | None, preview: int
    ) -> builtins.list[KVEntry]:
        """See `KVRows.entries`."""
        found = await self._between("entries", function_id, prefix, limit, after, preview)
        return [KVEntry(key, start or b"", *rest) for key, start, *rest in found]

    async def entry(self, function_id: str, key: bytes) -> KVEntry | None:
        """See `KVRows.entry`."""
        params = (function_id, key, self._clock())

        def read(connection: Connection) -> KVEntry | None:
            row = connection.execute(_SQL["get_entry"], params).fetchone()
            return None if row is None else KVEntry(*row)

        return await self._access.read(read)

    async def used_bytes(self, function_id: str) -> int:
        """See `KVRows.used_bytes`."""

        def read(connection: Connection) -> int:
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

        def read(connection: Connection) -> builtins.list[Any]:
            if end is None:
                sql, params = _SQL[f"{name}_from"], (function_id, first, now, limit, *more)
                return connection.execute(sql, params).fetchall()
            sql, bounded = _SQL[f"{name}_between"], (function_id, first, end, now, limit, *more)
            return connection.execute(sql, bounded).fetchall()

        return await self._access.read(read)


def delete_entries(connection: Connection, statement: str, params: Params) -> int:
    """Delete pairs by a statement of `sql/kv.sql` and count them; return how many."""
    deleted = connection.execute(_SQL[statement], params).fetchall()
    counts = Counts()
    for function_id, size in deleted:
        counts.entries(function_id, -size)
    counts.write(connection)
    return len(deleted)


def _put(
    connection: Connection,
    pair: tuple[str, bytes, bytes, float | None],
    quota_bytes: int,
    now: float,
) -> None:
    """Write a pair (function, key, value, time of expiry), deleting expired ones for its room.

    Raises:
        KVQuotaExceeded: it would make the function's pairs larger, and too large.
    """
    function_id, key, value, _ = pair
    growth, change, total = _growth(connection, function_id, key, value, now)
    if growth > 0 and total > quota_bytes:
        delete_entries(connection, "purge_function", (function_id, now))
        _, change, total = _growth(connection, function_id, key, value, now)
        if total > quota_bytes:
            raise KVQuotaExceeded
    connection.execute(_SQL["set_value"], pair)
    if change:
        counts = Counts()
        counts.entries(function_id, change)
        counts.write(connection)


def _growth(
    connection: Connection, function_id: str, key: bytes, value: bytes, now: float
) -> tuple[int, int, int]:
    """Return by how many bytes the pair would get larger, all pairs would, and their new total.

    A pair that has expired gives its room away, but no right to grow back.
    """
    row = connection.execute(_SQL["usage"], (function_id, key, now)).fetchone()
    if row is None:
        raise FunctionNotFound
    used, replaced, replaced_alive = row
    size = len(key) + len(value)
    return size - replaced_alive, size - replaced, used + size - replaced


def _known(value: bytes, expires_at: float | None) -> Value:
    """Return a value as tables have it; what the caller holds may change, a copy does not."""
    return bytes(value), NEVER if expires_at is None else expires_at


def _end_of_prefix(prefix: bytes) -> bytes | None:
    """Return the smallest key larger than all with *prefix*; None if there is none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None
