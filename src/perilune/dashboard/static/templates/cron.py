# Runs on a schedule: set one on the settings tab.
from perilune_guest import kv, log


def handler(ctx, event):
    if event.trigger != "cron":
        log.warn("called by hand, not by the schedule")
    runs = kv.incr("runs")
    log.info("tick", run=runs, scheduled=event.headers.get("X-Cron-Scheduled-Time"))
    return {"runs": runs}
