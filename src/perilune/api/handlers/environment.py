"""What the management API does with environment variables: all of them, or one at a time.

A write-only variable is shown as `[REDACTED]`, and that text as a value leaves the variable
as it is (KD-20).  So a client that reads all variables, changes one and writes all back
works without knowing of any of this.
"""

from typing import Annotated, NamedTuple

import msgspec

from perilune.api.errors import InvalidRequest
from perilune.api.failures import Json, failing_as
from perilune.api.handlers.functions import shown_values
from perilune.masking import REDACTED
from perilune.services.env import (
    MAX_KEY_CHARS,
    MAX_VALUE_CHARS,
    MAX_VARIABLES,
    Env,
    check_env_variable,
    check_env_variables,
)
from perilune.store import DB, NoActiveVersion, to_json

# What the description of the API says of these members; their rules are checked below.
_Value = Annotated[str, msgspec.Meta(extra_json_schema={"maxLength": MAX_VALUE_CHARS})]
_Variables = Annotated[
    dict[str, str],
    msgspec.Meta(
        extra_json_schema={
            "maxProperties": MAX_VARIABLES,
            "propertyNames": {"pattern": "^[A-Za-z0-9_]+$", "maxLength": MAX_KEY_CHARS},
            "additionalProperties": {"type": "string", "maxLength": MAX_VALUE_CHARS},
        }
    ),
]


class EnvBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body that replaces a function's environment."""

    env_vars: _Variables | None = None
    write_only: list[str] | None = None
    """Names of the variables that are not shown; without it, marks stay."""


class VariableBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body that sets one variable."""

    value: _Value | None = None
    write_only: bool | None = None
    """Whether the value is not shown; without it, the mark stays."""


class EnvChange(NamedTuple):
    """A whole environment that is asked for."""

    values: dict[str, str]
    kept: frozenset[str]
    """Variables that stay as they are."""
    write_only: frozenset[str] | None
    """None: marks stay."""


def checked_env(body: EnvBody) -> EnvChange:
    """Return a function's new environment.

    Raises:
        InvalidRequest: there is none, or it marks a variable that it does not have.
        EnvValidationError: a rule is broken.
    """
    given = body.env_vars
    if given is None:
        raise InvalidRequest("env_vars: env_vars cannot be nil")
    check_env_variables(given)
    marked = body.write_only
    if marked is not None and not given.keys() >= set(marked):
        raise InvalidRequest("write_only: write_only can only name variables of env_vars")
    return EnvChange(
        {key: value for key, value in given.items() if value != REDACTED},
        frozenset(key for key, value in given.items() if value == REDACTED),
        None if marked is None else frozenset(marked),
    )


class Environment:
    """Reads and changes the variables of functions.

    Every method raises the store's not-found errors, `EnvValidationError`, and
    `OperationFailed` when the store itself fails.
    """

    def __init__(self, db: DB, env: Env) -> None:
        self._db = db
        self._env = env

    async def shown(self, function_id: str) -> Json:
        """Return all variables and the names of those that are write-only."""
        with failing_as("Failed to get env vars"):
            await self._db.get_function(function_id)
            found = await self._env.readable(function_id)
        return {
            "env_vars": shown_values(found),
            "write_only": [one.key for one in found if one.write_only],
        }

    async def replace(self, function_id: str, change: EnvChange) -> Json | None:
        """Replace the whole environment; return the active version, if there is one."""
        with failing_as("Failed to get current env vars"):
            await self._db.get_function(function_id)
        with failing_as("Failed to set env var"):
            await self._env.replace(function_id, *change)
        with failing_as("Failed to get active version"):
            try:
                return to_json(await self._db.get_active_version(function_id))
            except NoActiveVersion:
                return None

    async def put(self, function_id: str, key: str, body: VariableBody) -> None:
        """Set one variable and leave all others, whoever changes those meanwhile (KD-189).

        Raises:
            InvalidRequest: there is no value.
            EnvValidationError: a rule is broken, or a value that was to stay can't.
        """
        if body.value is None:
            raise InvalidRequest("env_var_value: environment variable value is missing")
        check_env_variable(key, body.value)
        with failing_as("Failed to set env var"):
            await self._db.get_function(function_id)
            if body.value == REDACTED:
                await self._env.keep(function_id, key, body.write_only)
            else:
                await self._env.set(function_id, key, body.value, body.write_only)

    async def delete(self, function_id: str, key: str) -> None:
        """Remove one variable; a missing one is fine."""
        with failing_as("Failed to delete env var"):
            await self._db.get_function(function_id)
            await self._env.delete(function_id, key)
