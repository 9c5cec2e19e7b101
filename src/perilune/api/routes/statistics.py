"""Routes of figures over time."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import WithJsonSchema

from perilune.api.errors import InvalidRequest
from perilune.api.replies import json_answer
from perilune.api.routes.shapes import ActivityList, FunctionStatistics, StatisticsOverview
from perilune.api.routes.table import RouteTable
from perilune.api.scopes import Scope
from perilune.api.subjects.statistics import (
    DEFAULT_RANGE,
    RANGES,
    SHOWN_FUNCTIONS,
    Statistics,
    checked_ids,
    checked_range,
)
from perilune.store import FunctionNotFound

_TAG = "Executions"
_Range = Annotated[
    str | None,
    Query(description="How far back."),
    WithJsonSchema({"type": "string", "enum": list(RANGES), "default": DEFAULT_RANGE}),
]
_Ids = Annotated[
    str | None,
    Query(description=f"Ids of functions with commas between, at most {SHOWN_FUNCTIONS}."),
    WithJsonSchema({"type": "string"}),
]


def add_statistics_routes(routes: RouteTable, statistics: Statistics) -> None:
    """Add what shows figures."""

    async def get_function_stats(function_id: str, range: _Range = None) -> Response:
        return json_answer(await statistics.of_function(function_id, checked_range(range)))

    async def get_stats(range: _Range = None) -> Response:
        return json_answer(await statistics.overview(checked_range(range)))

    async def get_activity(ids: _Ids = None, range: _Range = None) -> Response:
        found = await statistics.activity(checked_ids(ids), checked_range(range))
        return json_answer(found)

    routes.add(
        "GET",
        "/api/stats/functions",
        get_activity,
        "getActivity",
        _TAG,
        scope=Scope.READ,
        summary="Show what some functions have done of late, and when they are due",
        answer=ActivityList,
        errors=(InvalidRequest,),
    )
    routes.add(
        "GET",
        "/api/functions/{function_id}/stats",
        get_function_stats,
        "getFunctionStats",
        _TAG,
        scope=Scope.READ,
        summary="Show how often a function ran, failed, and how long it took",
        answer=FunctionStatistics,
        errors=(InvalidRequest, FunctionNotFound),
    )
    routes.add(
        "GET",
        "/api/stats",
        get_stats,
        "getStats",
        _TAG,
        scope=Scope.READ,
        summary="Show the figures of all functions",
        answer=StatisticsOverview,
        errors=(InvalidRequest,),
    )
