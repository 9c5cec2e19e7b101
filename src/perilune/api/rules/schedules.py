"""What schedules a function may have: the rules for the `cron_...` settings."""

from collections.abc import MutableMapping
from zoneinfo import ZoneInfo

from perilune.api.errors import InvalidRequest
from perilune.cron import CronError, load_zone, parse
from perilune.function_settings import CronStatus, SettingValue, UpdateFunctionRequest
from perilune.store import Function

_ANY_ZONE = ZoneInfo("UTC")
"""Which zone it is has no influence on whether an expression is valid."""


def pause_without_schedule(changes: MutableMapping[str, SettingValue]) -> None:
    """Let the status go to paused where *changes* take the schedule away.

    Raises:
        InvalidRequest: they make it active at the same time.
    """
    if changes.get("cron_schedule", "kept") is not None:
        return
    if changes.get("cron_status") == CronStatus.ACTIVE:
        raise _schedule_needed()
    changes["cron_status"] = str(CronStatus.PAUSED)


def check_active(changes: UpdateFunctionRequest, stored: Function | None = None) -> None:
    """Check that a function is not active without a schedule (KD-93).

    Args:
        changes: of its settings.
        stored: what the function has now; None for a new one.

    Raises:
        InvalidRequest: it would be.
    """
    if changes.get("cron_status") != CronStatus.ACTIVE:
        return
    before = None if stored is None else stored.cron_schedule
    if not changes.get("cron_schedule", before):
        raise _schedule_needed()


def checked_expression(text: str) -> str:
    """Return a valid expression with its words one blank apart.

    Raises:
        InvalidRequest: it is invalid.
    """
    try:
        parse(text, _ANY_ZONE)
    except CronError as problem:
        raise InvalidRequest(f"cron_schedule: invalid cron expression: {problem}") from None
    return " ".join(text.split())


def checked_zone(name: str) -> str:
    """Return the name of a time zone.

    Raises:
        InvalidRequest: there is no such zone.
    """
    try:
        load_zone(name)
    except CronError:
        shown = name[:100]
        raise InvalidRequest(f"cron_time_zone: unknown time zone {shown}") from None
    return name


def _schedule_needed() -> InvalidRequest:
    return InvalidRequest("cron_status: cron_status active needs a cron_schedule")
