"""Keeps worker processes: a few ready, more under load, each bound to one function version.

`plan.py` decides; this module starts, hands out, watches and stops.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from perilune.errors import PeriluneError
from perilune.runtimes.contract import (
    MemoryLimitError,
    WorkerDiedError,
    WorkersBusyError,
)
from perilune.runtimes.limits import MIB, WorkerLimits
from perilune.runtimes.plan import (
    GROW_AFTER_S,
    Demand,
    most_deserving,
    plan,
    should_hand_over,
)
from perilune.runtimes.starter import WorkerStarter
from perilune.runtimes.worker_process import WorkerProcess

WATCH_INTERVAL_S = 0.1
RESIDENT_OVERHEAD_BYTES = 64 * MIB
"""What a worker may hold resident beside the guest's heap (interpreter, frames, machine code)."""
PAGE_BYTES = 4096

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Waiter:
    since: float
    future: "asyncio.Future[WorkerProcess]"


@dataclass(eq=False, slots=True)
class _Version:
    """The pool's view of one function version."""

    id: str
    idle: list[WorkerProcess] = field(default_factory=list)
    waiters: deque[_Waiter] = field(default_factory=deque)
    owned: int = 0

    def demand(self, now: float) -> Demand:
        waited_s = now - self.waiters[0].since if self.waiters else 0.0
        return Demand(self.id, len(self.waiters), waited_s, self.owned)


class Pool:
    """Hands out workers; a worker is used by one execution at a time.

    A worker that has run code of one version never runs another version.
    """

    def __init__(
        self,
        starter: WorkerStarter,
        limits: WorkerLimits,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._starter = starter
        self._limits = limits
        self._now = monotonic
        self._spares: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._versions: dict[str, _Version] = {}
        self._starting: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._watch: asyncio.Task[None] | None = None
        self._growth: asyncio.TimerHandle | None = None
        self._closed = False

    async def start(self) -> None:
        """Start the warm workers; fails if they can't be locked down.

        Raises:
            SandboxUnavailableError: layers of the sandbox are missing.
        """
        self._spares.append(await self._starter.start())
        self._watch = asyncio.create_task(self._watch_forever())
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
        for version in self._versions.values():
            for waiter in version.waiters:
                if not waiter.future.done():
                    waiter.future.set_exception(closing)
            for worker in version.idle:
                worker.kill()
        for worker in (*self._spares, *self._busy):
            worker.kill(closing)
        await asyncio.gather(*self._starting, return_exceptions=True)

    def size(self) -> int:
        """Return the number of worker processes, those being started included."""
        owned = sum(version.owned for version in self._versions.values())
        return owned + len(self._spares) + len(self._starting)

    async def acquire(self, version_id: str) -> WorkerProcess:
        """Return a worker for *version_id*, waiting for one if need be.

        Raises:
            WorkersBusyError: the queue is full.
        """
        version = self._versions.get(version_id)
        if version is None:
            version = self._versions[version_id] = _Version(version_id)
        worker = self._take_idle(version)
        if worker is None:
            worker = await self._wait(version)
        worker.busy_since = self._now()
        self._busy.add(worker)
        return worker

    def release(self, worker: WorkerProcess) -> None:
        """Take a worker back after its execution; a dead one is replaced when needed."""
        self._busy.discard(worker)
        version = self._versions[worker.version_id or ""]
        if not worker.is_alive or worker.has_unread() or self._must_hand_over(version):
            self._drop(worker, version)
            self._replan()
        elif not (version.waiters and self._give(worker, version)):
            worker.free_since = self._now()
            version.idle.append(worker)
            if self._waiting:
                self._replan()

    def _take_idle(self, version: _Version) -> WorkerProcess | None:
        """Return an idle worker of *version*, or a spare one made its own."""
        while version.idle:
            worker = version.idle.pop()
            if worker.is_alive:
                return worker
            self._drop(worker, version)
        while self._spares and version.owned < self._limits.per_function:
            worker = self._spares.pop()
            if worker.is_alive:
                self._bind(worker, version)
                self._replan()
                return worker
        return None

    async def _wait(self, version: _Version) -> WorkerProcess:
        if self._waiting >= self._limits.queue:
            raise WorkersBusyError(self._limits.queue)
        loop = asyncio.get_running_loop()
        waiter = _Waiter(self._now(), loop.create_future())
        version.waiters.append(waiter)
        self._waiting += 1
        if not version.owned:
            self._replan()
        elif self._growth is None:
            self._growth = loop.call_later(GROW_AFTER_S, self._grow)
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self._abandon(version, waiter)
            raise

    def _abandon(self, version: _Version, waiter: _Waiter) -> None:
        """Give up waiting; a worker that was handed over in the same moment goes back."""
        if waiter in version.waiters:
            version.waiters.remove(waiter)
            self._waiting -= 1
        elif _has_result(waiter.future):
            self.release(waiter.future.result())

    def _give(self, worker: WorkerProcess, version: _Version) -> bool:
        """Hand *worker* to the oldest waiter of its version; False if nobody waits any more."""
        while version.waiters:
            waiter = version.waiters.popleft()
            self._waiting -= 1
            if not waiter.future.done():
                waiter.future.set_result(worker)
                return True
        return False

    def _must_hand_over(self, version: _Version) -> bool:
        if self._waiting == len(version.waiters):
            return False
        if self._spares or self._starting or self.size() < self._limits.maximum:
            return False
        now = self._now()
        others = [v.demand(now) for v in self._versions.values() if v.waiters and v is not version]
        return bool(others) and should_hand_over(version.demand(now), others)

    def _bind(self, worker: WorkerProcess, version: _Version) -> WorkerProcess:
        worker.version_id = version.id
        version.owned += 1
        return worker

    def _drop(self, worker: WorkerProcess, version: _Version) -> None:
        """Stop a bound worker and forget it."""
        worker.kill()
        version.owned -= 1
        if not version.owned and not version.waiters:
            self._versions.pop(version.id, None)

    def _offer(self, worker: WorkerProcess) -> None:
        """Give an unbound worker to whoever deserves it most, or keep it ready."""
        now = self._now()
        while self._waiting:
            demands = [v.demand(now) for v in self._versions.values() if v.waiters]
            chosen = most_deserving(demands, self._limits)
            if chosen is None:
                break
            version = self._versions[chosen]
            self._bind(worker, version)
            if self._give(worker, version):
                return
            worker.version_id = None
            version.owned -= 1
        self._spares.append(worker)

    def _replan(self) -> None:
        """Carry out what `plan` says for the situation as it is now."""
        if self._closed:
            return
        now = self._now()
        waiting = [v.demand(now) for v in self._versions.values() if v.waiters]
        idle = [worker for v in self._versions.values() for worker in v.idle]
        decision = plan(
            waiting,
            spares=len(self._spares),
            starting=len(self._starting),
            evictable=len(idle),
            total=self.size(),
            limits=self._limits,
        )
        for _ in range(decision.start):
            task = asyncio.create_task(self._start_one())
            self._starting.add(task)
            task.add_done_callback(self._started)
        if decision.evict:
            idle.sort(key=lambda worker: worker.free_since)
            for worker in idle[: decision.evict]:
                self._stop_idle(worker)
            asyncio.get_running_loop().call_soon(self._replan)
        while self._spares and any(d.owned < self._limits.per_function for d in waiting):
            before = self._waiting
            self._offer(self._spares.pop())
            if self._waiting == before:
                break

    def _grow(self) -> None:
        """Look again while executions wait: the longer they do, the more workers they get."""
        self._growth = None
        self._replan()
        if self._waiting and not self._closed:
            self._growth = asyncio.get_running_loop().call_later(GROW_AFTER_S, self._grow)

    async def _start_one(self) -> None:
        try:
            worker = await self._starter.start()
        except PeriluneError as error:
            _log.error("a worker could not be started: %s", error)
            self._fail_waiters(error)
            return
        self._offer(worker)

    def _started(self, task: asyncio.Task[None]) -> None:
        self._starting.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("a worker could not be started", exc_info=task.exception())
        if self._waiting:
            self._replan()

    def _fail_waiters(self, error: Exception) -> None:
        """Without any worker nobody would ever be served: tell those who wait."""
        if self._busy or self._spares:
            return
        for version in self._versions.values():
            while version.waiters:
                waiter = version.waiters.popleft()
                self._waiting -= 1
                if not waiter.future.done():
                    waiter.future.set_exception(
                        WorkerDiedError(f"no worker could be started: {error}")
                    )

    def _stop_idle(self, worker: WorkerProcess) -> None:
        version = self._versions[worker.version_id or ""]
        version.idle.remove(worker)
        self._drop(worker, version)

    async def _watch_forever(self) -> None:
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            now = self._now()
            for worker in self._busy:
                if now - worker.busy_since >= WATCH_INTERVAL_S:
                    self._check_memory(worker)
            for version in list(self._versions.values()):
                for worker in list(version.idle):
                    if not worker.is_alive or now - worker.free_since > self._limits.idle_s:
                        self._stop_idle(worker)
            self._spares = [worker for worker in self._spares if worker.is_alive]
            self._replan()

    def _check_memory(self, worker: WorkerProcess) -> None:
        """Stop a worker that holds more than its limit outside the guest's own heap."""
        resident = _resident_bytes(worker.pid)
        if resident > self._limits.memory_bytes + RESIDENT_OVERHEAD_BYTES:
            limit = self._limits.memory_bytes // MIB
            worker.kill(
                MemoryLimitError(f"memory limit exceeded: the worker used more than {limit} MiB")
            )


def _has_result(future: "asyncio.Future[WorkerProcess]") -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _resident_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0
