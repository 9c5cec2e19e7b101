"""Routes of executions and what they left behind."""

from fastapi import Response

from perilune.api.executions import Executions
from perilune.api.replies import json_answer
from perilune.api.routes.parameters import Limit, Offset
from perilune.api.routes.shapes import (
    AIRequestList,
    EmailRequestList,
    ExecutionList,
    ExecutionLogs,
)
from perilune.api.routes.table import Endpoint, RouteTable
from perilune.api.scopes import Scope
from perilune.api.validation import page_params
from perilune.store import Execution, ExecutionNotFound, FunctionNotFound

_OF_FUNCTION = "/api/functions/{function_id}/executions"
_ONE = "/api/executions/{execution_id}"


def add_execution_routes(routes: RouteTable, executions: Executions) -> None:
    """Add what reads executions."""

    async def list_executions(
        function_id: str, limit: Limit = None, offset: Offset = None
    ) -> Response:
        return json_answer(await executions.page(function_id, page_params(limit, offset)))

    async def get_execution(execution_id: str) -> Response:
        return json_answer(await executions.get(execution_id))

    async def get_logs(execution_id: str, limit: Limit = None, offset: Offset = None) -> Response:
        return json_answer(await executions.logs(execution_id, page_params(limit, offset)))

    async def get_ai_requests(
        execution_id: str, limit: Limit = None, offset: Offset = None
    ) -> Response:
        return json_answer(await executions.ai_requests(execution_id, page_params(limit, offset)))

    async def get_email_requests(
        execution_id: str, limit: Limit = None, offset: Offset = None
    ) -> Response:
        params = page_params(limit, offset)
        return json_answer(await executions.email_requests(execution_id, params))

    def add(path: str, endpoint: Endpoint, operation_id: str, summary: str, answer: type) -> None:
        missing = FunctionNotFound if path == _OF_FUNCTION else ExecutionNotFound
        routes.add(
            "GET",
            path,
            endpoint,
            operation_id,
            "Executions",
            scope=Scope.READ,
            summary=summary,
            answer=answer,
            errors=(missing,),
        )

    add(_OF_FUNCTION, list_executions, "listExecutions", "List executions", ExecutionList)
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
