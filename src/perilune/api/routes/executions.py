"""Routes of executions and what they left behind."""

from functools import partial

from perilune.api.errors import InvalidRequest
from perilune.api.failures import Json
from perilune.api.handlers.executions import Executions
from perilune.api.routes.route import Route
from perilune.api.routes.shapes import (
    AIRequestList,
    EmailRequestList,
    ExecutionList,
    ExecutionLogs,
    MixedExecutionList,
)
from perilune.api.rules.lists import LINE_PAGE, PAGE, execution_parameters, part_of_executions
from perilune.api.rules.versions import VERSION_CHOICE
from perilune.api.scopes import TokenScope
from perilune.clock import WallClock, wall_clock
from perilune.store import (
    Execution,
    ExecutionFilter,
    ExecutionNotFound,
    ExecutionRunning,
    ExecutionStatus,
    ExecutionTrigger,
    FunctionNotFound,
    PaginationParams,
    VersionNotFound,
)

_ONE = "/api/executions/{execution_id}"

_read = partial(Route, "GET", tag="Executions", scope=TokenScope.READ)
_read_one = partial(_read, errors=(ExecutionNotFound,))


def execution_routes(executions: Executions, clock: WallClock = wall_clock) -> list[Route]:
    """Return what reads and removes executions; *clock* is what durations are counted back from."""
    return [*_lists(executions, clock), *_of_one(executions)]


def _lists(executions: Executions, clock: WallClock) -> list[Route]:
    filters = execution_parameters(clock)

    async def list_executions(
        params: PaginationParams,
        cursor: str | None,
        fields: bool,
        status: ExecutionStatus | None,
        trigger: ExecutionTrigger | None,
        since: int | None,
        until: int | None,
        q: str | None,
        function_id: str | None = None,
        version: int | None = None,
    ) -> Json:
        return await executions.page(
            ExecutionFilter(
                function_id=function_id,
                status=status,
                trigger=trigger,
                since=since,
                until=until,
                text=q,
            ),
            part_of_executions(params, cursor, of_all=function_id is None),
            after=cursor,
            summary=not fields,
            version=version,
        )

    return [
        _read(
            "/api/functions/{function_id}/executions",
            list_executions,
            "listExecutions",
            "List executions",
            parameters=(VERSION_CHOICE, *filters),
            answer=ExecutionList,
            errors=(InvalidRequest, FunctionNotFound, VersionNotFound),
        ),
        _read(
            "/api/executions",
            list_executions,
            "listAllExecutions",
            "List executions of all functions",
            parameters=filters,
            answer=MixedExecutionList,
            errors=(InvalidRequest,),
        ),
    ]


def _of_one(executions: Executions) -> list[Route]:
    return [
        _read_one(_ONE, executions.get, "getExecution", "Show an execution", answer=Execution),
        _read_one(
            _ONE + "/logs",
            executions.logs,
            "getExecutionLogs",
            "Show what was logged",
            parameters=(LINE_PAGE,),
            answer=ExecutionLogs,
        ),
        _read_one(
            _ONE + "/ai-requests",
            executions.ai_requests,
            "getExecutionAIRequests",
            "List calls of AI providers",
            parameters=(PAGE,),
            answer=AIRequestList,
        ),
        _read_one(
            _ONE + "/email-requests",
            executions.email_requests,
            "getExecutionEmailRequests",
            "List e-mails",
            parameters=(PAGE,),
            answer=EmailRequestList,
        ),
        Route(
            "DELETE",
            _ONE,
            executions.delete,
            "deleteExecution",
            "Remove an execution that has ended, and what it left",
            tag="Executions",
            scope=TokenScope.DEPLOY,
            errors=(ExecutionNotFound, ExecutionRunning),
        ),
    ]
