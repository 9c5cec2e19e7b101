"""Time limits of very many executions: one timer looks after all of them.

Nearly all limits are the same few numbers of seconds, so those of one number end in the order in
which they began, and only the first of each has to be looked at.
"""

import asyncio
import math
import time
from typing import Protocol, TypeAlias

STOOD_STILL_S = 1.0
"""A look that is so late says that the whole process stood still, as when its machine is paused."""
CATCH_UP_S = 0.2
"""Time to read what others have answered meanwhile."""


class Limited(Protocol):
    """What has a time limit."""

    def late(self) -> None:
        """Its time is over; it has no limit any more."""
        ...


Limits: TypeAlias = dict[Limited, float]
"""When those end that have been given the same number of seconds, in this order."""


class Deadlines:
    """Tells those whose time is over."""

    def __init__(self) -> None:
        self._ends: dict[float, Limits] = {}
        """By how many seconds they have been given."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = math.inf
        self._is_catching_up = False

    def start(self, limited: Limited, seconds: float) -> Limits:
        """Give *limited* so many seconds.

        Returns:
            What to take it out of when it is not to have a limit any more; one that is told that
            it is late is not in it.
        """
        end = time.monotonic() + seconds
        ends = self._ends.get(seconds)
        if ends is None:
            ends = self._ends[seconds] = {}
        ends[limited] = end
        if end < self._looks_at or self._loop is None or self._loop.is_closed():
            self._look_at(end)
        return ends

    def _look_at(self, end: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._loop = asyncio.get_running_loop()
        self._looks_at = end
        self._timer = self._loop.call_later(max(0.0, end - time.monotonic()), self._look)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looks_at > STOOD_STILL_S and not self._is_catching_up:
            # What has arrived meanwhile counts, but it has not been read yet.
            self._is_catching_up = True
            self._look_at(now + CATCH_UP_S)
            return
        self._is_catching_up = False
        self._timer, self._looks_at = None, math.inf
        for seconds, ends in list(self._ends.items()):
            while ends and (end := ends[first := next(iter(ends))]) <= now:
                del ends[first]
                first.late()
            if not ends:
                self._ends.pop(seconds, None)
            elif end < self._looks_at:
                self._look_at(end)
