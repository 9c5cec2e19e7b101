"""How often a function may be called: a token bucket per function (GCRA).

A function that was left alone may be called *limit* times at once; after that its
calls come back one by one, evenly over the window.
"""

import math
from typing import NamedTuple, Protocol

from perilune.clock import MonotonicClock, monotonic_clock
from perilune.store import LimitRows

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


class CallCounter(Protocol):
    """Counts calls of functions that have a limit."""

    async def take(self, function_id: str, limit: int, window_s: int) -> Quota:
        """Count a call and return what is left; it may go on if `retry_s` is 0."""
        ...


class SharedRateLimiter:
    """The `CallCounter` of servers that share a store."""

    def __init__(self, rows: LimitRows) -> None:
        self._rows = rows

    async def take(self, function_id: str, limit: int, window_s: int) -> Quota:
        """See `CallCounter.take`.  Raises `StoreError`."""
        is_admitted, full_s = await self._rows.take(function_id, limit, window_s)
        return _quota(limit, window_s, full_s, is_admitted=is_admitted)


class RateLimiter:
    """The `CallCounter` of a server that has its store to itself.

    Remembers one number for each function with a limit that was called lately.
    """

    def __init__(self, clock: MonotonicClock = monotonic_clock) -> None:
        self._clock = clock
        self._full_at: dict[str, float] = {}
        """When all calls will be there again; missing: they are."""

    async def take(self, function_id: str, limit: int, window_s: int) -> Quota:
        """See `CallCounter.take`."""
        now = self._clock()
        interval = window_s / limit
        # The limit may have been changed since: nobody waits longer than the new window.
        full_at = min(max(self._full_at.get(function_id, now), now), now + window_s)
        if full_at + interval - (now + window_s) > _ROUNDING:
            self._full_at[function_id] = full_at
            return _quota(limit, window_s, full_at - now, is_admitted=False)
        full_at += interval
        if len(self._full_at) >= MAX_REMEMBERED and function_id not in self._full_at:
            self._forget_full(now)
        self._full_at[function_id] = full_at
        return _quota(limit, window_s, full_at - now, is_admitted=True)

    def _forget_full(self, now: float) -> None:
        """Drop functions that have all their calls again, or else the one nearest to that."""
        self._full_at = {one: when for one, when in self._full_at.items() if when > now}
        if len(self._full_at) >= MAX_REMEMBERED:
            del self._full_at[min(self._full_at, key=self._full_at.__getitem__)]


def _quota(limit: int, window_s: int, full_s: float, *, is_admitted: bool) -> Quota:
    """Return what is left of a limit, all of which is there again in *full_s*."""
    interval = window_s / limit
    if not is_admitted:
        wait_s = full_s + interval - window_s
        return Quota(limit, window_s, 0, _whole(full_s), _whole(wait_s))
    left = int((window_s - full_s + _ROUNDING) / interval)
    return Quota(limit, window_s, left, _whole(full_s), 0)


def _whole(seconds: float) -> int:
    return max(1, math.ceil(seconds - _ROUNDING))
