"""Counts executions: how many, how they ended, how long they took.

Plain numbers, since every execution pays for them; the collector converts them
to the metrics of a monitoring system.
"""

import asyncio
from bisect import bisect_left
from dataclasses import dataclass, field

from perilune.engine.coroutines import WaitingCaller
from perilune.engine.errors import EngineError
from perilune.engine.types import CallbackEngine, Caller, ExecutionRequest, ExecutionResult, Running

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


class MeteredEngine:
    """An engine that counts what another one does."""

    def __init__(self, engine: CallbackEngine) -> None:
        """Execute with *engine*."""
        self._engine = engine
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

    async def execute(self, req: ExecutionRequest) -> ExecutionResult:
        """See `Engine.execute`."""
        caller = WaitingCaller()
        return await caller.wait(self.begin(req, caller))

    def begin(self, req: ExecutionRequest, caller: Caller) -> Running:
        """See `CallbackEngine.begin`."""
        self.inflight += 1
        try:
            return self._engine.begin(req, _Counted(self, req, caller))
        except BaseException:
            self.inflight -= 1
            raise

    def count(self, req: ExecutionRequest, result: ExecutionResult) -> None:
        """Count an execution that has ended."""
        self.inflight -= 1
        trigger = req.trigger
        status = result.status
        key = (req.function_id, trigger, status)
        try:
            self.ended[key] += 1
        except KeyError:
            self._count_first(key)
        seconds = result.duration.total_seconds()
        durations = self.durations.get(trigger)
        if durations is None:
            durations = self.durations[trigger] = Durations()
        durations.classes[bisect_left(BOUNDS_S, seconds)] += 1
        durations.total_s += seconds
        if status != _SUCCESS:
            error = result.error
            kind = RESPONSE if error is None else getattr(error, "error_kind", "internal")
            self._count_failure(kind)

    def count_none(self, error: BaseException) -> None:
        """Count one that did not come to its end."""
        self.inflight -= 1
        if isinstance(error, EngineError):
            self.count_refusal(error.code)
        elif isinstance(error, asyncio.CancelledError):
            self._count_failure("cancelled")

    def count_refusal(self, code: str) -> None:
        """Count a call that was refused, by the engine or before it was asked."""
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


class _Counted:
    """The caller of an execution that is counted."""

    __slots__ = ("_caller", "_metrics", "_req")

    def __init__(self, metrics: MeteredEngine, req: ExecutionRequest, caller: Caller) -> None:
        self._metrics = metrics
        self._req = req
        self._caller = caller

    def ended(self, result: ExecutionResult) -> None:
        """See `Caller.ended`."""
        self._metrics.count(self._req, result)
        self._caller.ended(result)

    def refused(self, error: BaseException) -> None:
        """See `Caller.refused`."""
        self._metrics.count_none(error)
        self._caller.refused(error)
