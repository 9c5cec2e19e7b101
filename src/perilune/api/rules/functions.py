"""The body that creates or changes a function, and the rules for its values.

The shape is checked first, as a whole; then the rules, one member after the other, and the first
broken one is reported.
"""

import unicodedata
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from perilune.api.errors import InvalidRequest
from perilune.api.rules.calls import (
    AccessWord,
    Concurrency,
    MethodList,
    RateLimit,
    RateWindow,
    SchemeWord,
    Timeout,
    checked_calls,
)
from perilune.api.rules.schedules import (
    MISSED_POLICIES,
    OVERLAP_POLICIES,
    check_active,
    checked_schedule,
)
from perilune.api.rules.versions import MAX_CODE_BYTES, MAX_NOTE_CHARS, checked_code
from perilune.store import CronStatus, UpdateFunctionRequest

MAX_NAME_CHARS = 100
MAX_DESCRIPTION_CHARS = 500
RETENTION_DAYS = (7, 15, 30, 365)
MIN_RETENTION_BYTES = 1024 * 1024
MAX_RETENTION_BYTES = 2**50
MIN_MEMORY_MB = 16

_LINE_SEPARATORS = frozenset({"Cc", "Zl", "Zp"})

# What the description of the API says of these members.  Their rules are checked further down,
# since whoever breaks one is told which.
_PRINTABLE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
_Name = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={
            "maxLength": MAX_NAME_CHARS,
            "pattern": rf"^{_PRINTABLE}*[^\s\x00-\x1f\x7f-\x9f]{_PRINTABLE}*$",
        }
    ),
]
_Description = Annotated[str, msgspec.Meta(extra_json_schema={"maxLength": MAX_DESCRIPTION_CHARS})]
_Code = Annotated[
    str,
    msgspec.Meta(
        description=f"At most {MAX_CODE_BYTES} bytes.", extra_json_schema={"pattern": r"\S"}
    ),
]
_Note = Annotated[
    str,
    msgspec.Meta(
        description="What there is to say about the version that the code becomes.",
        extra_json_schema={"maxLength": MAX_NOTE_CHARS},
    ),
]
_RetentionDays = Annotated[int, msgspec.Meta(extra_json_schema={"enum": list(RETENTION_DAYS)})]
_RetentionBytes = Annotated[
    int,
    msgspec.Meta(
        extra_json_schema={"minimum": MIN_RETENTION_BYTES, "maximum": MAX_RETENTION_BYTES}
    ),
]
_CronStatus = Annotated[str, msgspec.Meta(extra_json_schema={"enum": [*map(str, CronStatus)]})]
_CronMissed = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(MISSED_POLICIES)})]
_CronOverlap = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(OVERLAP_POLICIES)})]


@dataclass(frozen=True, slots=True)
class Offer:
    """What this server has for functions; settings beyond it are refused."""

    runtimes: tuple[str, ...] = ("lua",)
    """The languages, the default one first."""
    memory_mb: int = 128
    """Most memory of a function, in MiB."""
    timeout_s: int = 300
    """Longest time of an execution."""


class FunctionBody(msgspec.Struct, frozen=True, kw_only=True):
    """Code and settings of a function; what is left out stays as it is.

    What was not given is `UNSET`.
    """

    name: _Name | UnsetType | None = UNSET
    description: _Description | UnsetType | None = UNSET
    code: _Code | UnsetType | None = UNSET
    note: _Note | UnsetType | None = UNSET
    disabled: bool | UnsetType | None = UNSET
    retention_days: _RetentionDays | UnsetType | None = UNSET
    retention_bytes: _RetentionBytes | UnsetType | None = UNSET
    cron_schedule: str | UnsetType | None = UNSET
    cron_status: _CronStatus | UnsetType | None = UNSET
    save_response: bool | UnsetType | None = UNSET
    env_writable: bool | UnsetType | None = UNSET
    runtime: str | UnsetType | None = UNSET
    memory_mb: int | UnsetType | None = UNSET
    requirements: str | UnsetType | None = UNSET
    cron_time_zone: str | UnsetType | None = UNSET
    cron_missed: _CronMissed | UnsetType | None = UNSET
    cron_overlap: _CronOverlap | UnsetType | None = UNSET
    timeout_s: Timeout | UnsetType | None = UNSET
    access: AccessWord | UnsetType | None = UNSET
    signature_scheme: SchemeWord | UnsetType | None = UNSET
    allowed_methods: MethodList | UnsetType | None = UNSET
    rate_limit: RateLimit | UnsetType | None = UNSET
    rate_window_s: RateWindow | UnsetType | None = UNSET
    max_concurrency: Concurrency | UnsetType | None = UNSET
    handles_options: bool | UnsetType | None = UNSET
    unsandboxed_html: bool | UnsetType | None = UNSET


def checked_creation(
    body: FunctionBody, offer: Offer
) -> tuple[UpdateFunctionRequest, str, str | UnsetType]:
    """Return the settings, the code and the language of a new function.

    Raises:
        InvalidRequest: a rule is broken.
    """
    name = _name(body.name if isinstance(body.name, str) else "")
    description = _description(body.description)
    code = checked_code(body.code if isinstance(body.code, str) else "")
    settings = _settings(body, name, description, offer)
    check_active(settings)
    return settings, code, _runtime(body.runtime, offer)


def checked_update(
    body: FunctionBody, offer: Offer
) -> tuple[UpdateFunctionRequest, str | UnsetType, str | UnsetType]:
    """Return the changed settings, the new code, if any, and the language, if it is given.

    An explicit null clears what can be cleared and counts as absent elsewhere.

    Raises:
        InvalidRequest: nothing is changed, or a rule is broken.
    """
    clearable: tuple[object, ...] = (
        body.description,
        body.retention_days,
        body.retention_bytes,
        body.cron_schedule,
        body.cron_status,
        body.memory_mb,
        body.requirements,
        body.cron_time_zone,
        body.timeout_s,
        body.signature_scheme,
        body.allowed_methods,
        body.rate_limit,
        body.rate_window_s,
        body.max_concurrency,
    )
    others: tuple[object, ...] = (
        body.name,
        body.code,
        body.disabled,
        body.save_response,
        body.env_writable,
        body.runtime,
        body.cron_missed,
        body.cron_overlap,
        body.access,
        body.handles_options,
        body.unsandboxed_html,
    )
    if all(one is UNSET for one in clearable) and all(one in (UNSET, None) for one in others):
        raise InvalidRequest("request: at least one field must be provided for update")
    name = _name(body.name) if isinstance(body.name, str) else UNSET
    description = _description(body.description)
    code = checked_code(body.code) if isinstance(body.code, str) else UNSET
    return _settings(body, name, description, offer), code, _runtime(body.runtime, offer)


def _settings(
    body: FunctionBody, name: str | UnsetType, description: str | UnsetType | None, offer: Offer
) -> UpdateFunctionRequest:
    return UpdateFunctionRequest(
        name=name,
        description=description,
        disabled=_flag(body.disabled),
        retention_days=_retention_days(body.retention_days),
        retention_bytes=_retention_bytes(body.retention_bytes),
        save_response=_flag(body.save_response),
        env_writable=_flag(body.env_writable),
        memory_mb=_memory_mb(body.memory_mb, offer),
        **checked_schedule(body),
        **checked_calls(body, offer.timeout_s),
    )


def _name(text: str) -> str:
    name = text.strip()
    if not name:
        raise InvalidRequest("name: name cannot be empty")
    if len(name) > MAX_NAME_CHARS:
        raise InvalidRequest(f"name: name cannot be longer than {MAX_NAME_CHARS} characters")
    if any(unicodedata.category(one) in _LINE_SEPARATORS for one in name):
        raise InvalidRequest("name: name cannot contain control characters")
    return name


def _description(text: str | UnsetType | None) -> str | UnsetType | None:
    if isinstance(text, str) and len(text) > MAX_DESCRIPTION_CHARS:
        raise InvalidRequest(
            f"description: description cannot be longer than {MAX_DESCRIPTION_CHARS} characters"
        )
    return text


def _runtime(name: str | UnsetType | None, offer: Offer) -> str | UnsetType:
    if isinstance(name, str) and name not in offer.runtimes:
        raise InvalidRequest(f"runtime: runtime must be one of: [{' '.join(offer.runtimes)}]")
    return UNSET if name is None else name


def _memory_mb(size: int | UnsetType | None, offer: Offer) -> int | UnsetType | None:
    if isinstance(size, int) and not MIN_MEMORY_MB <= size <= offer.memory_mb:
        raise InvalidRequest(
            f"memory_mb: memory_mb must be between {MIN_MEMORY_MB} and {offer.memory_mb}"
        )
    return size


def _flag(value: bool | UnsetType | None) -> bool | UnsetType:
    return UNSET if value is None else value


def _retention_days(days: int | UnsetType | None) -> int | UnsetType | None:
    if isinstance(days, int) and days not in RETENTION_DAYS:
        allowed = " ".join(map(str, RETENTION_DAYS))
        raise InvalidRequest(f"retention_days: retention_days must be one of: [{allowed}]")
    return days


def _retention_bytes(size: int | UnsetType | None) -> int | UnsetType | None:
    if isinstance(size, int) and not MIN_RETENTION_BYTES <= size <= MAX_RETENTION_BYTES:
        raise InvalidRequest(
            "retention_bytes: retention_bytes must be between"
            f" {MIN_RETENTION_BYTES} and {MAX_RETENTION_BYTES}"
        )
    return size
