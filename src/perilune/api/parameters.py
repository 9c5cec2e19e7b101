"""Parameters that several routes have.

They arrive as texts, whatever they mean: what is wrong with them is answered like any other
broken rule, and pages never fail.
"""

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import WithJsonSchema

from perilune.api.rules.lists import FIELDS, MAX_SEARCH_CHARS, Limit, Offset, page_params
from perilune.store import (
    DEFAULT_PAGE_LIMIT,
    FunctionKind,
    FunctionSort,
    PaginationParams,
)

MAX_LOG_LINES = 1000
"""In one answer: lines are short, and all of an execution's together are bounded."""

_LineLimit = Annotated[
    str | None,
    Query(description="How many lines the answer may have; what makes no sense counts as absent."),
    WithJsonSchema(
        {"type": "integer", "minimum": 1, "maximum": MAX_LOG_LINES, "default": DEFAULT_PAGE_LIMIT}
    ),
]


async def _page(limit: Limit = None, offset: Offset = None) -> PaginationParams:
    return page_params(limit, offset)


async def _lines(limit: _LineLimit = None, offset: Offset = None) -> PaginationParams:
    return page_params(limit, offset, MAX_LOG_LINES)


Page = Annotated[PaginationParams, Depends(_page)]
"""Which part of a list is wanted: `limit` and `offset`."""
LinePage = Annotated[PaginationParams, Depends(_lines)]
"""The same of the lines of a log."""

Fields = Annotated[
    str | None,
    Query(description="`summary` leaves out the code of versions."),
    WithJsonSchema({"type": "string", "enum": list(FIELDS), "default": FIELDS[0]}),
]
Search = Annotated[
    str | None,
    Query(description="Text that name, description or id contain."),
    WithJsonSchema({"type": "string", "maxLength": MAX_SEARCH_CHARS}),
]
Sort = Annotated[
    str | None,
    Query(description="What the list is in order of; a minus turns it around."),
    WithJsonSchema({"type": "string", "enum": list(FunctionSort), "default": FunctionSort.NEWEST}),
]
Show = Annotated[
    str | None,
    Query(description="Only functions of this kind; `failing`: with errors in the last 24 hours."),
    WithJsonSchema({"type": "string", "enum": list(FunctionKind)}),
]
VersionNumber = Annotated[
    str,
    Path(description="The number of a version."),
    WithJsonSchema({"type": "integer", "minimum": 1}),
]
VersionChoice = Annotated[
    str | None,
    Query(description="The number of a version."),
    WithJsonSchema({"type": "integer", "minimum": 1}),
]
KeepExecutions = Annotated[
    str | None,
    Query(description="Whether the executions of the version stay."),
    WithJsonSchema({"type": "boolean", "default": False}),
]
VersionId = Annotated[str, Path(description="The id of a version.")]
