"""Keeps worker processes: a few ready, more under load, each bound to one function version.

`plan.py` decides; this module starts, hands out, watches and stops.
"""

import asyncio
import itertools
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from perilune.errors import PeriluneError
from perilune.runtimes.contract import (
    WorkerDiedError,
    WorkersBusyError,
)
from perilune.runtimes.language import WorkerKind
from perilune.runtimes.limits import WorkerLimits
from perilune.runtimes.workers.plan import (
    GROW_AFTER_S,
    PoolMetrics,
    has_idled_long,
    most_deserving,
    plan,
    should_hand_over,
)
from perilune.runtimes.workers.process import Invocation, Owner, WorkerProcess
from perilune.runtimes.workers.spares import Spares
from perilune.runtimes.workers.usage import (
    check_memory,
    find_excess,
    holds_too_much,
    works_unasked,
)
from perilune.runtimes.workers.versions import Version

WATCH_INTERVAL_S = 0.1
TURNS_BETWEEN_BUDGETS = 5

_log = logging.getLogger(__name__)


class Starter(Protocol):
    """What the pool needs to get workers."""

    async def start(self, kind: WorkerKind) -> WorkerProcess:
        """Return a worker that is locked down and ready.

        Raises:
            PeriluneError: there is none to be had.
        """
        ...


class Pool:
    """Hands out places at workers; a worker runs one invocation at a time.

    A worker that has run code of one version never runs another version.
    Invocations of a function that takes microseconds are lined up at a worker
    ahead of time, so that it need not wait for the host between them.
    """

    def __init__(
        self,
        starter: Starter,
        limits: WorkerLimits,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._starter = starter
        self._limits = limits
        self._now = monotonic
        self._spares = Spares(limits)
        self.versions: dict[Owner, Version] = {}
        """Those that have workers, or wait for some."""
        self._starting: dict[asyncio.Task[None], WorkerKind] = {}
        self._waiting = 0
        self._watch: asyncio.Task[None] | None = None
        self._growth: asyncio.TimerHandle | None = None
        self._closed = False

    async def start(self, kinds: Sequence[WorkerKind]) -> None:
        """Start the warm workers of *kinds*; fails if they can't be locked down.

        Raises:
            SandboxUnavailableError: layers of the sandbox are missing.
        """
        for kind in kinds:
            self._spares.add(await self._starter.start(kind))
            self._spares.keep_warm(kind)
        self._watch = asyncio.create_task(self._watch_forever())
        self._replan()

    def keep_warm(self, kind: WorkerKind) -> None:
        """Keep some workers of a kind ready from now on, as long as it is in use."""
        self._spares.keep_warm(kind)
        self._replan()

    async def close(self) -> None:
        """Stop every worker; executions that are still running fail."""
        self._closed = True
        if self._growth is not None:
            self._growth.cancel()
        if self._watch is not None:
            self._watch.cancel()
        for task in self._starting:
            task.cancel()
        closing = WorkerDiedError("the server is shutting down")
        for version in list(self.versions.values()):
            while version.waiters:
                version.waiters.popleft().refused(closing)
            for worker in list(version.workers):
                worker.kill(closing)
        self._spares.stop_all()
        await asyncio.gather(*self._starting, return_exceptions=True)

    def metrics(self) -> PoolMetrics:
        """Return how many workers there are and how many executions wait; from any thread."""
        bound = sum(len(version.workers) for version in self.versions.copy().values())
        return PoolMetrics(bound, len(self._spares), len(self._starting), self._waiting)

    def has_workers(self) -> bool:
        """Tell whether there is a worker that lives."""
        return self._spares.has_living() or any(worker.is_alive for worker in self._owned())

    def version(self, owner: Owner, kind: WorkerKind) -> Version:
        """Return the version of *owner*, whose invocations come next; *kind* is what it needs."""
        version = self.versions.get(owner)
        if version is None:
            version = self.versions[owner] = Version(owner, kind)
            self._spares.keep_warm(kind)
        return version

    def acquire(self, version: Version, invocation: Invocation) -> None:
        """Find a place at a worker of *version*; `placed` or `refused` is called, now or later.

        Whoever gives up meanwhile calls `release`.
        """
        if not version.waiters:
            for worker in version.workers:
                if worker.load < version.depth and worker.is_alive:
                    worker.load += 1
                    invocation.placed(worker)
                    return
            if not version.workers and self._take_spare(version, invocation):
                return
        self._wait(version, invocation)

    def release(self, invocation: Invocation) -> None:
        """Take a place back after its execution; a dead worker is replaced when needed."""
        worker = invocation.worker
        if worker is None:
            self._withdraw(invocation)
            return
        if not invocation.is_over:
            worker.release(invocation)
        version = worker.owner and self.versions.get(worker.owner)
        if not version:
            # The worker has died, and the others in its line have seen to everything.
            return
        if invocation.is_over:
            version.note_held(worker.held_s)
        others_wait = self._waiting != len(version.waiters)
        if not worker.is_alive or (
            others_wait and not worker.load and self._must_hand_over(version)
        ):
            self._drop(worker, version)
            self._replan()
            return
        if version.waiters:
            self._feed(worker, version)
        if not worker.load:
            worker.free_since = self._now()
            if self._waiting:
                self._replan()

    def _wait(self, version: Version, invocation: Invocation) -> None:
        if self._waiting >= self._limits.queue and not self._make_room(version):
            invocation.refused(WorkersBusyError(self._limits.queue))
            return
        invocation.since = self._now()
        version.waiters.append(invocation)
        self._waiting += 1
        if not version.workers:
            self._replan()
        elif self._growth is None:
            loop = asyncio.get_running_loop()
            self._growth = loop.call_later(GROW_AFTER_S, self._grow)

    def _make_room(self, version: Version) -> bool:
        """Refuse who came last of the version with the longest queue, for one with a shorter.

        So nobody keeps all others from waiting by asking for more than there is.
        """
        longest = max(self.versions.values(), key=lambda one: len(one.waiters))
        if len(longest.waiters) <= len(version.waiters) + 1:
            return False
        self._waiting -= 1
        longest.waiters.pop().refused(WorkersBusyError(self._limits.queue))
        return True

    def _withdraw(self, invocation: Invocation) -> None:
        """Let *invocation* wait no longer."""
        for version in self.versions.values():
            if invocation in version.waiters:
                version.waiters.remove(invocation)
                self._waiting -= 1
                return

    def _feed(self, worker: WorkerProcess, version: Version) -> None:
        """Give the free places of *worker* to those who wait for its version, oldest first."""
        while version.waiters and worker.load < version.depth and worker.is_alive:
            self._waiting -= 1
            worker.load += 1
            version.waiters.popleft().placed(worker)

    def _must_hand_over(self, version: Version) -> bool:
        if self._bound() < self._limits.maximum:
            return False
        now = self._now()
        others = [v.demand(now) for v in self.versions.values() if v.waiters and v is not version]
        return should_hand_over(version.demand(now), others)

    def _take_spare(self, version: Version, invocation: Invocation) -> bool:
        """Make a spare worker one of *version*, and give *invocation* a place; return whether."""
        worker = self._bind_spare(version) if self._has_room(version) else None
        if worker is None:
            return False
        worker.load += 1  # first, since what is idle may be stopped for others
        invocation.placed(worker)
        self._replan()
        return True

    def _bind_spare(self, version: Version) -> WorkerProcess | None:
        """Make a spare worker one of *version*, in the place of the longest idle one if need be."""
        worker = self._spares.take(version.kind)
        if worker is None:
            return None
        if self._bound() >= self._limits.maximum:
            self._stop_idle(self._idle(version)[0])
        version.bind(worker)
        return worker

    def _has_room(self, version: Version) -> bool:
        """Tell whether *version* may have one more worker, be it in the place of another."""
        return self._bound() < self._limits.maximum or bool(self._idle(version))

    def _bound(self) -> int:
        """Return how many workers belong to a function."""
        return sum(len(version.workers) for version in self.versions.values())

    def _idle(self, version: Version) -> list[WorkerProcess]:
        """Return the workers that make way for one of *version*, longest idle first."""
        now, is_urgent = self._now(), not version.workers
        idle = [w for v in self.versions.values() for w in v.idle(now, is_urgent=is_urgent)]
        return sorted(idle, key=lambda worker: worker.free_since)

    def _owned(self) -> list[WorkerProcess]:
        """Return the workers of all functions."""
        return [worker for version in self.versions.values() for worker in version.workers]

    def _drop(self, worker: WorkerProcess, version: Version) -> None:
        """Stop a bound worker and forget it; the second time does nothing."""
        worker.kill()
        if worker in version.workers:
            version.workers.remove(worker)
        if not version.workers and not version.waiters:
            self.versions.pop(version.owner, None)

    def _offer_spares(self) -> None:
        """Give spare workers to the versions that should grow, most deserving first."""
        while self._spares and self._waiting:
            now = self._now()
            kinds = self._spares.count()
            demands = [
                v.demand(now) for v in self.versions.values() if v.waiters and v.kind in kinds
            ]
            chosen = most_deserving(demands, self._limits)
            if chosen is None:
                return
            version = self.versions[chosen]
            if not self._has_room(version):
                return
            worker = self._bind_spare(version)
            if worker is not None:
                self._feed(worker, version)

    def _replan(self) -> None:
        """Carry out what `plan` says for the situation as it is now."""
        if self._closed:
            return
        self._offer_spares()
        now = self._now()
        waiting = [version for version in self.versions.values() if version.waiters]
        waiting.sort(key=lambda version: len(version.workers))
        idle = self._idle(waiting[0]) if waiting else []
        unwanted = self._spares.others({version.kind for version in waiting})
        decision = plan(
            [version.demand(now) for version in waiting],
            warm=self._spares.warm,
            spares=self._spares.count(),
            starting=Counter(self._starting.values()),
            bound=self._bound(),
            idle=len(idle),
            limits=self._limits,
        )
        for kind in decision.start:
            self._start(kind)
        if decision.evict:
            for worker in [*idle, *unwanted][: decision.evict]:
                self._stop_idle(worker)
            asyncio.get_running_loop().call_soon(self._replan)

    def _grow(self) -> None:
        """Look again while executions wait: the longer they do, the more workers they get."""
        self._growth = None
        self._replan()
        if self._waiting and not self._closed:
            self._growth = asyncio.get_running_loop().call_later(GROW_AFTER_S, self._grow)

    def _start(self, kind: WorkerKind) -> None:
        task = asyncio.create_task(self._start_one(kind))
        self._starting[task] = kind
        task.add_done_callback(self._started)

    async def _start_one(self, kind: WorkerKind) -> None:
        try:
            worker = await self._starter.start(kind)
        except PeriluneError as error:
            _log.error("a worker for %s could not be started: %s", kind.language.name, error)
            self._spares.give_up(kind)
            self._fail_waiters(kind, error)
            return
        self._starting.pop(asyncio.current_task(), None)  # type: ignore[arg-type]  # it is one
        self._spares.add(worker)
        self._offer_spares()

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starting.pop(task, None)
        if not task.cancelled() and task.exception() is not None:
            _log.error("a worker could not be started", exc_info=task.exception())
        if self._waiting:
            self._replan()

    def _fail_waiters(self, kind: WorkerKind, error: Exception) -> None:
        """Without any worker of a kind nobody would ever be served by one: tell those who wait."""
        versions = [version for version in self.versions.values() if version.kind is kind]
        if any(worker.is_alive for version in versions for worker in version.workers):
            return
        for version in versions:
            while version.waiters:
                self._waiting -= 1
                version.waiters.popleft().refused(
                    WorkerDiedError(f"no worker could be started: {error}")
                )
            self.versions.pop(version.owner, None)

    def _stop_idle(self, worker: WorkerProcess) -> None:
        if worker.owner is None:
            self._spares.stop(worker)
        else:
            self._drop(worker, self.versions[worker.owner])

    async def _watch_forever(self) -> None:
        for turn in itertools.count(1):
            await asyncio.sleep(WATCH_INTERVAL_S)
            now = self._now()
            for version in list(self.versions.values()):
                for worker in list(version.workers):
                    self._look_after(worker, now)
                if not version.workers and not version.waiters:
                    self.versions.pop(version.owner, None)
            self._spares.tidy({version.kind for version in self.versions.values()}, now)
            if turn % TURNS_BETWEEN_BUDGETS == 0:
                self._keep_budget()
            self._replan()

    def _keep_budget(self) -> None:
        """Stop workers that take more than they may, and idle ones while all hold too much."""
        for worker in self._owned():
            if worker.load:
                check_memory(worker)  # however short each of its executions is
            elif holds_too_much(worker) or works_unasked(worker):
                version_id = worker.owner and worker.owner[0]
                _log.warning("an idle worker of version %s took too much", version_id)
                self._stop_idle(worker)
        for worker in find_excess(self._owned(), self._spares, self._limits.total_bytes):
            self._stop_idle(worker)

    def _look_after(self, worker: WorkerProcess, now: float) -> None:
        """Stop a worker that has died, has been idle for long, or holds too much memory."""
        if worker.load:
            if now - worker.begun_at >= WATCH_INTERVAL_S:
                check_memory(worker)
        elif not worker.is_alive or has_idled_long(worker.free_since, now, self._limits):
            self._stop_idle(worker)
