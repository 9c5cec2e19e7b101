"""When there is a clean-up before the next full hour: the disk decides.  No I/O."""

from dataclasses import dataclass

from perilune.store import DiskUsage

GROWTH_BYTES = 64 * 1024 * 1024
DISK_SHARE = 16
"""Data may grow by `GROWTH_BYTES` between two clean-ups, or one part in so many of a small disk."""
GROWTH_SHARE = 4
"""Or by one part in so many of what there is: finding out what is too much means reading it."""
LOW_AGAIN_S = 30.0
"""While the disk is low and a clean-up has found nothing, the next one comes after so long."""


@dataclass(frozen=True, slots=True)
class LastClean:
    """What the last clean-up has left."""

    usage: DiskUsage
    has_freed: bool
    """Whether it found anything to delete or to give back."""
    at: float
    """When it ended, on a clock that nobody sets."""


def is_due(last: LastClean | None, usage: DiskUsage, now: float) -> bool:
    """Tell whether the disk asks for a clean-up *now*, on the clock of `LastClean.at`."""
    if usage.is_low:
        if last is None or not last.usage.is_low:
            return True
        return last.has_freed or now - last.at >= LOW_AGAIN_S
    if last is None:
        return False
    step = min(GROWTH_BYTES, usage.disk // DISK_SHARE)
    return usage.data - last.usage.data >= max(step, last.usage.data // GROWTH_SHARE)
