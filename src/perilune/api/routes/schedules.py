"""Routes of schedules: when functions are due, and what has become of it."""

from fastapi import Response

from perilune.api.errors import InvalidRequest
from perilune.api.parameters import Page
from perilune.api.replies import json_answer
from perilune.api.routes.table import RouteTable
from perilune.api.scopes import Scope
from perilune.api.subjects.schedules import (
    NextRun,
    ScheduleList,
    SchedulePreview,
    Schedules,
    TickList,
)
from perilune.store import FunctionNotFound

_ONE = "/api/functions/{function_id}"
_EVERY = "/api/schedules"
_TAG = "Schedules"


def add_schedule_routes(routes: RouteTable, schedules: Schedules) -> None:
    """Add what reads schedules."""
    _add_of_function(routes, schedules)
    _add_of_all(routes, schedules)


def _add_of_function(routes: RouteTable, schedules: Schedules) -> None:
    async def get_next_run(function_id: str) -> Response:
        return json_answer(await schedules.next_run(function_id))

    async def list_ticks(function_id: str, page: Page) -> Response:
        return json_answer(await schedules.ticks(function_id, page))

    routes.add(
        "GET",
        _ONE + "/next-run",
        get_next_run,
        "getNextRun",
        _TAG,
        scope=Scope.READ,
        summary="Tell when a function is due next",
        answer=NextRun,
        errors=(InvalidRequest, FunctionNotFound),
    )
    routes.add(
        "GET",
        _ONE + "/ticks",
        list_ticks,
        "listTicks",
        _TAG,
        scope=Scope.READ,
        summary="List what has become of a function's due times, latest first",
        answer=TickList,
        errors=(FunctionNotFound,),
    )


def _add_of_all(routes: RouteTable, schedules: Schedules) -> None:
    async def list_schedules(page: Page) -> Response:
        return json_answer(await schedules.page(page))

    async def preview_schedule(cron_schedule: str = "", cron_time_zone: str = "") -> Response:
        return json_answer(schedules.preview(cron_schedule, cron_time_zone))

    routes.add(
        "GET",
        _EVERY,
        list_schedules,
        "listSchedules",
        _TAG,
        scope=Scope.READ,
        summary="List the functions with a schedule, newest first",
        answer=ScheduleList,
    )
    routes.add(
        "GET",
        _EVERY + "/preview",
        preview_schedule,
        "previewSchedule",
        _TAG,
        scope=Scope.READ,
        summary="Tell when a schedule would be due",
        answer=SchedulePreview,
        errors=(InvalidRequest,),
    )
