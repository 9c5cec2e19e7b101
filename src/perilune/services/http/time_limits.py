"""Time limits of very many requests, with one timer: a timer each costs as much as a connection."""

import asyncio
import math


class TimeLimits:
    """Ends what has taken as long as it may."""

    def __init__(self) -> None:
        self._ends: dict[asyncio.Timeout, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = math.inf

    def start(self, limit: asyncio.Timeout, end: float) -> None:
        """Have *limit*, which has no end itself, end at the reading *end* of the loop's clock."""
        self._ends[limit] = end
        if end < self._looks_at:
            self._look_at(end)

    def stop(self, limit: asyncio.Timeout) -> None:
        """Forget *limit*."""
        self._ends.pop(limit, None)

    def _look_at(self, end: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._looks_at = end
        self._timer = asyncio.get_running_loop().call_at(end, self._look)

    def _look(self) -> None:
        self._timer, self._looks_at = None, math.inf
        now = asyncio.get_running_loop().time()
        late = [limit for limit, end in self._ends.items() if end <= now]
        for limit in late:
            del self._ends[limit]
            limit.reschedule(now)
        if self._ends:
            self._look_at(min(self._ends.values()))
