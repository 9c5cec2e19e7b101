"""Carries the rows of a copied Lunar file into a store, in one transaction.

SQLite itself copies them, some thousands at a time; neither side is ever held in memory.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from perilune.cron import CronError, parse
from perilune.store.database.counters import (
    Counts,
    miscounted_bytes,
    miscounted_executions,
)
from perilune.store.database.statements import named_statements
from perilune.store.errors import StoreError
from perilune.store.maintenance import LunarReport, Progress, TableReport
from perilune.store.sqlite.connection.connection import FileConnection
from perilune.store.sqlite.lunar.layout import TABLES, names_of

CHUNK_ROWS = 5_000

_SQL = resources.files(__package__).joinpath("lunar.sql")

_ANY_ZONE = ZoneInfo("UTC")
"""Which zone it is has no influence on whether an expression is valid."""

# A comma parts two recipients unless it stands in a quoted name or in an address's brackets.
_RECIPIENT = re.compile(r'(?:"(?:\\.|[^"\\])*"|<[^>]*>|[^,])+')


def transfer(
    target: FileConnection, copy: Path, version: int, *, now: int, progress: Progress
) -> LunarReport:
    """Bring all rows of *copy* into the store; everything or, when it fails, nothing.

    Functions that the store has already stay as they are, with all that belongs to them.

    Args:
        target: A connection for writing, with the current schema and no transaction open.
        copy: A copied file of Lunar, see `copying`.
        version: Of its schema.
        now: Unix seconds; no schedule is due before.
        progress: Is told how far it is.

    Raises:
        StoreError: What arrived is not consistent.
        sqlite3.Error: A file can't be read or written.
    """
    texts = _Texts()
    _add_functions(target, texts)
    with _attached(target, copy):
        target.begin()
        try:
            report = _Transfer(target, version, now, progress).run(texts)
            _verify(target)
            target.execute("COMMIT")
        except BaseException:
            if target.in_transaction:
                target.execute("ROLLBACK")
            raise
    return report


class _Texts:
    """The SQL functions that read Lunar's text."""

    def __init__(self) -> None:
        self.replaced = 0

    def text(self, stored: bytes | None) -> str | None:
        """Return what the bytes say; what is not UTF-8 becomes U+FFFD."""
        if stored is None:
            return None
        try:
            return stored.decode()
        except UnicodeDecodeError:
            self.replaced += 1
            return stored.decode("utf-8", "replace")

    def is_text(self, stored: bytes) -> bool:
        """Tell whether the bytes are UTF-8."""
        try:
            stored.decode()
        except UnicodeDecodeError:
            return False
        return True

    def schedule(self, stored: bytes | None) -> str | None:
        """Return a schedule; None for an empty one, which Lunar leaves behind."""
        if stored is None:
            return None
        return stored.decode("utf-8", "replace").strip() or None

    def recipients(self, stored: bytes | None, request: bytes | None) -> str:
        """Return the JSON array of what Lunar joined with commas (KD-73).

        The recorded request has the recipients apart, unless they were masked or cut off.
        """
        joined = self.text(stored) or ""
        asked = _recipients_asked(request)
        if asked is None or ",".join(asked) != joined:
            asked = [one.strip() for one in _RECIPIENT.findall(joined) if one.strip()]
        return json.dumps(asked, ensure_ascii=False)


class _Transfer:
    """One transfer, inside its transaction."""

    def __init__(
        self, connection: FileConnection, version: int, now: int, progress: Progress
    ) -> None:
        self._connection = connection
        self._version = version
        self._now = now
        self._progress = progress
        self._sql = named_statements(_SQL.read_text("utf-8"), **names_of(version))

    def run(self, texts: _Texts) -> LunarReport:
        """Take every table over."""
        execute = self._connection.execute
        execute(self._sql["create_chosen"])
        execute(self._sql["choose_functions"])
        tables = {}
        for table in TABLES:
            if table.since <= self._version:
                tables[table.name] = self._take(table.name)
        execute(self._sql["continue_counters"])
        repaired = {
            "texts_not_utf8": texts.replaced,
            "empty_schedules": self._count("count_empty_schedules"),
            "schedules_that_are_never_due": self._unusable_schedules(),
            "functions_with_several_active_versions": self._count("count_several_active"),
            "functions_without_active_version": self._count("count_without_active"),
            "log_lines_under_a_function_id": self._count("count_logs_of_functions"),
        }
        execute(self._sql["drop_chosen"])
        return LunarReport(self._version, tables, repaired)

    def _take(self, table: str) -> TableReport:
        (found,) = self._connection.execute(
            f"SELECT count(*) FROM lunar.{table}"  # noqa: S608 - a name of our own
        ).fetchone()
        statement = self._sql[f"take_{table}"]
        extra = (self._now,) if table == "functions" else ()
        taken = 0
        self._progress(table, 0, found)
        for first, last, seen in self._spans(table):
            added = self._connection.execute(statement, (first, last, *extra))
            taken += added.rowcount if added.description is None else self._count_added(added)
            self._progress(table, seen, found)
        return TableReport(found, taken, self._present(table))

    def _count_added(self, added: sqlite3.Cursor) -> int:
        """Count the rows of which the statement has returned what is counted."""
        counts = Counts()
        number = 0
        for function_id, *what in added:
            number += 1
            if len(what) == 1:
                counts.entries(function_id, what[0])
                continue
            version_id, status, trigger, duration_ms, created_at = what
            counts.execution(function_id, version_id, status, trigger)
            if status != "pending":
                counts.ended(function_id, trigger, created_at, status, duration_ms)
        counts.write(self._connection)
        return number

    def _spans(self, table: str) -> Iterator[tuple[int, int, int]]:
        """Yield spans of rowids (after, up to) and how many rows have been seen at their end."""
        select = (
            f"SELECT max(rowid), count(*) FROM (SELECT rowid FROM lunar.{table} "  # noqa: S608
            "WHERE rowid > ?1 ORDER BY rowid LIMIT ?2)"
        )
        first, seen = -(2**63), 0
        while True:
            last, rows = self._connection.execute(select, (first, CHUNK_ROWS)).fetchone()
            if last is None:
                return
            seen += rows
            yield first, last, seen
            first = last

    def _present(self, table: str) -> int:
        if table == "functions":
            return self._count("present_functions")
        if not self._count("present_functions"):
            return 0
        kind = "execution" if table in ("logs", "ai_requests", "email_requests") else "function"
        return self._count(f"present_of_{kind}", table)

    def _unusable_schedules(self) -> int:
        """Count the active schedules that mean nothing here; they stay, for somebody to mend."""
        number = 0
        for (schedule,) in self._connection.execute(self._sql["list_schedules"]):
            try:
                parse(schedule, _ANY_ZONE)
            except CronError:
                number += 1
        return number

    def _count(self, statement: str, table: str = "") -> int:
        (number,) = self._connection.execute(
            self._sql[statement].replace("{table}", table)
        ).fetchone()
        return int(number)


@contextmanager
def _attached(connection: sqlite3.Connection, copy: Path) -> Iterator[None]:
    # Nobody else knows the copy, so nothing in it changes.
    connection.execute("ATTACH ?1 AS lunar", (f"{copy.absolute().as_uri()}?mode=ro&immutable=1",))
    try:
        yield
    finally:
        connection.execute("DETACH lunar")


def _add_functions(connection: sqlite3.Connection, texts: _Texts) -> None:
    connection.create_function("lunar_text", 1, texts.text, deterministic=True)
    connection.create_function("lunar_is_text", 1, texts.is_text, deterministic=True)
    connection.create_function("lunar_schedule", 1, texts.schedule, deterministic=True)
    connection.create_function("lunar_recipients", 2, texts.recipients, deterministic=True)


def _recipients_asked(request: bytes | None) -> list[str] | None:
    try:
        asked = json.loads(request or b"")["to"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if isinstance(asked, list) and all(isinstance(one, str) for one in asked):
        return asked
    return None


def _verify(connection: FileConnection) -> None:
    """Check what the schema can't: references as a whole, and counters."""
    dangling = connection.execute("PRAGMA main.foreign_key_check").fetchone()
    wrong = [*miscounted_executions(connection), *miscounted_bytes(connection)]
    if dangling is not None or wrong:
        what = wrong[0] if wrong else f"a row of {dangling[0]} refers to nothing"
        raise StoreError(f"the take-over went wrong and was taken back: {what}")
