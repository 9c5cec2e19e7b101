"""The parameters of lists, and their rules."""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import partial

from perilune.api.errors import InvalidRequest
from perilune.api.parameters import Group, Parameter, choice, search_text
from perilune.api.rules.versions import integer
from perilune.clock import WallClock
from perilune.store import (
    DEFAULT_PAGE_LIMIT,
    MAX_PAGE_LIMIT,
    ExecutionStatus,
    ExecutionTrigger,
    FunctionKind,
    FunctionSort,
    PaginationParams,
)

MAX_SEARCH_CHARS = 100
MAX_TEXT_CHARS = 200
MAX_LOG_LINES = 1000
"""In one answer: lines are short, and all of an execution's together are bounded."""
MAX_OFFSET_OF_ALL = 10_000
"""Further back, the list of all executions is read by cursor: no index counts its rows."""

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"([0-9]{1,18})([smhd]?)")
_FIELDS = {"full": True, "summary": False}


def page_params(
    limit: str | None, offset: str | None, most: int = MAX_PAGE_LIMIT
) -> PaginationParams:
    """Return the effective part of a list; bad values count as absent, they never fail."""
    return PaginationParams(_number(limit), _number(offset)).normalized(most)


def part_of_executions(
    params: PaginationParams, cursor: str | None, *, of_all: bool
) -> PaginationParams:
    """Return which part of a list of executions is wanted; a cursor makes up for the offset.

    Raises:
        InvalidRequest: it is too far back in the list *of all* functions.
    """
    if cursor is not None:
        return PaginationParams(params.limit, 0)
    if of_all and params.offset > MAX_OFFSET_OF_ALL:
        raise InvalidRequest(
            f"offset: offset cannot be more than {MAX_OFFSET_OF_ALL}, go on with a cursor"
        )
    return params


def _limit(most: int, noun: str) -> Parameter:
    return Parameter(
        "limit",
        f"How many {noun} the answer may have; what makes no sense counts as absent.",
        {"type": "integer", "minimum": 1, "maximum": most, "default": DEFAULT_PAGE_LIMIT},
    )


LIMIT = _limit(MAX_PAGE_LIMIT, "items")
"""How long a list may be, as `page_params` takes it."""
_OFFSET = Parameter(
    "offset",
    "How many items to skip; what makes no sense counts as absent.",
    {"type": "integer", "minimum": 0, "default": 0},
)

PAGE = Group("params", (LIMIT, _OFFSET), page_params)
"""Which part of a list is wanted."""
LINE_PAGE = Group(
    "params",
    (_limit(MAX_LOG_LINES, "lines"), _OFFSET),
    partial(page_params, most=MAX_LOG_LINES),
)
"""The same of the lines of a log."""


def fields(left_out: str, *, blank_is_absent: bool = False) -> Parameter:
    """Return the parameter that says whether a list is wanted with all members; a boolean."""
    return choice(
        "fields",
        _FIELDS,
        f"`summary` leaves out {left_out}.",
        default="full",
        blank_is_absent=blank_is_absent,
    )


def _words(kinds: Iterable[StrEnum]) -> dict[str, StrEnum]:
    return {str(kind): kind for kind in kinds}


SEARCH = search_text("q", MAX_SEARCH_CHARS, "Text that name, description or id contain.")
SORT = choice(
    "sort",
    _words(FunctionSort),
    "What the list is in order of; a minus turns it around.",
    default=FunctionSort.NEWEST,
    blank_is_absent=False,
)
SHOW = choice(
    "show",
    _words(FunctionKind),
    "Only functions of this kind; `failing`: with errors in the last 24 hours.",
)


def execution_parameters(clock: WallClock) -> tuple[Parameter | Group, ...]:
    """Return those of lists of executions; *clock* is what durations are counted back from."""
    return (
        Parameter("cursor", "`next_cursor` of an earlier answer.", read=lambda text: text or None),
        PAGE,
        search_text("q", MAX_TEXT_CHARS, "Text that the message of the error contains."),
        choice("status", _words(ExecutionStatus), "Only executions in this state."),
        choice("trigger", _words(ExecutionTrigger), "Only executions started by this."),
        _moment("since", clock),
        _moment("until", clock),
        fields("the events", blank_is_absent=True),
    )


def _moment(name: str, clock: WallClock) -> Parameter:
    """Return a parameter for a time in Unix seconds, given as such or as a duration before now."""

    def read(text: str | None) -> int | None:
        if not text:
            return None
        found = _TIME.fullmatch(text)
        if found is None:
            raise InvalidRequest(
                f"{name}: {name} must be Unix seconds or a duration such as 90m or 7d"
            )
        number, unit = int(found[1]), found[2]
        return int(clock()) - number * _UNITS_S[unit] if unit else number

    return Parameter(
        name,
        "Unix seconds, or how long ago: `90s`, `15m`, `6h`, `7d`.",
        {"type": "string", "pattern": "^[0-9]{1,10}[smhd]?$"},
        read,
    )


def _number(text: str | None) -> int:
    """Return a decimal integer; 0, which means absent, for everything else."""
    return integer(text or "") or 0
