"""Duration classes: whole milliseconds, sorted into ranges that grow with them.

Below 32 ms every millisecond has a class of its own.  Above, each doubling is divided into 16
classes, so a class is at most 1/16 as wide as its smallest duration, and the middle of a class
is never more than 3.2 % away from any duration in it.  Classes are in the order of durations.
"""

from collections.abc import Iterable

EXACT_BELOW_MS = 32
PER_DOUBLING = 16
DOUBLINGS = 21
HIGHEST_CLASS = PER_DOUBLING * (DOUBLINGS - 1) + EXACT_BELOW_MS - 1
"""Holds all that took longer than some 9 hours, too."""
UNKNOWN_CLASS = -1
"""Of executions whose duration nobody measured; no percentile counts them."""


def duration_class(duration_ms: int | None) -> int:
    """Return the class of a duration."""
    if duration_ms is None:
        return UNKNOWN_CLASS
    if duration_ms < EXACT_BELOW_MS:
        return max(duration_ms, 0)
    doubling = duration_ms.bit_length() - EXACT_BELOW_MS.bit_length() + 1
    if doubling >= DOUBLINGS:
        return HIGHEST_CLASS
    return PER_DOUBLING * doubling + (duration_ms >> doubling)


def typical_ms(number: int) -> float:
    """Return the middle of a class: what its executions count as."""
    doubling = max(0, number // PER_DOUBLING - 1)
    first = (number - PER_DOUBLING * doubling) << doubling
    return first + ((1 << doubling) - 1) / 2


def percentiles(classes: Iterable[tuple[int, int]], shares: Iterable[float]) -> list[float | None]:
    """Return the durations in ms below or at which the given *shares* of executions lie.

    Args:
        classes: pairs of class and number of executions, in any order.
        shares: numbers of 0 to 1, ascending.

    Returns:
        One for each share; None where there are no executions of known duration.
    """
    known = sorted((number, count) for number, count in classes if number >= 0 and count > 0)
    total = sum(count for _, count in known)
    found: list[float | None] = []
    position, passed = 0, 0
    for share in shares:
        if not known:
            found.append(None)
            continue
        # The nearest rank: at least one execution, and the smallest that covers the share.
        rank = max(1, -int(-share * total // 1))
        while passed + known[position][1] < rank:
            passed += known[position][1]
            position += 1
        found.append(typical_ms(known[position][0]))
    return found
