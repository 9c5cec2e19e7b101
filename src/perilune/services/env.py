"""Environment variables of functions: configuration that outlives executions and versions.

One rule set holds for both ways in, the API and `env.set` of guest code.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from perilune.errors import PeriluneError
from perilune.store import (
    EnvRows,
    EnvVariable,
    StoreError,
    TooManyVariables,
    ValueTables,
    VariableNotKept,
)

MAX_VARIABLES = 100
MAX_KEY_CHARS = 100
MAX_VALUE_CHARS = 10_000

_KEY = re.compile(r"[A-Za-z0-9_]+")


class EnvError(PeriluneError):
    """A failure of the environment store; the message may be shown to guest code."""

    code: ClassVar[str] = "env_error"


class EnvVariableNotFound(EnvError):
    """The function has no such variable."""

    code = "env_variable_not_found"

    def __init__(self, key: str) -> None:
        super().__init__(f"Env error: key not found: {key}")
        self.key = key


class EnvValidationError(EnvError):
    """A variable, or the set of all of them, breaks a rule; nothing was written."""

    code = "env_invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        """`env_vars`, `env_var_key` or `env_var_value`, as the API names it."""


def check_env_variable(key: str, value: str) -> None:
    """Check one variable.

    Raises:
        EnvValidationError: key or value break a rule; the key is checked first.
    """
    if not key.strip():
        raise EnvValidationError("env_var_key", "environment variable key cannot be empty")
    if len(key) > MAX_KEY_CHARS:
        raise EnvValidationError(
            "env_var_key",
            f"environment variable key cannot be longer than {MAX_KEY_CHARS} characters",
        )
    if not _KEY.fullmatch(key):
        raise EnvValidationError(
            "env_var_key",
            "environment variable key can only contain letters, numbers, and underscores",
        )
    if len(value) > MAX_VALUE_CHARS:
        raise EnvValidationError(
            "env_var_value",
            f"environment variable value cannot be longer than {MAX_VALUE_CHARS} characters",
        )
    if not value.isascii() and not _is_utf8(value):
        raise EnvValidationError("env_var_value", "environment variable value must be UTF-8 text")


def check_env_variables(values: Mapping[str, str]) -> None:
    """Check a whole set: its size, then its members in the order of their keys.

    Raises:
        EnvValidationError: the first rule that is broken.
    """
    check_env_count(len(values))
    for key in sorted(values):
        check_env_variable(key, values[key])


def check_env_count(count: int) -> None:
    """Check how many variables a function has.

    Raises:
        EnvValidationError: they are more than `MAX_VARIABLES`.
    """
    if count > MAX_VARIABLES:
        raise EnvValidationError("env_vars", str(TooManyVariables(MAX_VARIABLES)))


class Env:
    """Variables of each function, checked on the way in; functions don't see each other's.

    Every method raises `EnvError` when the store fails.
    """

    def __init__(self, rows: EnvRows) -> None:
        self._rows = rows

    @property
    def tables(self) -> ValueTables | None:
        """What is in memory of the variables of functions, as `KV.tables`."""
        return self._rows.tables if type(self) is Env else None

    async def get(self, function_id: str, key: str) -> str:
        """Return a value.  Raises `EnvVariableNotFound`."""
        if not _is_utf8(key):
            raise EnvVariableNotFound(key)
        with _failing_as("failed to get value"):
            value = await self._rows.get(function_id, key)
        if value is None:
            raise EnvVariableNotFound(key)
        return value

    async def set(
        self, function_id: str, key: str, value: str, write_only: bool | None = None
    ) -> None:
        """Write one variable; *write_only* None leaves its mark as it is.

        Raises:
            EnvValidationError: it breaks a rule, or the function has too many.
            EnvError: the store failed.
        """
        check_env_variable(key, value)
        with _failing_as("failed to set value"):
            await self._rows.set(function_id, key, value, write_only, most=MAX_VARIABLES)

    async def keep(self, function_id: str, key: str, write_only: bool | None) -> None:
        """Leave the value of a variable; *write_only* None leaves its mark too.

        Raises:
            EnvValidationError: there is no such variable, or it would become readable.
            EnvError: the store failed.
        """
        check_env_variable(key, "")
        with _failing_as("failed to set value", field="env_var_value"):
            await self._rows.keep(function_id, key, write_only)

    async def delete(self, function_id: str, key: str) -> None:
        """Remove one variable; a missing one is fine."""
        if not _is_utf8(key):
            return
        with _failing_as("failed to delete value"):
            await self._rows.delete(function_id, key)

    async def all(self, function_id: str) -> dict[str, str]:
        """Return a copy of all variables; empty for unknown functions."""
        with _failing_as("failed to get values"):
            return dict(await self._rows.all(function_id))

    async def readable(self, function_id: str) -> list[EnvVariable]:
        """Return all variables, write-only ones without their values."""
        with _failing_as("failed to get values"):
            return await self._rows.readable(function_id)

    async def replace(
        self,
        function_id: str,
        values: Mapping[str, str],
        kept: Collection[str] = (),
        write_only: Collection[str] | None = None,
    ) -> None:
        """Make *values*, and the present values of *kept*, the whole set, at once.

        With *write_only*, those become write-only and all others readable; without it, marks
        stay.

        Raises:
            EnvValidationError: a variable breaks a rule, there are too many, or a value that
                is to be kept is missing or would become readable.
            EnvError: the store failed.
        """
        check_env_count(len(values) + len(kept))
        check_env_variables(values)
        with _failing_as("failed to set values"):
            await self._rows.replace(function_id, dict(values), kept, write_only)


@contextmanager
def _failing_as(what: str, *, field: str = "env_vars") -> Iterator[None]:
    """Turn a failure of the store into an `EnvError` that says what could not be done.

    *field* is to blame when a value can't stay as it is.
    """
    try:
        yield
    except VariableNotKept as error:
        raise EnvValidationError(field, str(error)) from error
    except TooManyVariables as error:
        raise EnvValidationError("env_vars", str(error)) from error
    except StoreError as error:
        raise EnvError(f"{what}: {error}") from error


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
