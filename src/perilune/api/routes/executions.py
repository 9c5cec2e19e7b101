"""Routes of executions and what they left behind."""

from typing import Annotated

from fastapi import Depends, Response

from perilune.api.errors import InvalidRequest
from perilune.api.parameters import LinePage, Page, VersionChoice
from perilune.api.replies import json_answer
from perilune.api.routes.shapes import (
    AIRequestList,
    EmailRequestList,
    ExecutionList,
    ExecutionLogs,
    MixedExecutionList,
)
from perilune.api.routes.table import Endpoint, RouteTable
from perilune.api.rules.lists import ListQuery, checked_list
from perilune.api.rules.versions import chosen_version
from perilune.api.scopes import Scope
from perilune.api.subjects.executions import Executions
from perilune.clock import WallClock, wall_clock
from perilune.store import (
    Execution,
    ExecutionNotFound,
    ExecutionRunning,
    FunctionNotFound,
    VersionNotFound,
)

_EVERY = "/api/executions"
_OF_FUNCTION = "/api/functions/{function_id}/executions"
_ONE = "/api/executions/{execution_id}"
_TAG = "Executions"


def add_execution_routes(
    routes: RouteTable, executions: Executions, clock: WallClock = wall_clock
) -> None:
    """Add what reads and removes executions; *clock* is what durations are counted back from."""
    _add_lists(routes, executions, clock)
    _add_removal(routes, executions)

    async def get_execution(execution_id: str) -> Response:
        return json_answer(await executions.get(execution_id))

    async def get_logs(execution_id: str, page: LinePage) -> Response:
        return json_answer(await executions.logs(execution_id, page))

    async def get_ai_requests(execution_id: str, page: Page) -> Response:
        return json_answer(await executions.ai_requests(execution_id, page))

    async def get_email_requests(execution_id: str, page: Page) -> Response:
        return json_answer(await executions.email_requests(execution_id, page))

    def add(path: str, endpoint: Endpoint, operation_id: str, summary: str, answer: type) -> None:
        routes.add(
            "GET",
            path,
            endpoint,
            operation_id,
            _TAG,
            scope=Scope.READ,
            summary=summary,
            answer=answer,
            errors=(ExecutionNotFound,),
        )

    add(_ONE, get_execution, "getExecution", "Show an execution", Execution)
    add(_ONE + "/logs", get_logs, "getExecutionLogs", "Show what was logged", ExecutionLogs)
    add(
        _ONE + "/ai-requests",
        get_ai_requests,
        "getExecutionAIRequests",
        "List calls of AI providers",
        AIRequestList,
    )
    add(
        _ONE + "/email-requests",
        get_email_requests,
        "getExecutionEmailRequests",
        "List e-mails",
        EmailRequestList,
    )


def _add_removal(routes: RouteTable, executions: Executions) -> None:
    async def delete_execution(execution_id: str) -> Response:
        await executions.delete(execution_id)
        return Response(status_code=204)

    routes.add(
        "DELETE",
        _ONE,
        delete_execution,
        "deleteExecution",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Remove an execution that has ended, and what it left",
        status=204,
        errors=(ExecutionNotFound, ExecutionRunning),
    )


def _add_lists(routes: RouteTable, executions: Executions, clock: WallClock) -> None:
    async def list_executions(
        function_id: str, query: Annotated[ListQuery, Depends()], version: VersionChoice = None
    ) -> Response:
        number = chosen_version(version)
        wanted = checked_list(query, function_id, clock())
        return json_answer(await executions.page(wanted, number))

    async def list_all_executions(query: Annotated[ListQuery, Depends()]) -> Response:
        return json_answer(await executions.page(checked_list(query, None, clock())))

    routes.add(
        "GET",
        _OF_FUNCTION,
        list_executions,
        "listExecutions",
        _TAG,
        scope=Scope.READ,
        summary="List executions",
        answer=ExecutionList,
        errors=(InvalidRequest, FunctionNotFound, VersionNotFound),
    )
    routes.add(
        "GET",
        _EVERY,
        list_all_executions,
        "listAllExecutions",
        _TAG,
        scope=Scope.READ,
        summary="List executions of all functions",
        answer=MixedExecutionList,
        errors=(InvalidRequest,),
    )
