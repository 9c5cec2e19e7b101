"""Figures of executions over time: of one function, and of all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from perilune.api.errors import InvalidRequest
from perilune.api.failures import Json, failing_as
from perilune.api.parameters import Parameter, choice
from perilune.clock import WallClock, wall_clock
from perilune.store import DB, Activity, ExecutionTotals, Function, percentiles, to_json

SHOWN_FUNCTIONS = 100
"""Of the overview: those with the most executions, beside those that fail or are slow."""
RANKED_FUNCTIONS = 10
_SHARES = (0.5, 0.95, 0.99)
_LAST = ("id", "status", "trigger", "created_at", "duration_ms")


@dataclass(frozen=True, slots=True)
class Range:
    """A time up to now, divided into steps; both in seconds."""

    name: str
    length_s: int
    step_s: int

    def since(self, now: float) -> int:
        """Return the beginning; the last step is the one that now lies in."""
        return int(now) // self.step_s * self.step_s - self.length_s + self.step_s


RANGES = {
    one.name: one
    for one in (
        Range("1h", 3600, 300),
        Range("24h", 86400, 1800),
        Range("7d", 7 * 86400, 6 * 3600),
        Range("30d", 30 * 86400, 86400),
    )
}
DEFAULT_RANGE = "24h"
RANGE = choice("range", RANGES, "How far back.", default=DEFAULT_RANGE)


class DueTimes(Protocol):
    """The part of the schedules that this needs."""

    def due(self, function: Function) -> int | None:
        """Return when a function runs next; None where it does not."""
        ...


class Statistics:
    """Turns stored figures into what the API shows.

    Methods raise `FunctionNotFound`, and `OperationFailed` when the store itself fails.
    """

    def __init__(self, db: DB, due: DueTimes, clock: WallClock = wall_clock) -> None:
        self._db = db
        self._rows = db.statistics
        self._due = due
        self._clock = clock

    async def of_function(self, function_id: str, range: Range) -> Json:
        """Return the figures of one function: all together, and step by step."""
        since = range.since(self._clock())
        with failing_as("Failed to get statistics"):
            await self._db.get_function(function_id)
            found = await self._rows.of_function(function_id, since, range.step_s)
        everything = [one for totals in found.values() for one in totals]
        return {
            "function_id": function_id,
            **_frame(range, since),
            "total": _summary(everything),
            "series": [
                {"time": start, **_summary(found.get(start, ()))} for start in _steps(range, since)
            ],
        }

    async def activity(self, ids: Sequence[str], range: Range) -> Json:
        """Return what some functions have done, and when they are due."""
        since = range.since(self._clock())
        with failing_as("Failed to get statistics"):
            found = await self._rows.activity(ids, since)
        return {**_frame(range, since), "functions": [self._shown(one) for one in found]}

    async def overview(self, range: Range) -> Json:
        """Return the figures of all functions, and which of them fail or are slow."""
        since = range.since(self._clock())
        with failing_as("Failed to get statistics"):
            found = await self._rows.overview(since, range.step_s)
        functions = [
            {"function_id": function_id, "name": found.names[function_id], **_summary(totals)}
            for function_id, totals in found.functions.items()
        ]
        functions.sort(key=lambda one: one["executions"], reverse=True)
        everything = [one for totals in found.functions.values() for one in totals]
        failing, slow = _ranked(functions, "errors"), _ranked(functions, "p95_ms")
        ranked = {*failing, *slow}
        return {
            **_frame(range, since),
            "function_count": len(found.names),
            "running": found.running,
            "total": _summary(everything),
            "series": [
                {"time": start, **_summary(found.series.get(start, ()))}
                for start in _steps(range, since)
            ],
            "functions": [
                one
                for place, one in enumerate(functions)
                if place < SHOWN_FUNCTIONS or one["function_id"] in ranked
            ],
            "failing": failing,
            "slow": slow,
        }

    def _shown(self, one: Activity) -> Json:
        shown: Json = {
            "function_id": one.function.id,
            "name": one.function.name,
            **_summary(one.totals),
        }
        if one.last is not None:
            last = to_json(one.last)
            shown["last_execution"] = {name: last[name] for name in _LAST if name in last}
        due = self._due.due(one.function)
        return shown if due is None else shown | {"next_run": due}


def _ids(text: str | None) -> list[str]:
    """Return the ids in a list with commas, each once.  Raises `InvalidRequest`."""
    found = list(dict.fromkeys(filter(None, (text or "").split(","))))
    if not 0 < len(found) <= SHOWN_FUNCTIONS:
        raise InvalidRequest(f"ids: ids must be 1 to {SHOWN_FUNCTIONS} ids with commas between")
    return found


IDS = Parameter(
    "ids", f"Ids of functions with commas between, at most {SHOWN_FUNCTIONS}.", read=_ids
)


def _frame(over: Range, since: int) -> Json:
    return {
        "range": over.name,
        "since": since,
        "until": since + over.length_s,
        "step_s": over.step_s,
    }


def _steps(over: Range, since: int) -> range:
    return range(since, since + over.length_s, over.step_s)


def _counts(totals: Iterable[ExecutionTotals]) -> Json:
    """Return the sums, and the mean duration where there is one."""
    executions = errors = duration_ms = 0
    for one in totals:
        executions += one.executions
        errors += one.errors
        duration_ms += one.duration_ms
    found: Json = {"executions": executions, "errors": errors}
    if executions:
        found["mean_ms"] = round(duration_ms / executions, 3)
    return found


def _summary(totals: Iterable[ExecutionTotals]) -> Json:
    """Return the sums, the mean and the percentiles; what is unknown is left out."""
    totals = list(totals)
    classes: dict[int, int] = {}
    for one in totals:
        classes[one.duration_class] = classes.get(one.duration_class, 0) + one.executions
    names = (f"p{share * 100:.0f}_ms" for share in _SHARES)
    shown = zip(names, percentiles(classes.items(), _SHARES), strict=True)
    return _counts(totals) | {name: value for name, value in shown if value is not None}


def _ranked(functions: list[Json], member: str) -> list[str]:
    """Return the ids of the functions where *member* is highest, those left out that have none."""
    with_any = [one for one in functions if one.get(member)]
    with_any.sort(key=lambda one: one[member], reverse=True)
    return [one["function_id"] for one in with_any[:RANKED_FUNCTIONS]]
