"""Counts executions: how many, how they ended, how long they took.

Plain numbers, since every execution pays for them; the collector converts them
to the metrics of a monitoring system.
"""

import asyncio
from bisect import bisect_left
from dataclasses import dataclass, field

from perilune.engine.errors import EngineError

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Upper bounds of the classes of durations, as OpenTelemetry has them for functions."""

MAX_FUNCTIONS = 500
"""Functions that are counted by themselves; all others together are `OTHER`."""

OTHER = "other"
RESPONSE = "response"
"""The kind of an error that the function itself answered with (a status of 400 or above)."""

_SUCCESS = "success"


@dataclass(slots=True)
class Durations:
    """How long executions took."""

    classes: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    """How many fell into the class of each bound; the last has none."""
    total_s: float = 0.0


class ExecutionMetrics:
    """What executions of an engine have come to."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.inflight: int = 0
        """Executions that have begun and not ended."""
        self.ended: dict[tuple[str, str, str], int] = {}
        """Executions by function, trigger and status."""
        self.durations: dict[str, Durations] = {}
        """By trigger."""
        self.errors: dict[str, int] = {}
        """Executions that failed, by kind of error."""
        self.refused: dict[str, int] = {}
        """Calls that were refused before there was an execution, by the error's code (KD-46)."""
        self.functions: set[str] = set()
        """Ids of those that are counted by themselves."""

    def end(self, key: tuple[str, str, str], seconds: float, error: BaseException | None) -> None:
        """Count an execution that has ended.

        Args:
            key: its function, trigger and status.
            seconds: how long it took.
            error: why it failed; None also if the function has answered with an error.
        """
        self.inflight -= 1
        try:
            self.ended[key] += 1
        except KeyError:
            self._count_first(key)
        _, trigger, status = key
        durations = self.durations.get(trigger)
        if durations is None:
            durations = self.durations[str(trigger)] = Durations()
        durations.classes[bisect_left(BOUNDS_S, seconds)] += 1
        durations.total_s += seconds
        if status != _SUCCESS:
            kind = RESPONSE if error is None else getattr(error, "error_kind", "internal")
            self._count_failure(kind)

    def refuse(self, error: BaseException) -> None:
        """Count one that was refused or cancelled with *error*."""
        self.inflight -= 1
        if isinstance(error, EngineError):
            self.count_refusal(error.code)
        elif isinstance(error, asyncio.CancelledError):
            self._count_failure("cancelled")

    def count_refusal(self, code: str) -> None:
        """Count a call that was refused before it was one of the engine's."""
        self.refused[code] = self.refused.get(code, 0) + 1

    def _count_first(self, key: tuple[str, str, str]) -> None:
        """Count under a key that is new, or that stands for a function beyond the limit."""
        function_id, trigger, status = key
        if function_id not in self.functions:
            if len(self.functions) >= MAX_FUNCTIONS:
                function_id = OTHER
            else:
                self.functions.add(function_id)
        # Plain texts: what is shown must not depend on how an enumeration prints itself.
        key = (function_id, str(trigger), str(status))
        self.ended[key] = self.ended.get(key, 0) + 1

    def _count_failure(self, kind: str) -> None:
        self.errors[kind] = self.errors.get(kind, 0) + 1
