"""Routes of functions and their environment."""

from fastapi import Request, Response

from perilune.api.functions import Functions
from perilune.api.replies import json_answer
from perilune.api.routes.table import RouteTable
from perilune.api.scopes import Scope
from perilune.api.validation import (
    EnvBody,
    FunctionBody,
    checked_creation,
    checked_env,
    checked_update,
    decode_body,
    page_params,
)

_EVERY = "/api/functions"
_ONE = "/api/functions/{function_id}"
_TAG = "Functions"


def add_function_routes(routes: RouteTable, functions: Functions) -> None:
    """Add what reads and changes functions."""

    async def create_function(request: Request) -> Response:
        wanted = decode_body(await routes.body(request), FunctionBody)
        return json_answer(await functions.create(*checked_creation(wanted)))

    async def list_functions(limit: str | None = None, offset: str | None = None) -> Response:
        return json_answer(await functions.page(page_params(limit, offset)))

    async def get_function(function_id: str) -> Response:
        return json_answer(await functions.get(function_id))

    async def update_function(function_id: str, request: Request) -> Response:
        wanted = decode_body(await routes.body(request), FunctionBody)
        return json_answer(await functions.update(function_id, *checked_update(wanted)))

    async def delete_function(function_id: str) -> Response:
        await functions.delete(function_id)
        return Response(status_code=204)

    async def update_env(function_id: str, request: Request) -> Response:
        values = checked_env(decode_body(await routes.body(request), EnvBody))
        return json_answer(await functions.replace_env(function_id, values))

    deploy, read = Scope.DEPLOY, Scope.READ
    routes.add("POST", _EVERY, create_function, "createFunction", _TAG, scope=deploy)
    routes.add("GET", _EVERY, list_functions, "listFunctions", _TAG, scope=read)
    routes.add("GET", _ONE, get_function, "getFunction", _TAG, scope=read)
    routes.add("PUT", _ONE, update_function, "updateFunction", _TAG, scope=deploy)
    routes.add("DELETE", _ONE, delete_function, "deleteFunction", _TAG, scope=deploy)
    routes.add("PUT", _ONE + "/env", update_env, "updateEnvVars", _TAG, scope=deploy)
