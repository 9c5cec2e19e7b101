"""What goes at a time of its own, and rows that have lost what they belonged to."""

from functools import partial

import msgspec

from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.long_work import Batches, Pause
from perilune.store.database.statements import load_statements
from perilune.store.tables.kv import delete_entries

DAY_S = 86400
CRON_TICKS_KEPT_S = 30 * DAY_S
"""Of each function the last tick stays for good."""
EXECUTION_STATS_KEPT_S = 400 * DAY_S
"""A year and a bit, so that a month can be compared with the same one a year ago."""
FAILED_ATTEMPTS_KEPT_S = 3600
LOOKED_AT_ONCE = 5000
"""Rows looked at per read in search of orphans."""

_SQL = load_statements("upkeep")
_KV = load_statements("kv")
_KEPT_S = {
    "kv_store": 0,
    "sessions": 0,
    "seen_messages": 0,
    "rate_limits": 0,
    "failed_attempts": FAILED_ATTEMPTS_KEPT_S,
    "cron_ticks": CRON_TICKS_KEPT_S,
    "execution_stats": EXECUTION_STATS_KEPT_S,
}
"""By table: for how many seconds rows stay."""

_CHILDREN = ("logs", "ai_requests", "email_requests")


class Expiry:
    """Deletes what has expired and what belongs to nothing."""

    def __init__(self, access: Access, pause: Pause) -> None:
        """Use *access*; *pause* is awaited where others get their turn."""
        self._access = access
        self._pause = pause
        self._batches = Batches(access, pause)

    async def purge(self, now: int) -> dict[str, int]:
        """Delete what has expired by *now*; return the rows per table."""
        gone = {}
        for table, kept_s in _KEPT_S.items():
            gone[table] = await self._batches.repeat(partial(_purge, table, now - kept_s))
        return gone

    async def last_used(self) -> int | None:
        """Return when the newest execution or change was recorded; None without any."""
        row = await self._access.read(
            lambda connection: connection.execute(_SQL["last_used"]).fetchone()
        )
        newest: int | None = row[0]
        return newest

    async def purge_orphans(self) -> dict[str, int]:
        """Delete rows whose execution does not exist; return the rows per table.

        Foreign keys allow none.  They come with files that were changed without them.
        """
        return {table: await self._purge_orphans_in(table) for table in _CHILDREN}

    async def _purge_orphans_in(self, table: str) -> int:
        texts = load_statements("upkeep", table=table)
        total, last = 0, 0

        def find(connection: Connection) -> list[tuple[int, int]]:
            return connection.execute(texts["orphans"], (last, LOOKED_AT_ONCE)).fetchall()

        def delete(connection: Connection, seqs: object) -> int:
            chosen = (msgspec.json.encode(seqs).decode(),)
            return connection.execute(texts["delete_orphans"], chosen).rowcount

        while True:
            found = await self._access.read(find)
            orphans = [seq for seq, is_orphan in found if is_orphan]
            total += sum(await self._batches.each(orphans, delete))
            if len(found) < LOOKED_AT_ONCE:
                return total
            last = found[-1][0]
            await self._pause(0)


def _purge(table: str, before: int, connection: Connection, rows: int) -> int:
    """Delete up to *rows* rows of *table* that expired at *before* or earlier; return how many."""
    if table == "kv_store":
        connection.lock(_KV["lock_expired"], (before, rows))
        return delete_entries(connection, "purge_expired", (before, rows))
    return connection.execute(_SQL[f"purge_{table}"], (before, rows)).rowcount
