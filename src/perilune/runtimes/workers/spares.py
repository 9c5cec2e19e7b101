"""The pool's workers that belong to no function yet, and of which kinds some are kept ready."""

from collections import Counter
from collections.abc import Collection, Iterator

from perilune.runtimes.language import WorkerKind
from perilune.runtimes.limits import WorkerLimits
from perilune.runtimes.workers.process import WorkerProcess


class Spares:
    """Idle workers without a function, by kind."""

    def __init__(self, limits: WorkerLimits) -> None:
        self._limits = limits
        self._workers: list[WorkerProcess] = []
        self._unused_since: dict[WorkerKind, float] = {}
        self.warm: dict[WorkerKind, int] = {}
        """Of each kind, how many are to be kept ready."""

    def __len__(self) -> int:
        return len(self._workers)

    def __iter__(self) -> Iterator[WorkerProcess]:
        return iter(self._workers)

    def has_living(self) -> bool:
        """Tell whether there is one that lives."""
        return any(worker.is_alive for worker in self._workers)

    def count(self) -> Counter[WorkerKind]:
        """Return how many there are of each kind."""
        return Counter(worker.kind for worker in self._workers)

    def others(self, kinds: Collection[WorkerKind]) -> list[WorkerProcess]:
        """Return those of none of these kinds."""
        return [worker for worker in self._workers if worker.kind not in kinds]

    def add(self, worker: WorkerProcess) -> None:
        """Add one that has just been started."""
        self._workers.append(worker)

    def take(self, kind: WorkerKind) -> WorkerProcess | None:
        """Return a living one of this kind, which is no spare any more; None if there is none."""
        for position in range(len(self._workers) - 1, -1, -1):
            worker = self._workers[position]
            if worker.kind is kind:
                del self._workers[position]
                if worker.is_alive:
                    return worker
        return None

    def stop(self, worker: WorkerProcess) -> None:
        """End one of them."""
        worker.kill()
        if worker in self._workers:
            self._workers.remove(worker)

    def stop_all(self) -> None:
        """End all of them."""
        for worker in self._workers:
            worker.kill()

    def keep_warm(self, kind: WorkerKind) -> None:
        """Keep some of this kind ready from now on, as long as it is in use."""
        # Workers with a function's own memory limit or packages are wanted too rarely.
        is_plain = kind.memory_bytes == self._limits.memory_bytes and kind.packages is None
        if is_plain and kind not in self.warm:
            warm, most = self._limits.warm, kind.language.warm
            self.warm[kind] = warm if most is None else min(warm, most)

    def give_up(self, kind: WorkerKind) -> None:
        """Keep none of this kind ready until it is used again: it can't be started."""
        if not kind.language.starts_at_once:
            self.warm.pop(kind, None)

    def tidy(self, used: Collection[WorkerKind], now: float) -> None:
        """Forget the dead, and give up those of languages that nobody has used for long."""
        self._workers = [worker for worker in self._workers if worker.is_alive]
        for kind in [kind for kind in self.warm if not kind.language.starts_at_once]:
            since = now if kind in used else self._unused_since.get(kind, now)
            self._unused_since[kind] = since
            if now - since > self._limits.idle_s:
                del self.warm[kind], self._unused_since[kind]
                for worker in [worker for worker in self._workers if worker.kind is kind]:
                    self.stop(worker)
