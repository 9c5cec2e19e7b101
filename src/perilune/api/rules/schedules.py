"""What schedules a function may have: the rules for the `cron_...` settings."""

from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from perilune.api.errors import InvalidRequest
from perilune.cron import CronError, load_zone, parse
from perilune.store import CronStatus, Function, UpdateFunctionRequest

MISSED_POLICIES = ("skip", "run_once")
OVERLAP_POLICIES = ("skip", "allow")

_ANY_ZONE = ZoneInfo("UTC")
"""Which zone it is has no influence on whether an expression is valid."""


class ScheduleSettings(TypedDict):
    """The settings of a schedule, as members of `UpdateFunctionRequest`."""

    cron_schedule: str | UnsetType | None
    cron_status: str | UnsetType | None
    cron_time_zone: str | UnsetType | None
    cron_missed: str | UnsetType
    cron_overlap: str | UnsetType


def checked_schedule(body: Any) -> ScheduleSettings:
    """Return the settings of a schedule that *body*, a `FunctionBody`, asks for.

    Empty text clears.  Where there is no schedule any more, the status goes to paused.

    Raises:
        InvalidRequest: a rule is broken.
    """
    schedule = checked_expression(body.cron_schedule)
    status = body.cron_status
    if isinstance(status, str):
        _check_choice("cron_status", status, tuple(CronStatus))
    if schedule is None:
        if status == CronStatus.ACTIVE:
            raise schedule_needed()
        status = str(CronStatus.PAUSED)
    return ScheduleSettings(
        cron_schedule=schedule,
        cron_status=status,
        cron_time_zone=checked_zone(body.cron_time_zone),
        cron_missed=_policy("cron_missed", body.cron_missed, MISSED_POLICIES),
        cron_overlap=_policy("cron_overlap", body.cron_overlap, OVERLAP_POLICIES),
    )


def check_active(settings: UpdateFunctionRequest, stored: Function | None = None) -> None:
    """Check that a function is not active without a schedule (KD-93).

    Args:
        settings: what is to be changed.
        stored: what the function has now; None for a new one.

    Raises:
        InvalidRequest: it would be.
    """
    if settings.cron_status != CronStatus.ACTIVE:
        return
    schedule = settings.cron_schedule
    if schedule is UNSET:
        schedule = None if stored is None else stored.cron_schedule
    if not schedule:
        raise schedule_needed()


def checked_expression(text: str | UnsetType | None) -> str | UnsetType | None:
    """Return a valid expression with its words one blank apart; None for empty text.

    Raises:
        InvalidRequest: it is invalid.
    """
    if not isinstance(text, str):
        return text
    if not text:
        return None
    try:
        parse(text, _ANY_ZONE)
    except CronError as problem:
        raise InvalidRequest(f"cron_schedule: invalid cron expression: {problem}") from None
    return " ".join(text.split())


def checked_zone(name: str | UnsetType | None) -> str | UnsetType | None:
    """Return the name of a time zone; None for empty text.

    Raises:
        InvalidRequest: there is no such zone.
    """
    if not isinstance(name, str):
        return name
    if not name:
        return None
    try:
        load_zone(name)
    except CronError:
        shown = name[:100]
        raise InvalidRequest(f"cron_time_zone: unknown time zone {shown}") from None
    return name


def schedule_needed() -> InvalidRequest:
    """Build the error of an active status without a schedule."""
    return InvalidRequest("cron_status: cron_status active needs a cron_schedule")


def _policy(field: str, word: str | UnsetType | None, words: tuple[str, ...]) -> str | UnsetType:
    if word is UNSET or word is None:
        return UNSET
    _check_choice(field, word, words)
    return word


def _check_choice(field: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise InvalidRequest(f"{field}: {field} must be one of: [{' '.join(words)}]")
