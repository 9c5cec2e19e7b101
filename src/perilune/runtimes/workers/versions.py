"""The pool's view of function versions: who waits for each, and which workers belong to it."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from perilune.runtimes.language import WorkerKind
from perilune.runtimes.workers.plan import Demand
from perilune.runtimes.workers.process import Invocation, WorkerProcess

UNKNOWN_HELD_S = 1.0
"""Taken for the time of a version's first invocations: long, so that none is lined up."""
HELD_WEIGHT = 1 / 16

Owner = tuple[str, WorkerKind]
"""Whom a worker belongs to: a version, and the kind of workers it is served by."""


@dataclass(eq=False, slots=True)
class Waiter:
    """An execution that waits for a place at a worker."""

    since: float
    future: "asyncio.Future[Invocation]"


@dataclass(eq=False, slots=True)
class Version:
    """The pool's view of one function version."""

    owner: Owner
    workers: list[WorkerProcess] = field(default_factory=list)
    waiters: deque[Waiter] = field(default_factory=deque)
    held_s: float = UNKNOWN_HELD_S
    """How long its invocations have had a worker lately: a moving average."""

    @property
    def kind(self) -> WorkerKind:
        """The kind of workers that serve it."""
        return self.owner[1]

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

    def note_held(self, held_s: float) -> None:
        """Take into account how long an invocation has had its worker."""
        if self.held_s == UNKNOWN_HELD_S:
            self.held_s = held_s
        else:
            self.held_s += (held_s - self.held_s) * HELD_WEIGHT
