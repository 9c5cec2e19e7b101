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
from perilune.housekeeping.demand import LastClean, is_due
from perilune.store import Store

START_DELAY_S = 10.0
"""After the start, when there is more urgent work."""

LOOK_EVERY_S = 5
"""How often there is a look at the disk."""

SWEEP_EVERY_S = 60
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
    """Cleans up every full hour, and when the disk asks for it, until it is cancelled."""

    def __init__(
        self,
        store: Store,
        packages: PackageSets | None = None,
        *,
        leads: Callable[[], bool] = lambda: True,
        clock: WallClock = wall_clock,
        monotonic: MonotonicClock = monotonic_clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Clean *store*, and *packages* where there are some.

        *clock* says what is due, *sleep* waits for the next time.  While this server does not
        *lead*, another one cleans the store.
        """
        self._store = store
        self._packages = packages
        self._leads = leads
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._searched_at = float("-inf")
        self._trust: ClockTrust | None = None
        self._last: LastClean | None = None
        self.totals = CleanupTotals()

    async def run(self) -> None:
        """Clean up shortly after now, and then for ever; failures are logged and counted."""
        # Before anything new is recorded by a clock that may be wrong.
        await self._attempt(self._look_at_newest())
        if not await self._is_demanded():
            await self._sleep(START_DELAY_S)
        while True:
            await self._attempt(self._do_what_is_ours())
            await self._wait()

    async def _do_what_is_ours(self) -> None:
        now = self._clock()
        if self._leads():
            await (self.clean() if self._believes_clock() else self.clean_large())
        elif self._search_is_due(now):
            await self._remove_packages()
            self._searched_at = now

    async def _wait(self) -> None:
        """Sweep every minute, until it is another hour or the disk asks for a clean-up."""
        hour, minute = self._clock() // HOUR_S, self._clock() // SWEEP_EVERY_S
        # Also ends when the clock was set back.
        while self._clock() // HOUR_S == hour:
            await self._sleep(seconds_to_next(self._clock(), LOOK_EVERY_S))
            if (now := self._clock() // SWEEP_EVERY_S) != minute:
                minute = now
                if self._leads():
                    await self._attempt(self.sweep())
            if await self._is_demanded():
                return

    async def _is_demanded(self) -> bool:
        if not self._leads():
            return False
        try:
            usage = await self._store.disk_usage()
        except Exception as problem:
            _log.error("the disk can't be looked at: %s", problem)
            return False
        return is_due(self._last, usage, self._monotonic())

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
        if self._search_is_due(now):
            rows += Counter(await self._store.purge_orphans())
            await self._attempt(self._remove_packages())
            self._searched_at = now
        self._last = await self._finish(rows, started)
        self.totals.runs += 1
        self.totals.last_success = self._clock()
        return rows

    def _search_is_due(self, now: float) -> bool:
        return not 0 <= now - self._searched_at < SEARCH_EVERY_S

    async def clean_large(self) -> None:
        """Do what is due whatever the clock says: keep functions within their bytes."""
        started = self._monotonic()
        self._last = await self._finish(Counter(await self._store.purge_large()), started)

    async def sweep(self) -> None:
        """Delete what functions deleted a moment ago have left, if there are any."""
        started = self._monotonic()
        rows = Counter(await self._store.purge_deleted())
        if rows:
            await self._finish(rows, started)

    async def _finish(self, rows: Counter[str], started: float) -> LastClean:
        """Give back what the deletion of *rows* has freed, and note what has been done."""
        pages = await self._store.shrink()
        self._note(rows, pages, started)
        usage = await self._store.disk_usage()
        return LastClean(usage, bool(+rows) or pages > 0, self._monotonic())

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
    leads: Callable[[], bool] = lambda: True,
    clock: WallClock = wall_clock,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[Housekeeper]:
    """Keep *store*, while this server *leads*, and *packages* clean until the block ends.

    A deletion in progress is committed or rolled back; the next start continues it.
    """
    housekeeper = Housekeeper(store, packages, leads=leads, clock=clock, sleep=sleep)
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
