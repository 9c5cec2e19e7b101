"""Watches the memory of workers: of each against its limit, of all together against a budget."""

from collections.abc import Iterable

from perilune.runtimes.contract import MemoryLimitError
from perilune.runtimes.limits import MIB
from perilune.runtimes.plan import over_budget
from perilune.runtimes.worker_process import WorkerProcess


def check_memory(worker: WorkerProcess) -> None:
    """Stop a worker that holds more than its limit outside the guest's own heap."""
    kind = worker.kind
    if worker.resident_bytes() > kind.memory_bytes + kind.language.overhead_bytes:
        limit = kind.memory_bytes // MIB
        worker.kill(
            MemoryLimitError(f"memory limit exceeded: the worker used more than {limit} MiB")
        )


def find_excess(
    bound: Iterable[WorkerProcess], spares: Iterable[WorkerProcess], limit_bytes: int
) -> list[WorkerProcess]:
    """Return the idle workers to stop so that all workers together hold no more than the limit.

    Args:
        bound: those that belong to a function; of these the idle ones may be stopped.
        spares: those that do not.
        limit_bytes: the most that all of them may hold.
    """
    held = [(worker, worker.own_bytes()) for worker in bound]
    idle = [(worker, size) for worker, size in held if not worker.load]
    idle.sort(key=lambda one: one[0].free_since)
    total = sum(size for _, size in held) + sum(worker.own_bytes() for worker in spares)
    return over_budget(idle, total, limit_bytes)
