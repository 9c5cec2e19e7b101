"""Counters that are updated as rows change, since computing them would take a scan.

All code that changes counted rows reports to `Counts`, which adds up and writes in the same
transaction: one statement per table, its rows in the order of their keys.
"""

from collections.abc import Iterable
from typing import Any

from perilune.store.database.connection import Connection
from perilune.store.database.statements import load_statements
from perilune.store.durations import duration_class

SPAN_S = 300
"""Executions that began within so many seconds are counted together."""

_SQL = load_statements("counters")
_ADDING = [_SQL[name] for name in ("add_executions", "add_ended", "add_bytes")]
_Sums = dict[tuple[Any, ...], list[int]]


class Counts:
    """What one transaction, or a part of it, adds to the counters and statistics."""

    __slots__ = ("_bytes", "_ended", "_executions")

    def __init__(self) -> None:
        """Begin with nothing."""
        self._executions: _Sums = {}
        self._ended: _Sums = {}
        self._bytes: _Sums = {}

    def execution(
        self, function_id: str, version_id: str, status: str, trigger: str, number: int = 1
    ) -> None:
        """Count an execution that was added; with a *number* of -1, one that was removed.

        Trials of drafts are executions of a version that did not run: none of its failures.
        """
        is_trial = trigger == "test"
        failed = status == "error" and not is_trial
        _add(
            self._executions,
            (function_id, version_id),
            (number, number * is_trial, number * failed),
        )

    def closed(
        self,
        opened: tuple[str, str, str, int],
        status: str,
        duration_ms: int | None,
        before: str = "pending",
        number: int = 1,
    ) -> None:
        """Count the change of a *number* of executions' status from *before* to *status*.

        Args:
            opened: Their function, version, trigger and time of creation.
            status: What it is now.
            duration_ms: What it took.
            before: What the status was.
            number: How many there are.
        """
        function_id, version_id, trigger, created_at = opened
        if trigger == "test" or status == before:
            return
        if change := (status == "error") - (before == "error"):
            _add(self._executions, (function_id, version_id), (0, 0, number * change))
        if before == "pending":
            self.ended(function_id, trigger, created_at, status, duration_ms, number)

    def ended(
        self,
        function_id: str,
        trigger: str,
        created_at: int,
        status: str,
        duration_ms: int | None,
        number: int = 1,
    ) -> None:
        """Count executions that have ended in the statistics; trials of drafts are left out."""
        if trigger != "test":
            # Times of Lunar may be any number, so the span may begin before the first one.
            bucket = max(created_at - created_at % SPAN_S, -(2**63))
            _add(
                self._ended,
                (function_id, duration_class(duration_ms), bucket),
                (number, number * (status == "error"), number * max(duration_ms or 0, 0)),
            )

    def totals(self, function_id: str, duration_class: int, bucket: int, *totals: int) -> None:
        """Add a row of statistics, whose *totals* are executions, errors and milliseconds."""
        _add(self._ended, (function_id, duration_class, bucket), totals)

    def entries(self, function_id: str, growth: int) -> None:
        """Count bytes of pairs that were added, or taken away."""
        _add(self._bytes, (function_id,), (growth,))

    def write(self, connection: Connection) -> None:
        """Write what was counted.

        Raises:
            Exception: The database failed, or an execution was added to what has been deleted.
        """
        for sql, sums in zip(_ADDING, (self._executions, self._ended, self._bytes), strict=True):
            if sums:
                connection.executemany(sql, [(*key, *sums[key]) for key in sorted(sums)])


def miscounted_executions(connection: Connection) -> list[str]:
    """Describe the versions whose counters differ from their rows."""
    names = ("executions", "trials", "errors")
    return [
        f"version {version_id} has {found} {name}, its counter says {counted}"
        for version_id, *pairs in connection.execute(_SQL["miscounted_executions"])
        for name, counted, found in zip(names, pairs[::2], pairs[1::2], strict=True)
        if counted != found
    ]


def miscounted_bytes(connection: Connection) -> list[str]:
    """Describe the functions whose byte counter differs from the size of their pairs."""
    return [
        f"function {function_id} has {found} bytes of pairs, its counter says {counted}"
        for function_id, counted, found in connection.execute(_SQL["miscounted_bytes"])
    ]


def _add(sums: _Sums, key: tuple[Any, ...], amounts: Iterable[int]) -> None:
    known = sums.get(key)
    if known is None:
        sums[key] = list(amounts)
        return
    for place, amount in enumerate(amounts):
        known[place] += amount
