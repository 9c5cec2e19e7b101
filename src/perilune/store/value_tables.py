"""Pairs and variables of functions in memory, as they have been committed.

A function's table is whole or not there: what is not in it, the function does not have.  It is
made when something is read that is not in memory, and follows each write of this process after its
commit.  Only a store that one process owns can have such tables.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from perilune.clock import MonotonicClock, monotonic_clock
from perilune.store.cache import MAX_AGE_S
from perilune.worker.shared_values import ENTRY_BYTES, Value, encode_entry

MAX_TABLE_BYTES = 512 * 1024
"""Of a function: names, values and `ENTRY_BYTES` for each; a copy has room for as much again."""
MAX_VALUES = 4096
"""Of a function, since reading so many rows takes milliseconds."""
MAX_BYTES = 32 * 1024 * 1024
"""Of all tables."""
MAX_COPIED_BYTES = 32 * 1024 * 1024
"""Of all copies of tables."""
LOADING_FACTOR = 20
"""After a table was read from the database, none is for so many times as long."""
REFUSED_S = 1.0
"""For so long it is remembered that a function has too much."""
MAX_REFUSED = 4096


class TableCopy(Protocol):
    """A copy of one table that others read."""

    @property
    def copied_bytes(self) -> int:
        """The memory that it takes or is going to take."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether nobody reads it any more."""
        ...

    def fill(self, values: Mapping[bytes, Value]) -> None:
        """Become a copy of *values*."""
        ...

    def append(self, entry: bytes) -> bool:
        """Take in a change (`encode_entry`); False if there is no room: it has to be filled."""
        ...

    def empty(self) -> None:
        """Be no copy of anything any more: who reads it has to ask."""
        ...


class ValueTable:
    """The values of one function by their names, see `perilune.worker.shared_values`."""

    __slots__ = ("copies", "size", "values")

    def __init__(self, values: dict[bytes, Value]) -> None:
        self.values = values
        self.size = sum(ENTRY_BYTES + len(name) + len(one[0]) for name, one in values.items())
        self.copies: list[TableCopy] = []

    @property
    def fits(self) -> bool:
        """Whether it is not too large."""
        return self.size <= MAX_TABLE_BYTES and len(self.values) <= MAX_VALUES

    def read(self, name: bytes, now: float) -> bytes | None:
        """Return a value; None if there is none, or it has expired by *now*."""
        found = self.values.get(name)
        return None if found is None or found[1] <= now else found[0]

    def put(self, name: bytes, value: Value | None) -> bool:
        """Set a value here and in all copies, or delete it; return whether one was filled anew."""
        before = self.values.pop(name, None)
        if before is not None:
            self.size -= ENTRY_BYTES + len(name) + len(before[0])
        if value is not None:
            self.values[name] = value
            self.size += ENTRY_BYTES + len(name) + len(value[0])
        is_filled = False
        if self.copies and self.fits:
            entry = encode_entry(name, value)
            for copy in self.copies:
                if not copy.append(entry):
                    copy.fill(self.values)
                    is_filled = True
        return is_filled


class ValueTables:
    """The tables of all functions that have been asked for."""

    def __init__(
        self,
        load: Callable[[str], dict[bytes, Value] | None],
        others: Callable[[], int | None],
        *,
        may_copy: bool = True,
        monotonic: MonotonicClock = monotonic_clock,
    ) -> None:
        """Start empty.

        Args:
            load: reads the values of a function from the database; None if it has too many or
                does not exist.
            others: returns a number that is another one when another process has written; None
                if that can't be told right now, or commits have not been told of yet.
            may_copy: whether those who read copies see by their own clock what has expired.
            monotonic: tells how long loading takes.
        """
        self._load = load
        self._others = others
        self._may_copy = may_copy
        self._monotonic = monotonic
        self._tables: dict[str, ValueTable] = {}
        self._copies: list[TableCopy] = []
        self._size = 0
        self._seen: int | None = None
        self._refused: dict[str, float] = {}
        self._next_load = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def get(self, function_id: str) -> ValueTable | None:
        """Return a function's table, made now if need be; None: ask the database."""
        table = self._tables.get(function_id)
        return table if table is not None else self._make(function_id)

    def copy(self, function_id: str, copy: TableCopy) -> None:
        """Make *copy* one of a function's table, if there is one and the copies may grow."""
        table = self.get(function_id)
        if table is None or not self._may_copy:
            return
        if copy not in self._copies:
            self._copies.append(copy)
        if self._are_copies_large():
            return
        copy.fill(table.values)
        table.copies = [one for one in table.copies if not one.is_closed and one is not copy]
        table.copies.append(copy)

    def put(self, function_id: str, name: bytes, value: Value | None) -> None:
        """Note a write that has been committed; None deletes."""
        table = self._tables.get(function_id)
        if table is None:
            return
        self._size -= table.size
        is_filled = table.put(name, value)
        self._size += table.size
        if not table.fits or (is_filled and self._are_copies_large()):
            self.forget(function_id)

    def forget(self, function_id: str) -> None:
        """Drop a function's table: what is in it is not, or not going to be, what is stored."""
        self._refused.pop(function_id, None)
        table = self._tables.pop(function_id, None)
        if table is None:
            return
        self._size -= table.size
        for copy in table.copies:
            copy.empty()

    def clear(self) -> None:
        """Drop all tables."""
        for function_id in list(self._tables):
            self.forget(function_id)
        self._refused.clear()

    def close(self) -> None:
        """Drop all tables for good."""
        self.clear()
        self._others = lambda: None
        if self._timer is not None:
            self._timer.cancel()

    def _make(self, function_id: str) -> ValueTable | None:
        started = self._monotonic()
        if started < self._next_load or started < self._refused.get(function_id, 0.0):
            return None
        if not self._notice_others():
            return None
        values = self._load(function_id)
        table = None if values is None else ValueTable(values)
        now = self._monotonic()
        self._next_load = now + (now - started) * LOADING_FACTOR
        if table is None or not table.fits:
            if len(self._refused) >= MAX_REFUSED:
                self._refused.clear()
            self._refused[function_id] = now + REFUSED_S
            return None
        while self._tables and self._size + table.size > MAX_BYTES:
            self.forget(next(iter(self._tables)))
        self._tables[function_id] = table
        self._size += table.size
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(MAX_AGE_S, self._look)
        return table

    def _are_copies_large(self) -> bool:
        self._copies = [one for one in self._copies if not one.is_closed]
        return sum(one.copied_bytes for one in self._copies) > MAX_COPIED_BYTES

    def _notice_others(self) -> bool:
        """Drop all tables if another process has written; False if that can't be told."""
        seen = self._others()
        if seen is None:
            return False
        if seen != self._seen:
            self.clear()
            self._seen = seen
        return True

    def _look(self) -> None:
        """Look for what other processes have written, as long as there are tables."""
        self._timer = None
        if not self._notice_others():
            self.clear()
        if self._tables:
            self._timer = asyncio.get_running_loop().call_later(MAX_AGE_S, self._look)
