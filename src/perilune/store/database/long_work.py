"""Long work for the writer, done in small batches that hardly delay others."""

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.operations import Work
from perilune.store.errors import DiskFull

T = TypeVar("T")

REST_FACTOR = 4.0
"""After a batch the writer is free for others for this many times as long."""

LEAST_REST_S = 0.005
FIRST_ROWS = 50
FEWER = 8
"""A batch that did not fit on the disk has so many times fewer rows the next time."""
MOST_ROWS = 1000

Pause = Callable[[float], Awaitable[object]]
"""Waits for so many seconds."""


class Batches:
    """Hands work to the writer row by row, as many at a time as fit into `Connection.batch_s`.

    How many those are is learnt from how long the last batch took: rows differ a thousandfold
    in what hangs on them.  A batch for which there is no room on the disk is made smaller.
    """

    def __init__(self, access: Access, pause: Pause) -> None:
        """Write through *access*; *pause* is awaited between batches."""
        self._access = access
        self._pause = pause
        self._rows = FIRST_ROWS

    async def repeat(self, work: Callable[[Connection, int], int]) -> int:
        """Call *work* with a number of rows until it finds fewer; return how many it found."""
        total = 0
        while True:
            rows, done = await self._do(work)
            total += done
            if done < rows:
                return total

    async def once(self, work: Callable[[Connection, int], T]) -> T:
        """Call *work* with the number of rows that one batch should have."""
        _, result = await self._do(work)
        return result

    async def each(
        self, items: Sequence[int], work: Callable[[Connection, Sequence[int]], T]
    ) -> list[T]:
        """Call *work* with all *items*, some at a time; return what it returned."""
        results, start = [], 0
        while start < len(items):
            rows, result = await self._do(partial(_on_items, work, items[start:]))
            start += rows
            results.append(result)
        return results

    async def _do(self, work: Callable[[Connection, int], T]) -> tuple[int, T]:
        """Call *work* with a number of rows, and return that number and what it returned."""
        took_s = batch_s = 0.0

        def timed(connection: Connection) -> T:
            nonlocal took_s, batch_s
            batch_s = connection.batch_s
            started = time.perf_counter()
            try:
                return work(connection, rows)
            finally:
                took_s = time.perf_counter() - started

        while True:
            rows = self._rows
            try:
                result = await self._access.write(Work(timed))
            except DiskFull:
                if rows == 1:
                    raise
                self._rows = max(1, rows // FEWER)
                continue
            self._rows = next_rows(rows, took_s, batch_s)
            await self._pause(max(took_s * REST_FACTOR, LEAST_REST_S))
            return rows, result


def next_rows(rows: int, took_s: float, batch_s: float) -> int:
    """Return how many rows take *batch_s*, if a batch of *rows* took *took_s*.

    Grows by half at most, so that one lucky batch is not followed by a much too long one.
    """
    wanted = int(rows * batch_s / took_s) if took_s > 0 else MOST_ROWS
    return max(1, min(wanted, rows + rows // 2 + 1, MOST_ROWS))


def _on_items(
    work: Callable[[Connection, Sequence[int]], T],
    items: Sequence[int],
    connection: Connection,
    rows: int,
) -> T:
    return work(connection, items[:rows])
