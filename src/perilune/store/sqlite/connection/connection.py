"""A connection to the file, with what all databases' connections offer."""

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain

from perilune.store.database.connection import Params
from perilune.store.errors import StoreError
from perilune.store.sqlite.connection.failures import as_store_error, is_busy

BUSY_TIMEOUT_S = 5.0
BUSY_PAUSE_S = 0.02
_MOST_ROWS = 64


class FileConnection(sqlite3.Connection):
    """A `perilune.store.database.connection.Connection`."""

    batch_s = 0.0015

    execute_whole = sqlite3.Connection.execute
    """Here a statement that fails never ends a transaction that others have begun."""

    def insert_rows(self, sql: str, rows: Sequence[Params]) -> int:
        """Execute *sql* with the values of *rows* for `{rows}`; return how many rows changed.

        They are given in powers of two: so there are few texts, which the driver keeps prepared,
        and a handful of calls for any number of rows.
        """
        if len(rows) == 1:
            return self.execute(_with_rows(sql, 1, len(rows[0])), rows[0]).rowcount
        changed = start = 0
        while start < len(rows):
            size = min(1 << ((len(rows) - start).bit_length() - 1), _MOST_ROWS)
            some = rows[start : start + size]
            start += size
            values = list(chain.from_iterable(some))
            changed += self.execute(_with_rows(sql, size, len(some[0])), values).rowcount
        return changed

    def update_rows(self, sql: str, rows: Sequence[Params]) -> int:
        """Execute the UPDATE *sql* for *rows*; return how many rows changed."""
        return self.insert_rows(_for_rows(sql), rows)

    def lock(self, sql: str, parameters: Params, /) -> None:
        """There are no other writers in a transaction."""

    def begin(self) -> None:
        """Open a write transaction, waiting up to `BUSY_TIMEOUT_S` for other processes.

        Raises:
            sqlite3.Error: The lock was not to be had in time, or the database failed.
        """
        deadline = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                self.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                # SQLite waits with back-off by itself; some kinds of busy are reported at once.
                if not is_busy(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(BUSY_PAUSE_S)
                continue
            return

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads in the block see the same state."""
        if self.in_transaction:
            yield
            return
        self.execute("BEGIN")
        try:
            yield
        finally:
            self.execute("COMMIT")

    def refused(self, error: Exception) -> bool:
        """Tell whether a constraint refused the values."""
        return isinstance(error, sqlite3.IntegrityError)

    def named(self, error: Exception) -> StoreError:
        """Return *error* as a `StoreError`."""
        return as_store_error(error)


@cache
def _for_rows(update: str) -> str:
    """Return the UPDATE of one row, whose values are `?1`, `?2`, …, as one of `{rows}`.

    Columns of the table must not be called `column1`, `column2`, …
    """
    head, _, condition = re.sub(r"\?(\d+)", r"given.column\1", update).partition("\nWHERE ")
    return f"{head}\nFROM (VALUES {{rows}}) AS given\nWHERE {condition}"


@cache
def _with_rows(sql: str, size: int, width: int) -> str:
    row = f"({', '.join('?' * width)})"
    return sql.replace("{rows}", ", ".join([row] * size))
