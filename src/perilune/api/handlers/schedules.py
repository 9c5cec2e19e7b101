"""What the management API tells about schedules: when they are due, and what has become of it."""

from zoneinfo import ZoneInfo

import msgspec

from perilune.api.errors import InvalidRequest
from perilune.api.failures import Json, failing_as, page_info
from perilune.api.rules.schedules import checked_expression, checked_zone
from perilune.clock import WallClock, wall_clock
from perilune.cron import CronError, Schedule, load_zone, parse, until_human
from perilune.store import (
    DB,
    CronStatus,
    CronTick,
    Function,
    PaginationInfo,
    PaginationParams,
    to_json,
)

NEXT_RUNS = 5
"""How many of the coming runs are shown."""


class NextRun(msgspec.Struct, frozen=True, kw_only=True):
    """When a function will be executed next, or why it will not be."""

    has_schedule: bool
    cron_schedule: str | None = None
    cron_status: str | None = None
    is_paused: bool | None = None
    """True, or left out."""
    is_disabled: bool | None = None
    """True, or left out."""
    time_zone: str | None = None
    next_run: int | None = None
    next_run_human: str | None = None
    next_runs: list[int] | None = None
    """The next five; all other members about the future are left out with it."""


class SchedulePreview(msgspec.Struct, frozen=True, kw_only=True):
    """When a schedule would be due."""

    cron_schedule: str
    time_zone: str
    next_runs: list[int]


class ScheduledFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A function that has a schedule."""

    function_id: str
    name: str
    disabled: bool
    cron_schedule: str
    cron_status: str
    cron_missed: str
    cron_overlap: str
    time_zone: str | None = None
    next_run: int | None = None
    """Left out when it is paused or disabled."""
    next_run_human: str | None = None
    last_tick: CronTick | None = None
    problem: str | None = None
    """Why the schedule is ignored; such ones come from other programs only."""


class ScheduleList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the functions with a schedule, newest first."""

    schedules: list[ScheduledFunction]
    pagination: PaginationInfo


class TickList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of what has become of a function's due times, latest first."""

    ticks: list[CronTick]
    pagination: PaginationInfo


class Schedules:
    """Reads schedules and their ledger.

    Every method raises the store's not-found errors, and `OperationFailed`
    when the store itself fails.
    """

    def __init__(self, db: DB, *, zone: ZoneInfo, clock: WallClock = wall_clock) -> None:
        """Use the store; *zone* is that of schedules that name none."""
        self._db = db
        self._ticks = db.ticks
        self._zone = zone
        self._clock = clock

    async def next_run(self, function_id: str) -> Json:
        """Return when a function is due next.  Raises `InvalidRequest` for a broken schedule."""
        with failing_as("Failed to get function"):
            function = await self._db.get_function(function_id)
        if not function.cron_schedule:
            return to_json(NextRun(has_schedule=False))
        is_paused = function.cron_status != CronStatus.ACTIVE
        answer = NextRun(
            has_schedule=True,
            cron_schedule=function.cron_schedule,
            cron_status=function.cron_status or str(CronStatus.PAUSED),
            is_paused=is_paused or None,
            is_disabled=function.disabled or None,
        )
        if is_paused or function.disabled:
            return to_json(answer)
        try:
            schedule = self._schedule(function.cron_schedule, function.cron_time_zone)
        except CronError:
            raise InvalidRequest("Invalid cron schedule") from None
        now = self._clock()
        upcoming = schedule.upcoming(int(now), NEXT_RUNS)
        answer = msgspec.structs.replace(
            answer,
            time_zone=_zone_name(schedule),
            next_run=upcoming[0] if upcoming else None,
            next_run_human=until_human(upcoming[0], now) if upcoming else None,
            next_runs=upcoming,
        )
        return to_json(answer)

    def preview(self, expression: str, zone_name: str) -> Json:
        """Return when a schedule that nobody has yet would be due.

        Raises `InvalidRequest` with the message that such settings would be refused with.
        """
        if not expression:
            raise InvalidRequest("cron_schedule: cron_schedule cannot be empty")
        wanted = checked_expression(expression)
        if zone_name:
            checked_zone(zone_name)
        schedule = self._schedule(wanted, zone_name)
        return to_json(
            SchedulePreview(
                cron_schedule=wanted,
                time_zone=_zone_name(schedule),
                next_runs=schedule.upcoming(int(self._clock()), NEXT_RUNS),
            )
        )

    async def page(self, params: PaginationParams) -> Json:
        """Return one part of all functions with a schedule, also paused and disabled ones."""
        with failing_as("Failed to list schedules"):
            found, total = await self._ticks.scheduled(params)
        return {
            "schedules": [self._overview(function, last) for function, last in found],
            "pagination": page_info(total, params),
        }

    async def ticks(self, function_id: str, params: PaginationParams) -> Json:
        """Return one part of a function's ledger, latest first."""
        with failing_as("Failed to list ticks"):
            found, total = await self._ticks.page(function_id, params)
        return {
            "ticks": [to_json(tick) for tick in found],
            "pagination": page_info(total, params),
        }

    def due(self, function: Function) -> int | None:
        """Return when a function runs next; None where it does not, or its schedule is broken."""
        is_active = function.cron_status == CronStatus.ACTIVE and not function.disabled
        if not is_active or not function.cron_schedule:
            return None
        try:
            schedule = self._schedule(function.cron_schedule, function.cron_time_zone)
        except CronError:
            return None
        return schedule.next_after(int(self._clock()))

    def _overview(self, function: Function, last: CronTick | None) -> Json:
        expression = function.cron_schedule or ""
        overview = ScheduledFunction(
            function_id=function.id,
            name=function.name,
            disabled=function.disabled,
            cron_schedule=expression,
            cron_status=function.cron_status or str(CronStatus.PAUSED),
            cron_missed=function.cron_missed,
            cron_overlap=function.cron_overlap,
        )
        try:
            schedule = self._schedule(expression, function.cron_time_zone)
        except CronError as problem:
            overview = msgspec.structs.replace(overview, problem=str(problem))
        else:
            overview = msgspec.structs.replace(overview, time_zone=_zone_name(schedule))
            if function.cron_status == CronStatus.ACTIVE and not function.disabled:
                now = self._clock()
                next_run = schedule.next_after(int(now))
                overview = msgspec.structs.replace(
                    overview,
                    next_run=next_run,
                    next_run_human=None if next_run is None else until_human(next_run, now),
                )
        json = to_json(overview)
        return json if last is None else json | {"last_tick": to_json(last)}

    def _schedule(self, expression: str, zone_name: str | None) -> Schedule:
        return parse(expression, load_zone(zone_name) if zone_name else self._zone)


def _zone_name(schedule: Schedule) -> str:
    # A machine's zone need not have a name.
    return schedule.zone.key or "local time"
