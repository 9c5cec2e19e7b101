"""Decides what is due, what becomes of it, and how long nothing will be.  No I/O.

Whether a function's last execution is still running is not decided here: other servers
on the same store may know more, so the ledger decides that when a tick is taken.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from perilune.cron import Schedule
from perilune.store import CronJob

LATE_S = 10
"""Ticks not older than this are started as if on time: a loop was busy, a server restarted."""

MAX_COUNTED = 1000
"""Most missed ticks that are counted one by one; the count then stands for it and more."""

MAX_LATE = 3
"""Most functions with missed ticks dealt with at a time: counting takes milliseconds for each."""


class Action(StrEnum):
    """What to do about a tick."""

    START = "start"
    CATCH_UP = "catch_up"
    """Start it although it is late: the function wants the last missed tick made up for."""
    MISS = "miss"
    """Note that it was missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A function on the plan; all ticks up to `settled` have been dealt with."""

    job: CronJob
    schedule: Schedule
    settled: int
    following: int | None
    """The first tick after `settled`."""

    @classmethod
    def of(cls, job: CronJob, schedule: Schedule, settled: int) -> "Entry":
        """Return the entry of *job* from *settled* on."""
        following = schedule.next_after(settled)
        return cls(job=job, schedule=schedule, settled=settled, following=following)

    def due(self, now: float) -> "Due | None":
        """Return what is due at *now*: the latest tick, which stands for all before it."""
        if self.following is None or self.following > now:
            return None
        tick, passed_over = self.following, 0
        after = Entry.of(self.job, self.schedule, tick)
        if after.following is not None and after.following <= now:
            tick = self.schedule.latest(tick, int(now)) or after.following
            passed_over = self.schedule.count(self.settled, tick, MAX_COUNTED)
            after = Entry.of(self.job, self.schedule, tick)
        if now - tick <= LATE_S:
            action = Action.START
        else:
            action = Action.CATCH_UP if self.job.runs_missed else Action.MISS
        return Due(action=action, tick=tick, passed_over=passed_over, before=self, after=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A tick that something has to be done about."""

    action: Action
    tick: int
    passed_over: int
    """How many ticks before it were missed, at most `MAX_COUNTED`."""
    before: Entry
    after: Entry
    """The entry once this is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePlan:
    """What to do now, and when to ask again."""

    due: tuple[Due, ...]
    sleep_s: float


def make_plan(entries: Iterable[Entry], now: float, *, longest_s: float) -> SchedulePlan:
    """Return what is due at *now*, and how long to sleep: never past a tick or *longest_s*.

    All functions that are on time are part of it.  If more functions than `MAX_LATE` have missed
    ticks, the rest is for the next plan, without sleep.
    """
    due: list[Due] = []
    wake_at = now + longest_s
    late = 0
    for entry in entries:
        following = entry.following
        if following is None:
            continue
        if following <= now:
            late += following + LATE_S < now
            found = entry.due(now) if following + LATE_S >= now or late <= MAX_LATE else None
            if found is not None:
                due.append(found)
                following = found.after.following
        if following is not None and following < wake_at:
            wake_at = following
    return SchedulePlan(due=tuple(due), sleep_s=max(0.0, wake_at - now))
