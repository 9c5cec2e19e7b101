"""The event that a function gets when its schedule executes it."""

from perilune.events import HTTPEvent
from perilune.store import CronJob, ExecutionTrigger


def cron_event(job: CronJob, tick: int) -> HTTPEvent:
    """Return the event of one tick: an HTTP request, as functions written for HTTP expect.

    Args:
        job: the function and its schedule.
        tick: when it was due (KD-90), in Unix seconds.
    """
    return HTTPEvent(
        method="POST",
        path=f"/fn/{job.function_id}",
        headers={
            "Content-Type": "application/json",
            "X-Trigger": "cron",
            "X-Cron-Schedule": _one_line(job.cron_schedule),
            "X-Cron-Function-Id": job.function_id,
            "X-Cron-Function-Name": _one_line(job.name),
            "X-Cron-Scheduled-Time": str(tick),
        },
        trigger=str(ExecutionTrigger.CRON),
    )


def _one_line(text: str) -> str:
    """Return *text* as a header may hold it: no line breaks or other control characters (KD-84)."""
    return "".join(one if one.isprintable() else " " for one in text)
