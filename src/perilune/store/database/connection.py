"""A connection to a database, as operations and the functions of repositories see it."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from perilune.store.errors import StoreError

Params = tuple[Any, ...]
"""What a database can store: None, int, float, str, bytes."""


class Cursor(Protocol):
    """The result of one statement."""

    @property
    def rowcount(self) -> int:
        """How many rows the statement has changed."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, None at the end."""
        ...

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""
        ...


class Connection(Protocol):
    """Runs statements, one at a time, each given by SQLite's text (see `statements`)."""

    batch_s: float
    """How long one batch of long work may take: the writer's other operations wait for it."""

    @property
    def in_transaction(self) -> bool:
        """Whether there is an open transaction; a failure may have ended it."""
        ...

    def execute(self, sql: str, parameters: Params = ..., /) -> Cursor:
        """Execute one statement."""
        ...

    def execute_whole(self, sql: str, parameters: Params = ..., /) -> Cursor:
        """Execute one statement; if it fails, a transaction with others before it goes on."""
        ...

    def executemany(self, sql: str, parameters: Sequence[Params], /) -> object:
        """Execute a statement for each of *parameters*, which are in the order of their keys."""
        ...

    def lock(self, sql: str, parameters: Params, /) -> None:
        """Select rows `FOR UPDATE`, on which what follows decides, where there are other writers.

        Locks are taken in one order: functions, their counters, executions.
        """
        ...

    def insert_rows(self, sql: str, rows: Sequence[Params]) -> int:
        """Execute the INSERT *sql* with *rows*, all as wide, for `{rows}`; return how many."""
        ...

    def update_rows(self, sql: str, rows: Sequence[Params]) -> int:
        """Execute *sql*, the UPDATE of one row, for *rows*, all as wide; return how many changed.

        The row to change is named with its table in *sql*, so that nothing else can be meant.
        """
        ...

    def begin(self) -> None:
        """Open a transaction for writing."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all reads in the block see the same state."""
        ...

    def refused(self, error: Exception) -> bool:
        """Tell whether *error* says that a constraint refused the values."""
        ...

    def named(self, error: Exception) -> StoreError:
        """Return *error* as a `StoreError`, with the original as its cause.

        Values the database refuses are a plain `StoreError`; that is the caller's doing.
        Everything else it reports means it did not work: `StoreUnavailable`.
        """
        ...
