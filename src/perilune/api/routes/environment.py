"""Routes of a function's environment variables."""

import msgspec
from fastapi import Request, Response

from perilune.api.body import decode_body
from perilune.api.errors import InvalidRequest
from perilune.api.replies import json_answer
from perilune.api.routes.table import RouteTable
from perilune.api.scopes import Scope
from perilune.api.subjects.environment import EnvBody, Environment, VariableBody, checked_env
from perilune.services.env import EnvValidationError
from perilune.store import FunctionNotFound, FunctionVersion

_ALL = "/api/functions/{function_id}/env"
_ONE = "/api/functions/{function_id}/env/{key}"
_TAG = "Functions"


class EnvAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A function's environment."""

    env_vars: dict[str, str]
    """`[REDACTED]` stands for the value of a write-only variable."""
    write_only: list[str]


def add_environment_routes(routes: RouteTable, environment: Environment) -> None:
    """Add what reads and changes environment variables."""
    _add_whole(routes, environment)
    _add_single(routes, environment)


def _add_whole(routes: RouteTable, environment: Environment) -> None:
    async def get_env(function_id: str) -> Response:
        return json_answer(await environment.shown(function_id))

    async def update_env(function_id: str, request: Request) -> Response:
        wanted = checked_env(decode_body(await routes.body(request), EnvBody))
        return json_answer(await environment.replace(function_id, wanted))

    routes.add(
        "GET",
        _ALL,
        get_env,
        "getEnvVars",
        _TAG,
        scope=Scope.READ,
        summary="Show a function's environment",
        answer=EnvAnswer,
        errors=(FunctionNotFound,),
    )
    routes.add(
        "PUT",
        _ALL,
        update_env,
        "updateEnvVars",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Replace a function's environment",
        body=EnvBody,
        required=("env_vars",),
        answer=FunctionVersion | None,
        errors=(InvalidRequest, FunctionNotFound, EnvValidationError),
    )


def _add_single(routes: RouteTable, environment: Environment) -> None:
    async def put_variable(function_id: str, key: str, request: Request) -> Response:
        wanted = decode_body(await routes.body(request), VariableBody)
        await environment.put(function_id, key, wanted)
        return Response(status_code=204)

    async def delete_variable(function_id: str, key: str) -> Response:
        await environment.delete(function_id, key)
        return Response(status_code=204)

    routes.add(
        "PUT",
        _ONE,
        put_variable,
        "putEnvVar",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Set one environment variable",
        body=VariableBody,
        required=("value",),
        status=204,
        errors=(InvalidRequest, FunctionNotFound),
    )
    routes.add(
        "DELETE",
        _ONE,
        delete_variable,
        "deleteEnvVar",
        _TAG,
        scope=Scope.DEPLOY,
        summary="Remove one environment variable",
        status=204,
        errors=(FunctionNotFound,),
    )
