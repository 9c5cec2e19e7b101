"""Clocks as values, so that they can be injected."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

WallClock = Callable[[], float]
"""Returns seconds since the Unix epoch (UTC)."""

MonotonicClock = Callable[[], float]
"""Returns seconds that never go back; only differences mean anything."""

MACHINE_ZONE_FILE: Final = Path("/etc/localtime")

wall_clock: WallClock = time.time
monotonic_clock: MonotonicClock = time.monotonic


class CorrectedClock:
    """The machine's clock, corrected by another one that several machines share."""

    def __init__(self, clock: WallClock = wall_clock) -> None:
        """Take *clock* as it is until it is known to be off."""
        self._clock = clock
        self.ahead_s = 0.0
        """By how much the machine's clock is ahead of the other one."""

    def __call__(self) -> float:
        """Return the time; see `WallClock`."""
        return self._clock() - self.ahead_s

    def correct(self, ahead_s: float) -> None:
        """Take away what this clock is still ahead of the other one."""
        self.ahead_s += ahead_s


def find_zone(text: str, machine: Path = MACHINE_ZONE_FILE) -> ZoneInfo:
    """Return the time zone that *text* names, as the C library reads the variable `TZ`.

    Args:
        text: an IANA name or the absolute path of a zone file, after a colon if one likes;
            empty for the zone of the machine.
        machine: the file that says which zone that is; UTC where it is missing.

    Raises:
        ValueError: there is no such zone.
    """
    name = text.removeprefix(":")
    if not name:
        return _zone_in(machine) if machine.exists() else ZoneInfo("UTC")
    try:
        return _zone_in(Path(name)) if name.startswith("/") else ZoneInfo(name)
    # KeyError: unknown; OSError: a folder or no file; ValueError: not a name or not a zone.
    except (KeyError, OSError, ValueError) as problem:
        raise ValueError(f"must be a time zone like Europe/Berlin, not {text!r}") from problem


def _zone_in(file: Path) -> ZoneInfo:
    """Return the zone in a zone file, with its name where the path ends with it."""
    _, _, name = str(file.resolve()).rpartition("/zoneinfo/")
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        with file.open("rb") as data:
            return ZoneInfo.from_file(data)
