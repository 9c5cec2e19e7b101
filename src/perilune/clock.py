"""Clocks as values, so that whoever needs the time has it handed in."""

import time
from collections.abc import Callable

WallClock = Callable[[], float]
"""Returns seconds since the Unix epoch (UTC)."""

MonotonicClock = Callable[[], float]
"""Returns seconds that never go back; only differences mean anything."""

wall_clock: WallClock = time.time
monotonic_clock: MonotonicClock = time.monotonic
