"""Watches workers: the memory of each and of all together, and whether idle ones are idle."""

import os
from collections.abc import Iterable

from perilune.runtimes.contract import MemoryLimitError
from perilune.runtimes.limits import MIB
from perilune.runtimes.workers.plan import over_budget
from perilune.runtimes.workers.process import WorkerProcess

IDLE_PROCESSOR_S = 1.0
"""Processor time an idle worker may use: collecting garbage and compiling go on for a while."""

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def check_memory(worker: WorkerProcess) -> None:
    """Stop a worker that holds more than its limit outside the guest's own heap."""
    if holds_too_much(worker):
        limit = worker.kind.memory_bytes // MIB
        worker.kill(
            MemoryLimitError(f"memory limit exceeded: the worker used more than {limit} MiB")
        )


def holds_too_much(worker: WorkerProcess) -> bool:
    """Whether a worker holds more memory than its limit, the interpreter's own included."""
    kind = worker.kind
    return worker.resident_bytes() > kind.memory_bytes + kind.language.overhead_bytes


def works_unasked(worker: WorkerProcess) -> bool:
    """Whether an idle worker goes on computing: it has answered, and not ended.

    Guest code can send an outcome by itself and go on.  It can't ask for anything then, and its
    process would be stopped at the deadline of the next execution, but there may be none.
    """
    since, used_s = worker.idle_mark
    now_used_s = _processor_s(worker.pid)
    if since != worker.free_since:
        worker.idle_mark = (worker.free_since, now_used_s)
        return False
    return now_used_s - used_s > IDLE_PROCESSOR_S


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


def _processor_s(pid: int) -> float:
    """Return the processor time a process has used; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            members = stat.read().rpartition(b")")[2].split()
        return (int(members[11]) + int(members[12])) * _TICK_S
    except (OSError, IndexError, ValueError):
        return 0.0
