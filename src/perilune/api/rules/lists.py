"""What a client says about the lists it wants, and the rules for that."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeVar

from fastapi import Query
from pydantic import WithJsonSchema

from perilune.api.errors import InvalidRequest
from perilune.api.rules.versions import integer
from perilune.store import (
    DEFAULT_PAGE_LIMIT,
    MAX_PAGE_LIMIT,
    ExecutionFilter,
    ExecutionStatus,
    ExecutionTrigger,
    FunctionKind,
    FunctionQuery,
    FunctionSort,
    PaginationParams,
)

FIELDS = ("full", "summary")
MAX_SEARCH_CHARS = 100
MAX_TEXT_CHARS = 200
MAX_OFFSET_OF_ALL = 10_000
"""Further back, the list of all executions is read by cursor: no index counts its rows."""

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"([0-9]{1,18})([smhd]?)")

Word = TypeVar("Word", bound=StrEnum)

Limit = Annotated[
    str | None,
    Query(description="How many items the answer may have; what makes no sense counts as absent."),
    WithJsonSchema(
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_LIMIT, "default": DEFAULT_PAGE_LIMIT}
    ),
]
Offset = Annotated[
    str | None,
    Query(description="How many items to skip; what makes no sense counts as absent."),
    WithJsonSchema({"type": "integer", "minimum": 0, "default": 0}),
]
_Cursor = Annotated[str | None, Query(description="`next_cursor` of an earlier answer.")]
_Status = Annotated[
    str | None,
    Query(description="Only executions in this state."),
    WithJsonSchema({"type": "string", "enum": [*map(str, ExecutionStatus)]}),
]
_Trigger = Annotated[
    str | None,
    Query(description="Only executions started by this."),
    WithJsonSchema({"type": "string", "enum": [*map(str, ExecutionTrigger)]}),
]
_When = Annotated[
    str | None,
    Query(description="Unix seconds, or how long ago: `90s`, `15m`, `6h`, `7d`."),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,10}[smhd]?$"}),
]
_Search = Annotated[
    str | None,
    Query(description="Text that the message of the error contains."),
    WithJsonSchema({"type": "string", "maxLength": MAX_TEXT_CHARS}),
]
_Summary = Annotated[
    str | None,
    Query(description="`summary` leaves out the events."),
    WithJsonSchema({"type": "string", "enum": list(FIELDS), "default": FIELDS[0]}),
]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The query parameters of lists of executions, as they came."""

    limit: Limit = None
    offset: Offset = None
    cursor: _Cursor = None
    status: _Status = None
    trigger: _Trigger = None
    since: _When = None
    until: _When = None
    q: _Search = None
    fields: _Summary = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A part of a list of executions, checked."""

    filter: ExecutionFilter
    params: PaginationParams
    after: str | None
    """A cursor."""
    summary: bool


def checked_list(query: ListQuery, function_id: str | None, now: float) -> Wanted:
    """Return what is wanted; *now* is what durations are counted back from.

    Limits and offsets that make no sense count as absent, other values do not.

    Raises:
        InvalidRequest: a value makes no sense.
    """
    params = page_params(query.limit, query.offset)
    after = query.cursor or None
    if after is not None:
        params = PaginationParams(params.limit, 0)
    if function_id is None and params.offset > MAX_OFFSET_OF_ALL:
        raise InvalidRequest(
            f"offset: offset cannot be more than {MAX_OFFSET_OF_ALL}, go on with a cursor"
        )
    if query.q is not None and len(query.q) > MAX_TEXT_CHARS:
        raise InvalidRequest(f"q: q cannot be longer than {MAX_TEXT_CHARS} characters")
    return Wanted(
        filter=ExecutionFilter(
            function_id=function_id,
            status=_word("status", query.status, ExecutionStatus),
            trigger=_word("trigger", query.trigger, ExecutionTrigger),
            since=_time("since", query.since, now),
            until=_time("until", query.until, now),
            text=query.q or None,
        ),
        params=params,
        after=after,
        summary=not wants_everything(query.fields or None),
    )


def page_params(
    limit: str | None, offset: str | None, most: int = MAX_PAGE_LIMIT
) -> PaginationParams:
    """Return the effective part of a list; bad values count as absent, they never fail."""
    return PaginationParams(_number(limit), _number(offset)).normalized(most)


def function_query(
    q: str | None,
    sort: str | None,
    fields: str | None,
    show: str | None = None,
    failing_since: int = 0,
) -> FunctionQuery:
    """Return which functions are wanted; failures count from *failing_since* on.

    Raises:
        InvalidRequest: a rule is broken.
    """
    if q is not None and len(q) > MAX_SEARCH_CHARS:
        raise InvalidRequest(f"q: q cannot be longer than {MAX_SEARCH_CHARS} characters")
    if sort is not None and sort not in tuple(FunctionSort):
        raise InvalidRequest(f"sort: sort must be one of: [{' '.join(FunctionSort)}]")
    if show and show not in tuple(FunctionKind):
        raise InvalidRequest(f"show: show must be one of: [{' '.join(FunctionKind)}]")
    return FunctionQuery(
        q=q or None,
        kind=FunctionKind(show) if show else None,
        failing_since=failing_since,
        sort=FunctionSort.NEWEST if sort is None else FunctionSort(sort),
        with_code=wants_everything(fields),
    )


def wants_everything(fields: str | None) -> bool:
    """Whether a list is wanted with all its members, rather than as a summary.

    Raises:
        InvalidRequest: *fields* is neither.
    """
    if fields not in (None, *FIELDS):
        raise InvalidRequest(f"fields: fields must be one of: [{' '.join(FIELDS)}]")
    return fields != "summary"


def _word(name: str, text: str | None, words: type[Word]) -> Word | None:
    if not text:
        return None
    if text not in tuple(words):
        raise InvalidRequest(f"{name}: {name} must be one of: [{' '.join(words)}]")
    return words(text)


def _time(name: str, text: str | None, now: float) -> int | None:
    """Return a time in Unix seconds, given as such or as a duration before *now*."""
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise InvalidRequest(f"{name}: {name} must be Unix seconds or a duration such as 90m or 7d")
    number, unit = int(found[1]), found[2]
    return int(now) - number * _UNITS_S[unit] if unit else number


def _number(text: str | None) -> int:
    """Return a decimal integer; 0, which means absent, for everything else."""
    return integer(text or "") or 0
