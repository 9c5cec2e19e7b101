"""A connection as operations and repositories see it, opened anew when it was lost."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import msgspec
import psycopg
from psycopg.pq import ConnStatus, TransactionStatus

from perilune.store.database.connection import Cursor, Params
from perilune.store.database.statements import for_postgres
from perilune.store.errors import StoreError, StoreUnavailable
from perilune.store.postgres.connect import RawConnection, Target
from perilune.store.postgres.errors import as_store_error, is_elsewhere, is_refusal

_VALUES = re.compile(r"INSERT INTO (\w+) \(([^)]*)\)\s*VALUES \{rows\}")
_UPDATE = re.compile(r"(?s)UPDATE (\w+) SET (.*?)\s*\bWHERE (.*)")
_VALUE = re.compile(r"(?:\w+\.)?(\w+) = \$(\d+)")
_PARAMETER = re.compile(r"\$(\d+)")
_NUL = "\\u0000"
"""What JSON has for a character that no text of PostgreSQL can hold."""


class PostgresConnection:
    """Runs statements, one at a time; the members are those of `Connection`.

    It belongs to one thread, and is opened with the first statement.
    """

    batch_s = 0.02
    """Some ten times what the statements of the smallest batch need for their way."""

    def __init__(self, target: Target, *, reads_only: bool = False) -> None:
        """Prepare a connection to *target*."""
        self._target = target
        self._reads_only = reads_only
        self._raw: RawConnection | None = None
        self._begun = False
        self.is_shared_by_operations = False
        """Whether a transaction goes on after a statement has failed."""

    @property
    def pid(self) -> int:
        """The process of the database server that serves it; 0 without one."""
        return 0 if self._raw is None else self._raw.pgconn.backend_pid

    @property
    def is_lost(self) -> bool:
        """Whether there is no open connection."""
        return self._raw is None or self._raw.pgconn.status != ConnStatus.OK

    @property
    def in_transaction(self) -> bool:
        """See `Connection.in_transaction`."""
        return self._raw is not None and self._raw.pgconn.transaction_status in (
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        )

    def execute(self, sql: str, parameters: Params = (), /) -> Cursor:
        """See `Connection.execute`."""
        if self._reads_only:
            # No row has a text with NUL: it is looked for in vain, and not refused.
            parameters = tuple(map(_without_nul, parameters))
        return self._execute(for_postgres(sql), parameters)

    def execute_whole(self, sql: str, parameters: Params = (), /) -> Cursor:
        """See `Connection.execute_whole`."""
        if not self.is_shared_by_operations:
            return self.execute(sql, parameters)
        self._execute("SAVEPOINT statement")
        try:
            cursor = self.execute(sql, parameters)
        except BaseException:
            if self.in_transaction:
                self._execute("ROLLBACK TO statement")
                self._execute("RELEASE statement")
            raise
        self._execute("RELEASE statement")
        return cursor

    def executemany(self, sql: str, parameters: Sequence[Params], /) -> Cursor:
        """See `Connection.executemany`: all of *parameters* are one value, a JSON text."""
        return self._execute(for_postgres(sql), (msgspec.json.encode(parameters).decode(),))

    def insert_rows(self, sql: str, rows: Sequence[Params]) -> int:
        """See `Connection.insert_rows`."""
        return self._with_rows(*_insert(sql), rows)

    def update_rows(self, sql: str, rows: Sequence[Params]) -> int:
        """See `Connection.update_rows`."""
        return self._with_rows(*_update(sql), rows)

    def lock(self, sql: str, parameters: Params = (), /) -> None:
        """See `Connection.lock`."""
        self.execute(sql, parameters)

    def begin(self) -> None:
        """See `Connection.begin`."""
        self._execute("BEGIN")
        self._begun = True

    def begin_hasty(self) -> None:
        """Open a transaction whose commit does not wait for the disk of the database server."""
        self._execute("BEGIN; SET LOCAL synchronous_commit = off")
        self._begun = True

    def commit(self) -> None:
        """Commit the transaction."""
        self._execute("COMMIT")
        self._begun = False

    def rollback(self) -> None:
        """Take the transaction back, if there is one."""
        self._begun = False
        if self.in_transaction:
            try:
                self._execute("ROLLBACK")
            except psycopg.Error:
                self.close()  # takes it back, too

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See `Connection.snapshot`."""
        if self.in_transaction:
            yield
            return
        self._execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self._execute("COMMIT")

    def refused(self, error: Exception) -> bool:
        """See `Connection.refused`."""
        return is_refusal(error)

    def named(self, error: Exception) -> StoreError:
        """See `Connection.named`."""
        return as_store_error(error)

    def close(self) -> None:
        """Close it; it is opened anew when it is used again."""
        if self._raw is not None:
            self._raw.close()
        self._raw = None

    def opened(self) -> RawConnection:
        """Return the open connection; outside of a transaction it is opened if need be."""
        if self._raw is None or self.is_lost:
            if self._begun:
                raise StoreUnavailable("the connection to the database was lost")
            self.close()
            self._raw = self._target.connect(reads_only=self._reads_only)
        return self._raw

    def _execute(self, text: str, parameters: Params = ()) -> Cursor:
        raw = self.opened()
        try:
            return raw.execute(text.encode(), parameters or None)
        except psycopg.Error as error:
            if is_elsewhere(error):
                self.close()
            raise

    def _with_rows(self, text: str, names: tuple[str, ...], rows: Sequence[Params]) -> int:
        given = _as_json(names, rows)
        if _NUL in given:
            given = _as_json(names, [tuple(map(_without_nul, row)) for row in rows])
        return self._execute(text, (given,)).rowcount


def _as_json(names: tuple[str, ...], rows: Sequence[Params]) -> str:
    return msgspec.json.encode([dict(zip(names, row, strict=True)) for row in rows]).decode()


def _without_nul(value: object) -> object:
    """Return *value*; in a text, what PostgreSQL can't hold is replaced."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value


@cache
def _insert(sql: str) -> tuple[str, tuple[str, ...]]:
    """Return the text that inserts rows given as one JSON text, and the names of their values."""
    text = _VALUES.sub(
        r"INSERT INTO \1 (\2)\nSELECT \2 FROM json_populate_recordset(NULL::\1, $1::json)", sql
    )
    columns = _VALUES.findall(sql)[0][1]
    return text, tuple(columns.replace(",", " ").split())


@cache
def _update(sql: str) -> tuple[str, tuple[str, ...]]:
    """Return the text that updates rows given as one JSON text, and the names of their values."""
    text = for_postgres(sql)
    names = {int(number): name for name, number in _VALUE.findall(text)}
    table, changes, condition = _UPDATE.findall(text)[0]

    def given(found: re.Match[str]) -> str:
        return f"given.{names[int(found[1])]}"

    text = (
        f"UPDATE {table} SET {_PARAMETER.sub(given, changes)}\n"  # noqa: S608 - made of our own
        f"FROM json_populate_recordset(NULL::{table}, $1::json) AS given\n"
        f"WHERE {_PARAMETER.sub(given, condition)}"
    )
    return text, tuple(names[number] for number in sorted(names))
