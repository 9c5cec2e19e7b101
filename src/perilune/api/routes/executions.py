"""Routes of executions and what they left behind."""

from fastapi import Response

from perilune.api.executions import Executions
from perilune.api.replies import json_answer
from perilune.api.routes.table import RouteTable
from perilune.api.scopes import Scope
from perilune.api.validation import page_params

_OF_FUNCTION = "/api/functions/{function_id}/executions"
_ONE = "/api/executions/{execution_id}"
_TAG = "Executions"


def add_execution_routes(routes: RouteTable, executions: Executions) -> None:
    """Add what reads executions."""

    async def list_executions(
        function_id: str, limit: str | None = None, offset: str | None = None
    ) -> Response:
        return json_answer(await executions.page(function_id, page_params(limit, offset)))

    async def get_execution(execution_id: str) -> Response:
        return json_answer(await executions.get(execution_id))

    async def get_logs(
        execution_id: str, limit: str | None = None, offset: str | None = None
    ) -> Response:
        return json_answer(await executions.logs(execution_id, page_params(limit, offset)))

    async def get_ai_requests(
        execution_id: str, limit: str | None = None, offset: str | None = None
    ) -> Response:
        return json_answer(await executions.ai_requests(execution_id, page_params(limit, offset)))

    async def get_email_requests(
        execution_id: str, limit: str | None = None, offset: str | None = None
    ) -> Response:
        params = page_params(limit, offset)
        return json_answer(await executions.email_requests(execution_id, params))

    read = Scope.READ
    ai, email = _ONE + "/ai-requests", _ONE + "/email-requests"
    routes.add("GET", _OF_FUNCTION, list_executions, "listExecutions", _TAG, scope=read)
    routes.add("GET", _ONE, get_execution, "getExecution", _TAG, scope=read)
    routes.add("GET", _ONE + "/logs", get_logs, "getExecutionLogs", _TAG, scope=read)
    routes.add("GET", ai, get_ai_requests, "getExecutionAIRequests", _TAG, scope=read)
    routes.add("GET", email, get_email_requests, "getExecutionEmailRequests", _TAG, scope=read)
