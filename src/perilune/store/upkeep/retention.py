"""Which executions go: the old ones, those beyond a limit of bytes, those of what was deleted.

Readers find the rows to delete; the writer only deletes.
"""

from collections import Counter
from functools import partial
from typing import Any

from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.long_work import Batches, Pause
from perilune.store.database.operations import Statement
from perilune.store.database.statements import load_statements
from perilune.store.tables.removal import FEW, remove_executions, remove_leftover_entries

DEFAULT_DAYS = 7
FOUND_AT_ONCE = 5000
"""Executions looked up per read: bounds memory."""
MEASURED_AT_ONCE = 500
"""Executions measured per read: their texts are read, and a long read keeps the log from ending."""

Place = tuple[int, int]
"""Where an execution stands in its function's order: `created_at` and `seq`."""

_FIRST: Place = (-(2**63), 0)
_LAST: Place = (2**63 - 1, 0)
_SQL = load_statements("upkeep")
_KV = load_statements("kv")


class Retention:
    """Deletes executions that nobody may or can see any more."""

    def __init__(self, access: Access, pause: Pause) -> None:
        """Use *access*; *pause* is awaited where others get their turn."""
        self._access = access
        self._pause = pause
        self._batches = Batches(access, pause)

    async def purge_old(self, now: int) -> Counter[str]:
        """Delete what is older than its function keeps it; return the rows per table."""
        due = await self._rows("due_functions", (now, DEFAULT_DAYS))
        gone: Counter[str] = Counter()
        for function_id, before in due:
            gone += await self._delete("executions_before", function_id, before)
        return gone

    async def delete_old(self, before: int, function_id: str | None = None) -> int:
        """See `DB.delete_old_executions`."""
        found = await self._rows("function_ids", ()) if function_id is None else [(function_id,)]
        gone: Counter[str] = Counter()
        for (one,) in found:
            gone += await self._delete("executions_before", one, before)
        return gone["executions"]

    async def purge_large(self) -> Counter[str]:
        """Delete the oldest executions of functions that keep more bytes than they may."""
        gone: Counter[str] = Counter()
        for function_id, limit in await self._rows("limited_functions", ()):
            last = await self._first_too_much(function_id, limit)
            if last is not None:
                gone += await self._delete("executions_up_to", function_id, *last)
        return gone

    async def purge_deleted(self) -> Counter[str]:
        """Delete what deleted functions and versions have left; return the rows per table."""
        gone: Counter[str] = Counter()
        for function_id, version_id in await self._rows("deleted_versions", ()):
            gone += await self._delete("executions_of_version", function_id, version_id)
        for (function_id,) in await self._rows("with_empty_rows", ()):
            await self._access.write(Statement(_SQL["forget_versions"], (function_id, FEW)))
        return gone + await self._purge_entries()

    async def _purge_entries(self) -> Counter[str]:
        """Delete the pairs that deleted functions have left, and then what they belonged to."""
        gone: Counter[str] = Counter()
        owners = await self._access.read(lambda c: c.execute(_KV["deleted_owners"]).fetchall())
        for (function_id,) in owners:
            remove = partial(_remove_entries, function_id)
            while number := await self._batches.once(remove):
                gone["kv_store"] += number
            await self._access.write(Statement(_KV["forget_owner"], (function_id,)))
        return gone

    async def _first_too_much(self, function_id: str, limit: int) -> Place | None:
        """Return the newest place from which on, downwards, there is no room; None if all fits.

        Counted anew each time instead of kept with every execution and log line: only what
        the limit allows is read, and calls pay nothing for it.
        """
        place, room = _LAST, limit
        while True:
            found = await self._rows("sizes_of_executions", (function_id, *place, MEASURED_AT_ONCE))
            for created_at, seq, size in found:
                room -= size
                if room < 0:
                    return created_at, seq
            if len(found) < MEASURED_AT_ONCE:
                return None
            place = found[-1][:2]
            await self._pause(0)

    async def _delete(self, finder: str, function_id: str, *limits: object) -> Counter[str]:
        place = _FIRST
        gone: Counter[str] = Counter()
        while True:
            found = await self._rows(finder, (function_id, *place, *limits, FOUND_AT_ONCE))
            seqs = [seq for _, seq in found]
            for rows in await self._batches.each(seqs, remove_executions):
                gone += rows
            if len(found) < FOUND_AT_ONCE:
                return gone
            place = found[-1]

    async def _rows(self, name: str, params: tuple[object, ...]) -> list[Any]:
        return await self._access.read(lambda c: c.execute(_SQL[name], params).fetchall())


def _remove_entries(function_id: str, connection: Connection, most: int) -> int:
    return remove_leftover_entries(connection, function_id, most)
