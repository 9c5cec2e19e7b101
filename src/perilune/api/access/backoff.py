"""Slows down guessing of credentials: after some wrong ones an address has to wait.

The wait doubles with each further wrong one.  Memory is bounded: IPv6
addresses count per /64, which is what one customer gets, and the addresses
whose last failure is the longest ago are forgotten first.
"""

import ipaddress
import math
from typing import Protocol

from perilune.clock import MonotonicClock, WallClock, monotonic_clock
from perilune.store import FailedAttempts, LimitRows

FREE_FAILURES = 10
FIRST_WAIT_S = 1.0
MAX_WAIT_S = 60.0
"""Bounded, because many people can share an address with somebody who tries keys."""
FORGOTTEN_AFTER_S = 900.0
MAX_ADDRESSES = 10_000


class Backoff(Protocol):
    """Counts failures per address."""

    async def wait_s(self, address: str) -> int:
        """Return in how many whole seconds *address* may try again; 0 means now."""
        ...

    async def failed(self, address: str) -> int:
        """Count a failure; return how long *address* has to wait now."""
        ...

    async def succeeded(self, address: str) -> None:
        """Forget the failures of *address*."""
        ...


class SharedBackoff:
    """The `Backoff` of servers that share a store.  Its methods raise `StoreError`."""

    def __init__(self, rows: LimitRows, clock: WallClock) -> None:
        """Count in *rows*, by the same *clock*."""
        self._rows = rows
        self._clock = clock

    async def wait_s(self, address: str) -> int:
        """See `Backoff.wait_s`."""
        found = await self._rows.failures(group_of(address))
        return 0 if found is None else _left_s(found, self._clock())

    async def failed(self, address: str) -> int:
        """See `Backoff.failed`."""
        found = await self._rows.failed(group_of(address), FORGOTTEN_AFTER_S)
        return _left_s(found, self._clock())

    async def succeeded(self, address: str) -> None:
        """See `Backoff.succeeded`."""
        await self._rows.succeeded(group_of(address))


class OwnBackoff:
    """The `Backoff` of a server that has its store to itself, in memory."""

    def __init__(self, clock: MonotonicClock = monotonic_clock) -> None:
        self._clock = clock
        self._failures: dict[str, FailedAttempts] = {}

    async def wait_s(self, address: str) -> int:
        """See `Backoff.wait_s`."""
        if not self._failures:
            return 0
        found = self._failures.get(group_of(address))
        return 0 if found is None else _left_s(found, self._clock())

    async def failed(self, address: str) -> int:
        """See `Backoff.failed`."""
        group, now = group_of(address), self._clock()
        found = self._failures.pop(group, None)
        count = 0 if found is None or now - found.last > FORGOTTEN_AFTER_S else found.number
        while len(self._failures) >= MAX_ADDRESSES:
            del self._failures[next(iter(self._failures))]
        found = self._failures[group] = FailedAttempts(count + 1, now)
        return _left_s(found, now)

    async def succeeded(self, address: str) -> None:
        """See `Backoff.succeeded`."""
        if self._failures:
            self._failures.pop(group_of(address), None)


def _left_s(failures: FailedAttempts, now: float) -> int:
    """Return for how many whole seconds whoever has failed so often has to wait yet."""
    excess = failures.number - FREE_FAILURES
    if excess < 0:
        return 0
    # Bounded before it is computed: the count has no bound.
    wait_s: float = min(MAX_WAIT_S, FIRST_WAIT_S * 2 ** min(excess, 16))
    return max(0, math.ceil(failures.last + wait_s - now))


def group_of(address: str) -> str:
    """Return what is counted together with *address*."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        # From a proxy that is trusted to name clients, but names none.
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)
