"""Executes functions when their schedules say so.

`plan.py` decides without I/O what is due and how long to sleep; `scheduler.py` carries it
out: it takes each tick in the ledger of the store, so that it is started at most once
whatever restarts or runs twice, and hands the event to the engine.
"""

from perilune.scheduler.event import cron_event
from perilune.scheduler.plan import (
    LATE_S,
    MAX_COUNTED,
    MAX_LATE,
    Action,
    Due,
    Entry,
    SchedulePlan,
    make_plan,
)
from perilune.scheduler.scheduler import MAX_CATCH_UPS, POLL_S, Scheduler

__all__ = [
    "LATE_S",
    "MAX_CATCH_UPS",
    "MAX_COUNTED",
    "MAX_LATE",
    "POLL_S",
    "Action",
    "Due",
    "Entry",
    "SchedulePlan",
    "Scheduler",
    "cron_event",
    "make_plan",
]
