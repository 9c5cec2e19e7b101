"""Routes of schedules: when functions are due, and what has become of it."""

from functools import partial

from perilune.api.errors import InvalidRequest
from perilune.api.failures import Json
from perilune.api.handlers.schedules import (
    NextRun,
    ScheduleList,
    SchedulePreview,
    Schedules,
    TickList,
)
from perilune.api.parameters import optional_text
from perilune.api.routes.route import Route
from perilune.api.rules.lists import PAGE
from perilune.api.scopes import TokenScope
from perilune.store import FunctionNotFound

_read = partial(Route, "GET", tag="Schedules", scope=TokenScope.READ)


def schedule_routes(schedules: Schedules) -> list[Route]:
    """Return what reads schedules."""

    async def preview_schedule(cron_schedule: str, cron_time_zone: str) -> Json:
        return schedules.preview(cron_schedule, cron_time_zone)

    return [
        _read(
            "/api/functions/{function_id}/next-run",
            schedules.next_run,
            "getNextRun",
            "Tell when a function is due next",
            answer=NextRun,
            errors=(InvalidRequest, FunctionNotFound),
        ),
        _read(
            "/api/functions/{function_id}/ticks",
            schedules.ticks,
            "listTicks",
            "List what has become of a function's due times, latest first",
            parameters=(PAGE,),
            answer=TickList,
            errors=(FunctionNotFound,),
        ),
        _read(
            "/api/schedules",
            schedules.page,
            "listSchedules",
            "List the functions with a schedule, newest first",
            parameters=(PAGE,),
            answer=ScheduleList,
        ),
        _read(
            "/api/schedules/preview",
            preview_schedule,
            "previewSchedule",
            "Tell when a schedule would be due",
            parameters=(optional_text("cron_schedule"), optional_text("cron_time_zone")),
            answer=SchedulePreview,
            errors=(InvalidRequest,),
        ),
    ]
