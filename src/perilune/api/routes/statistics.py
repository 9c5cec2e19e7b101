"""Routes of figures over time."""

from functools import partial

from perilune.api.errors import InvalidRequest
from perilune.api.handlers.statistics import IDS, RANGE, Statistics
from perilune.api.routes.route import Route
from perilune.api.routes.shapes import ActivityList, FunctionStatistics, StatisticsOverview
from perilune.api.scopes import TokenScope
from perilune.store import FunctionNotFound

_read = partial(Route, "GET", tag="Executions", scope=TokenScope.READ)


def statistics_routes(statistics: Statistics) -> list[Route]:
    """Return what shows figures."""
    return [
        _read(
            "/api/stats/functions",
            statistics.activity,
            "getActivity",
            "Show what some functions have done of late, and when they are due",
            parameters=(IDS, RANGE),
            answer=ActivityList,
            errors=(InvalidRequest,),
        ),
        _read(
            "/api/functions/{function_id}/stats",
            statistics.of_function,
            "getFunctionStats",
            "Show how often a function ran, failed, and how long it took",
            parameters=(RANGE,),
            answer=FunctionStatistics,
            errors=(InvalidRequest, FunctionNotFound),
        ),
        _read(
            "/api/stats",
            statistics.overview,
            "getStats",
            "Show the figures of all functions",
            parameters=(RANGE,),
            answer=StatisticsOverview,
            errors=(InvalidRequest,),
        ),
    ]
