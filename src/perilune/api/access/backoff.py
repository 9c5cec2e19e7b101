"""Slows down guessing of credentials: after some wrong ones an address has to wait.

The wait doubles with each further wrong one.  Memory is bounded: IPv6
addresses count per /64, which is what one customer gets, and the addresses
whose last failure is the longest ago are forgotten first.
"""

import ipaddress
import math
from dataclasses import dataclass

from perilune.clock import MonotonicClock, monotonic_clock

FREE_FAILURES = 10
FIRST_WAIT_S = 1.0
MAX_WAIT_S = 60.0
"""Bounded, because many people can share an address with somebody who tries keys."""
FORGOTTEN_AFTER_S = 900.0
MAX_ADDRESSES = 10_000


class Backoff:
    """Counts failures per address."""

    def __init__(self, clock: MonotonicClock = monotonic_clock) -> None:
        self._clock = clock
        self._failures: dict[str, _Failures] = {}

    def wait_s(self, address: str) -> int:
        """Return in how many whole seconds *address* may try again; 0 means now."""
        if not self._failures:
            return 0
        found = self._failures.get(group_of(address))
        return 0 if found is None else max(0, math.ceil(found.until - self._clock()))

    def failed(self, address: str) -> int:
        """Count a failure; return how long *address* has to wait now."""
        group, now = group_of(address), self._clock()
        found = self._failures.pop(group, None)
        if found is None or now - found.last > FORGOTTEN_AFTER_S:
            found = _Failures()
        found.count += 1
        found.last = now
        excess = found.count - FREE_FAILURES
        if excess >= 0:
            # Bounded before it is computed: the count has no bound.
            found.until = now + min(MAX_WAIT_S, FIRST_WAIT_S * 2 ** min(excess, 16))
        while len(self._failures) >= MAX_ADDRESSES:
            del self._failures[next(iter(self._failures))]
        self._failures[group] = found
        return max(0, math.ceil(found.until - now))

    def succeeded(self, address: str) -> None:
        """Forget the failures of *address*."""
        if self._failures:
            self._failures.pop(group_of(address), None)


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


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0
    until: float = 0.0
