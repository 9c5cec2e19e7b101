"""Routes of a function's environment variables."""

from functools import partial

import msgspec

from perilune.api.errors import InvalidRequest
from perilune.api.failures import Json
from perilune.api.handlers.environment import EnvBody, Environment, VariableBody, checked_env
from perilune.api.routes.route import Route
from perilune.api.scopes import TokenScope
from perilune.services.env import EnvValidationError
from perilune.store import FunctionNotFound, FunctionVersion

_ALL = "/api/functions/{function_id}/env"
_ONE = _ALL + "/{key}"

_change = partial(Route, tag="Functions", scope=TokenScope.DEPLOY)


class EnvAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A function's environment."""

    env_vars: dict[str, str]
    """`[REDACTED]` stands for the value of a write-only variable."""
    write_only: list[str]


def environment_routes(environment: Environment) -> list[Route]:
    """Return what reads and changes environment variables."""

    async def update_env(function_id: str, body: EnvBody) -> Json | None:
        return await environment.replace(function_id, checked_env(body))

    return [
        Route(
            "GET",
            _ALL,
            environment.shown,
            "getEnvVars",
            "Show a function's environment",
            tag="Functions",
            scope=TokenScope.READ,
            answer=EnvAnswer,
            errors=(FunctionNotFound,),
        ),
        _change(
            "PUT",
            _ALL,
            update_env,
            "updateEnvVars",
            "Replace a function's environment",
            body=EnvBody,
            required=("env_vars",),
            answer=FunctionVersion | None,
            errors=(InvalidRequest, FunctionNotFound, EnvValidationError),
        ),
        _change(
            "PUT",
            _ONE,
            environment.put,
            "putEnvVar",
            "Set one environment variable",
            body=VariableBody,
            required=("value",),
            errors=(InvalidRequest, FunctionNotFound),
        ),
        _change(
            "DELETE",
            _ONE,
            environment.delete,
            "deleteEnvVar",
            "Remove one environment variable",
            errors=(FunctionNotFound,),
        ),
    ]
