"""Records kept in memory because every execution needs them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from perilune.clock import WallClock

T = TypeVar("T")
U = TypeVar("U")

MAX_AGE_S = 1.0
"""Older records are read again: another process may have changed the file."""

MAX_RECORDS = 4096
MAX_CHARACTERS = 64 * 1024 * 1024


class RecordCache(Generic[T]):
    """The last known record per function id.

    Only found records are kept, so asking for unknown ids fills nothing.  A write calls
    `forget` after its commit; a read that had begun before cannot put the old record back.
    """

    def __init__(
        self,
        load: Callable[[str], Awaitable[T]],
        characters: Callable[[T], int],
        clock: WallClock,
    ) -> None:
        """Start empty.

        Args:
            load: Reads a record from the database, or raises.
            characters: Returns about how large a record is.
            clock: Tells the age of records; if it goes back, they count as old.
        """
        self._load = load
        self._characters = characters
        self._clock = clock
        self._kept: dict[str, tuple[float, T]] = {}
        self._kept_characters = 0
        self._loading: dict[str, asyncio.Task[T]] = {}
        self._writes = 0

    async def get(self, function_id: str) -> T:
        """Return the record, read not more than `MAX_AGE_S` ago.  Raises what `load` raises."""
        kept = self._kept.get(function_id)
        if kept is not None and kept[0] <= self._clock() < kept[0] + MAX_AGE_S:
            return kept[1]
        loading = self._loading.get(function_id)
        if loading is None:
            loading = asyncio.ensure_future(self._load_and_keep(function_id))
            self._loading[function_id] = loading
        # Shared by everybody who asks meanwhile: one of them giving up must not end it.
        return await asyncio.shield(loading)

    def forget(self, function_id: str) -> None:
        """Drop the record of this function and what is being read right now."""
        self._writes += 1
        self._loading.pop(function_id, None)
        self._drop(function_id)

    def clear(self) -> None:
        """Drop everything."""
        self._writes += 1
        self._loading.clear()
        self._kept.clear()
        self._kept_characters = 0

    async def _load_and_keep(self, function_id: str) -> T:
        started, writes = self._clock(), self._writes
        this = asyncio.current_task()
        try:
            record = await self._load(function_id)
        except BaseException:
            if writes == self._writes:
                self._drop(function_id)
            raise
        finally:
            if self._loading.get(function_id) is this:
                del self._loading[function_id]
        if writes == self._writes:
            self._keep(function_id, started, record)
        return record

    def _keep(self, function_id: str, read_at: float, record: T) -> None:
        self._drop(function_id)
        self._kept[function_id] = (read_at, record)
        self._kept_characters += self._characters(record)
        # The least recently read record comes first.
        while len(self._kept) > MAX_RECORDS or self._kept_characters > MAX_CHARACTERS:
            self._drop(next(iter(self._kept)))

    def _drop(self, function_id: str) -> None:
        kept = self._kept.pop(function_id, None)
        if kept is not None:
            self._kept_characters -= self._characters(kept[1])


def peek_both(
    one: RecordCache[T], other: RecordCache[U], clock: WallClock, function_id: str
) -> tuple[T, U] | None:
    """Return what two caches would without a look-up; None unless both would."""
    first, second = one._kept.get(function_id), other._kept.get(function_id)
    if first is None or second is None:
        return None
    now = clock()
    if first[0] <= now < first[0] + MAX_AGE_S and second[0] <= now < second[0] + MAX_AGE_S:
        return first[1], second[1]
    return None
