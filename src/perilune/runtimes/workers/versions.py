"""The pool's view of function versions: who waits for each, and which workers belong to it."""

from collections import deque
from dataclasses import dataclass, field

from perilune.runtimes.language import WorkerKind
from perilune.runtimes.workers.plan import Demand, line_depth
from perilune.runtimes.workers.process import Invocation, Owner, WorkerProcess

UNKNOWN_HELD_S = 1.0
"""Taken for the time of a version's first invocations: long, so that none is lined up."""
HELD_WEIGHT = 1 / 16
IN_USE_S = 1.0
"""A function that was called so recently gives its last worker only to one that has none."""


@dataclass(eq=False, slots=True)
class Version:
    """The pool's view of one function version."""

    owner: Owner
    kind: WorkerKind
    """The kind of workers that serve it."""
    workers: list[WorkerProcess] = field(default_factory=list)
    waiters: deque[Invocation] = field(default_factory=deque)
    held_s: float = UNKNOWN_HELD_S
    """How long its invocations have had a worker lately: a moving average."""
    depth: int = 1
    """How many invocations a worker may have at once; see `line_depth`."""

    def bind(self, worker: WorkerProcess) -> None:
        """Make a worker one of this version."""
        worker.owner = self.owner
        self.workers.append(worker)

    def demand(self, now: float) -> Demand:
        """Return what those who wait for it amount to."""
        waited_s = now - self.waiters[0].since if self.waiters else 0.0
        return Demand(
            self.owner, len(self.waiters), waited_s, len(self.workers), self.held_s, self.kind
        )

    def idle(self, now: float, *, is_urgent: bool) -> list[WorkerProcess]:
        """Return the workers that have nothing to do, and so make way for other functions.

        Functions with many calls would otherwise take the only worker of one between two of its
        calls, again and again, and each of these would wait for an execution of theirs to end.

        Args:
            now: monotonic time.
            is_urgent: whether they would be for a function that has none.
        """
        idle = [worker for worker in self.workers if not worker.load]
        if is_urgent or len(self.workers) > 1:
            return idle
        return [worker for worker in idle if now - worker.free_since > IN_USE_S]

    def note_held(self, held_s: float) -> None:
        """Take into account how long an invocation has had its worker."""
        if self.held_s == UNKNOWN_HELD_S:
            self.held_s = held_s
        else:
            self.held_s += (held_s - self.held_s) * HELD_WEIGHT
        self.depth = line_depth(self.held_s)
