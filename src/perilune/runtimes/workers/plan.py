"""Decides how many workers to start and stop, and who gets one.  No I/O: `Pool` carries it out.

Kinds of workers and owners are `Any` here: they are only compared, and handed back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perilune.runtimes.limits import WorkerLimits

GROW_AFTER_S = 0.005
"""A function that has a worker gets another one when an execution waited this long."""
QUICK_GROW_AFTER_S = 0.03
"""The same for functions so quick that they stand in line: more workers would only compete."""
LINE_S = 0.002
"""Longest expected time of all invocations in line at one worker."""
MAX_LINE = 16
MAX_STARTING = 4
"""Workers started at the same time; each takes CPU from the ones at work."""


@dataclass(frozen=True, slots=True)
class PoolMetrics:
    """The pool at one moment."""

    bound: int = 0
    """Workers that belong to a function version."""
    spare: int = 0
    """Workers that belong to nobody yet."""
    starting: int = 0
    waiting: int = 0
    """Executions that wait for a worker."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Executions of one function version that wait for a worker."""

    owner: Any
    """Stands for the version."""
    waiting: int
    waited_s: float
    """How long the oldest of them has waited."""
    owned: int
    """Workers that belong to this version, busy or idle."""
    held_s: float = 1.0
    """How long an execution of it keeps a worker."""
    kind: Any = None
    """The kind of workers that can serve it."""


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """What the pool should do now."""

    start: tuple[Any, ...]
    """The kinds of the workers to start; they belong to no function until one of them is taken."""
    evict: int
    """Workers to stop to make room: idle ones, longest idle first, then spares nobody waits for."""


def plan(
    demands: Iterable[Demand],
    *,
    warm: Mapping[Any, int],
    spares: Mapping[Any, int],
    starting: Mapping[Any, int],
    bound: int,
    idle: int,
    limits: WorkerLimits,
) -> PoolPlan:
    """Return what to start and stop.

    Args:
        demands: who waits.
        warm: for each kind, how many spares are wanted beyond that, and on top of the most.
        spares: for each kind, idle workers without a function.
        starting: for each kind, workers on their way.
        bound: workers that have a function.
        idle: those of them that have nothing to do, and so make way for others.
        limits: what the pool may use.
    """
    wanted: dict[Any, int] = {}
    places = max(0, limits.maximum - bound) + idle
    for demand in demands:
        more = min(_wanted(demand, limits), places)
        wanted[demand.kind] = wanted.get(demand.kind, 0) + more
        places -= more
    total = bound + sum(spares.values()) + sum(starting.values())
    room = limits.maximum + sum(warm.values()) - total
    slots = max(0, min(room, MAX_STARTING - sum(starting.values())))
    start: list[Any] = []
    unserved = 0
    # First those who wait, of any kind, then the spares.
    for kind, extra in [*((kind, 0) for kind in wanted), *warm.items()]:
        there = spares.get(kind, 0) + starting.get(kind, 0) + start.count(kind)
        missing = max(0, wanted.get(kind, 0) + extra - there)
        granted = min(missing, slots - len(start))
        start += [kind] * granted
        if not extra:
            unserved += missing - granted
    evictable = idle + sum(count for kind, count in spares.items() if kind not in wanted)
    evict = min(unserved, evictable) if len(start) >= room else 0
    return PoolPlan(tuple(start), evict)


def has_idled_long(free_since: float, now: float, limits: WorkerLimits) -> bool:
    """Tell whether a worker that has been free since then is to be stopped."""
    return now - free_since > limits.idle_s


def over_budget(idle: Sequence[tuple[Any, int]], total_bytes: int, limit_bytes: int) -> list[Any]:
    """Return which idle workers to stop so that all together hold no more than the limit.

    Args:
        idle: idle workers, longest idle first, each with the bytes it holds.
        total_bytes: what all workers hold, busy ones included.
        limit_bytes: what they may hold.
    """
    stopped = []
    for worker, held_bytes in idle:
        if total_bytes <= limit_bytes:
            break
        stopped.append(worker)
        total_bytes -= held_bytes
    return stopped


def most_deserving(demands: Iterable[Demand], limits: WorkerLimits) -> Any:
    """Return the owner that should get a free worker: the one that has the fewest."""
    entitled = [d for d in demands if _wanted(d, limits)]
    if not entitled:
        return None
    return min(entitled, key=lambda d: (d.owned, -d.waited_s)).owner


def line_depth(held_s: float) -> int:
    """Return how many invocations a worker may have at once, running and lined up behind.

    Lining up saves the worker the wait for the host, which takes longer than
    a quick invocation itself.  But the one behind can't change its mind, so
    only as many are lined up as are served within `LINE_S`.
    """
    return MAX_LINE if held_s * MAX_LINE <= LINE_S else int(LINE_S / held_s) or 1


def should_hand_over(owner: Demand, others: Iterable[Demand]) -> bool:
    """Tell whether a worker of *owner* should make way for a version that is worse off.

    A difference of two keeps two busy functions from taking turns at the
    same process for ever.
    """
    return any(other.waiting and owner.owned - other.owned >= 2 for other in others)


def _wanted(demand: Demand, limits: WorkerLimits) -> int:
    is_quick = line_depth(demand.held_s) > 1
    patience_s = QUICK_GROW_AFTER_S if is_quick else GROW_AFTER_S
    if demand.owned and demand.waited_s < patience_s:
        return 0
    return max(0, min(demand.waiting, limits.per_function - demand.owned))
