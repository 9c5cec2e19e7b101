"""The clean-up: when it happens, in which order, and what it has done so far."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from perilune.clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from perilune.housekeeping.clock_trust import WAIT_S, ClockTrust
from perilune.store import Store

START_DELAY_S = 10.0
"""After the start, when there is more urgent work."""

LOOK_EVERY_S = 60
"""How often there is a look for what deleted functions have left."""

HOUR_S = 3600
SEARCH_EVERY_S = 24 * HOUR_S
"""How often everything is looked through for what belongs to nothing."""

Sleep = Callable[[float], Awaitable[object]]

_log = logging.getLogger(__name__)


class PackageSets(Protocol):
    """The part of the sets of packages that housekeeping needs."""

    async def remove_unused(self, used: Collection[str]) -> int:
        """Remove the sets that nobody has wanted for a while; return how many.

        Args:
            used: the requirements of all versions.
        """
        ...


@dataclass(slots=True)
class CleanupTotals:
    """What housekeeping has done since the start."""

    rows: Counter[str] = field(default_factory=Counter)
    """Deleted rows by table."""
    pages: int = 0
    """Pages given back to the file system."""
    runs: int = 0
    failures: int = 0
    seconds: float = 0.0
    """Time spent, pauses included."""
    last_success: float = 0.0
    """Unix seconds; 0 before the first run that succeeded."""


class Housekeeper:
    """Cleans up every full hour, until it is cancelled."""

    def __init__(
        self,
        store: Store,
        packages: PackageSets | None = None,
        *,
        clock: WallClock = wall_clock,
        monotonic: MonotonicClock = monotonic_clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Clean *store*, and *packages* where there are some.

        *clock* says what is due, *sleep* waits for the next time.
        """
        self._store = store
        self._packages = packages
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._searched_at = float("-inf")
        self._trust: ClockTrust | None = None
        self.totals = CleanupTotals()

    async def run(self) -> None:
        """Clean up shortly after now, and then for ever; failures are logged and counted."""
        # Before anything new is recorded by a clock that may be wrong.
        await self._attempt(self._look_at_newest())
        await self._sleep(START_DELAY_S)
        while True:
            if self._believes_clock():
                await self._attempt(self.clean())
            cleaned_in = self._clock() // HOUR_S
            # Also ends when the clock was set back.
            while self._clock() // HOUR_S == cleaned_in:
                await self._sleep(seconds_to_next(self._clock(), LOOK_EVERY_S))
                await self._attempt(self.sweep())

    async def _look_at_newest(self) -> None:
        self._trust = ClockTrust(await self._store.last_used())

    def _believes_clock(self) -> bool:
        if self._trust is None:
            return True
        ahead_s = self._trust.doubt(self._clock(), self._monotonic())
        if ahead_s is None:
            return True
        _log.warning(
            "the clock seems to be %.1f days ahead: nothing is deleted for its age until it is"
            " corrected, or for %d hours",
            ahead_s / 86_400,
            WAIT_S // HOUR_S,
        )
        return False

    async def clean(self) -> Mapping[str, int]:
        """Do everything that is due; return the rows deleted per table."""
        started = self._monotonic()
        now = self._clock()
        rows = Counter(await self._store.purge_expired(int(now)))
        if not 0 <= now - self._searched_at < SEARCH_EVERY_S:
            rows += Counter(await self._store.purge_orphans())
            await self._attempt(self._remove_packages())
            self._searched_at = now
        pages = await self._store.shrink()
        self._note(rows, pages, started)
        self.totals.runs += 1
        self.totals.last_success = self._clock()
        return rows

    async def sweep(self) -> None:
        """Delete what functions deleted a moment ago have left, if there are any."""
        started = self._monotonic()
        rows = Counter(await self._store.purge_deleted())
        if rows:
            self._note(rows, await self._store.shrink(), started)

    async def _remove_packages(self) -> None:
        if self._packages is None:
            return
        removed = await self._packages.remove_unused(await self._store.requirements_in_use())
        if removed:
            _log.info("removed %d sets of packages that no version requires", removed)

    async def _attempt(self, work: Awaitable[object]) -> None:
        try:
            await work
        except Exception:
            self.totals.failures += 1
            _log.exception("cleaning up failed; it is tried again at the next time")

    def _note(self, rows: Counter[str], pages: int, started: float) -> None:
        took_s = self._monotonic() - started
        self.totals.rows += rows
        self.totals.pages += pages
        self.totals.seconds += took_s
        fields = {"rows": dict(+rows), "pages": pages, "duration_s": round(took_s, 3)}
        shown = ", ".join(f"{number} of {table}" for table, number in (+rows).items())
        _log.info(
            "cleaned up in %.3f s: %s; %d pages given back",
            took_s,
            shown or "no rows",
            pages,
            extra={"fields": fields},
        )


@asynccontextmanager
async def open_housekeeping(
    store: Store,
    packages: PackageSets | None = None,
    *,
    clock: WallClock = wall_clock,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[Housekeeper]:
    """Keep *store* and *packages* clean until the block ends.

    A deletion in progress is committed or rolled back; the next start continues it.
    """
    housekeeper = Housekeeper(store, packages, clock=clock, sleep=sleep)
    task = asyncio.create_task(housekeeper.run())
    try:
        yield housekeeper
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def seconds_to_next(now: float, every_s: int) -> float:
    """Return how long it is to the next time that is a multiple of *every_s*; never 0."""
    return every_s - now % every_s
