"""How many executions there were, how many failed, and how long they took.

Every execution that ends is counted in one row of `execution_stats`, by function, duration
class and span of five minutes, in the transaction that closes it.  What has become old is merged
into longer spans: the sums stay exact, and there are never so many rows that reading them takes
long.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from perilune.store.activity import Activity, ExecutionTotals, Overview
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.counters import Counts
from perilune.store.database.long_work import Batches, Pause
from perilune.store.database.statements import load_statements
from perilune.store.errors import FunctionNotFound
from perilune.store.tables.executions import SHORT_COLUMNS, execution_of_row
from perilune.store.tables.functions import read_function

MERGED = (
    (1800, 75 * 60),
    (6 * 3600, 25 * 3600),
    (86400, 8 * 86400),
    (7 * 86400, 40 * 86400),
)
"""Pairs of a longer span and the age, both in seconds, from which on rows are merged into it."""

_SQL = load_statements("statistics", short=SHORT_COLUMNS)


_ByFunction = dict[str, list[ExecutionTotals]]


class Statistics:
    """Figures of executions; the methods are those of `FigureRows`."""

    def __init__(self, access: Access, pause: Pause) -> None:
        """Use *access*; *pause* is awaited where others get their turn."""
        self._access = access
        self._batches = Batches(access, pause)

    async def of_function(
        self, function_id: str, since: int, step_s: int
    ) -> dict[int, list[ExecutionTotals]]:
        """See `FigureRows.of_function`."""
        params = (function_id, since, step_s)

        def read(connection: Connection) -> dict[int, list[ExecutionTotals]]:
            found: dict[int, list[ExecutionTotals]] = {}
            for start, *totals in connection.execute(_SQL["of_function"], params):
                found.setdefault(start, []).append(ExecutionTotals(*totals))
            return found

        return await self._access.read(read)

    async def overview(self, since: int, step_s: int) -> Overview:
        """See `FigureRows.overview`."""

        def read(connection: Connection) -> tuple[_ByFunction, dict[str, str], int]:
            functions: _ByFunction = {}
            with connection.snapshot():
                for function_id, *totals in connection.execute(_SQL["of_all"], (since,)):
                    functions.setdefault(function_id, []).append(ExecutionTotals(*totals))
                names = dict(connection.execute(_SQL["names"]).fetchall())
                (running,) = connection.execute(_SQL["running"]).fetchone()
            return functions, names, running

        def read_series(connection: Connection) -> dict[int, list[ExecutionTotals]]:
            series: dict[int, list[ExecutionTotals]] = {}
            for key, *sums in connection.execute(_SQL["series"], (since, step_s)):
                start, number = divmod(key, 1024)
                series.setdefault(start, []).append(ExecutionTotals(number - 1, *sums))
            return series

        # Side by side, since each takes a while; so they may differ by what ends in between.
        series, (functions, names, running) = await asyncio.gather(
            self._access.read(read_series), self._access.read(read)
        )
        return Overview(functions=functions, names=names, series=series, running=running)

    async def activity(self, function_ids: Sequence[str], since: int) -> list[Activity]:
        """See `FigureRows.activity`."""

        def read(connection: Connection) -> list[Activity]:
            with connection.snapshot():
                found = (_activity(connection, one, since) for one in function_ids)
                return [one for one in found if one is not None]

        return await self._access.read(read)

    async def merge_old(self, now: int) -> None:
        """Merge rows that have become old by *now*; `purge_expired` does it."""
        for span_s, age_s in MERGED:
            end = (now - age_s) // span_s * span_s
            for bucket in await self._unmerged(end, span_s):
                merge = partial(_merge_some, bucket, bucket - bucket % span_s)
                await self._batches.repeat(merge)

    async def _unmerged(self, end: int, span_s: int) -> list[int]:
        def read(connection: Connection) -> list[int]:
            return [bucket for (bucket,) in connection.execute(_SQL["unmerged"], (end, span_s))]

        return await self._access.read(read)


def _activity(connection: Connection, function_id: str, since: int) -> Activity | None:
    try:
        function = read_function(connection, function_id)
    except FunctionNotFound:
        return None
    rows = connection.execute(_SQL["of_one"], (function_id, since))
    last = connection.execute(_SQL["last_execution"], (function_id,)).fetchone()
    return Activity(
        function=function,
        totals=[ExecutionTotals(*row) for row in rows],
        last=None if last is None else execution_of_row(last),
    )


def _merge_some(bucket: int, into: int, connection: Connection, rows: int) -> int:
    """Add up to *rows* rows of *bucket* to those of *into*; return how many there were."""
    taken = connection.execute(_SQL["take_rows"], (bucket, rows)).fetchall()
    counts = Counts()
    for function_id, number, *totals in taken:
        counts.totals(function_id, number, into, *totals)
    counts.write(connection)
    return len(taken)
