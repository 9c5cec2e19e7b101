"""How often a function may be called: a token bucket per function (GCRA).

A function that was left alone may be called *limit* times at once; after that its
calls come back one by one, evenly over the window.
"""

import math
from typing import NamedTuple

from perilune.clock import MonotonicClock, monotonic_clock

MAX_REMEMBERED = 4096

_ROUNDING = 1e-6
"""Seconds by which sums of many intervals may be off."""


class Quota(NamedTuple):
    """What one call has left of a limit."""

    limit: int
    window_s: int
    remaining: int
    reset_s: int
    """Until all calls are there again."""
    retry_s: int
    """Until the next call is; 0 if this one was admitted."""

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the RateLimit headers of the IETF draft."""
        policy = b'"default";q=%d;w=%d' % (self.limit, self.window_s)
        state = b'"default";r=%d;t=%d' % (self.remaining, self.retry_s or self.reset_s)
        return [(b"ratelimit-policy", policy), (b"ratelimit", state)]


class RateLimiter:
    """Remembers one number for each function with a limit that was called lately."""

    def __init__(self, clock: MonotonicClock = monotonic_clock) -> None:
        self._clock = clock
        self._full_at: dict[str, float] = {}
        """When all calls will be there again; missing: they are."""

    def take(self, function_id: str, limit: int, window_s: int) -> Quota:
        """Count a call and return what is left; it may go on if `retry_s` is 0."""
        now = self._clock()
        interval = window_s / limit
        # The limit may have been changed since: nobody waits longer than the new window.
        full_at = min(max(self._full_at.get(function_id, now), now), now + window_s)
        wait_s = full_at + interval - (now + window_s)
        if wait_s > _ROUNDING:
            self._full_at[function_id] = full_at
            return Quota(limit, window_s, 0, _whole(full_at - now), _whole(wait_s))
        full_at += interval
        if len(self._full_at) >= MAX_REMEMBERED and function_id not in self._full_at:
            self._forget_full(now)
        self._full_at[function_id] = full_at
        left = int((now + window_s - full_at + _ROUNDING) / interval)
        return Quota(limit, window_s, left, _whole(full_at - now), 0)

    def _forget_full(self, now: float) -> None:
        """Drop functions that have all their calls again, or else the one nearest to that."""
        self._full_at = {one: when for one, when in self._full_at.items() if when > now}
        if len(self._full_at) >= MAX_REMEMBERED:
            del self._full_at[min(self._full_at, key=self._full_at.__getitem__)]


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds - _ROUNDING))
