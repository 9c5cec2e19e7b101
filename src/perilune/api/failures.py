"""What handlers of the management API share: failures of the store, JSON, lists, lines of logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from perilune.api.errors import OperationFailed
from perilune.services.env import EnvError, EnvValidationError
from perilune.services.logger import api_name
from perilune.store import (
    AddressTaken,
    CannotDeleteActiveVersion,
    ExecutionNotFound,
    ExecutionRunning,
    FunctionNotFound,
    LogEntry,
    NoActiveVersion,
    PaginationInfo,
    PaginationParams,
    SessionNotFound,
    SigningSecretNotFound,
    StoreError,
    TextNotStorable,
    TokenNameTaken,
    TokenNotFound,
    TooManySigningSecrets,
    VersionNotFound,
    to_json,
)

Json = dict[str, Any]

_ANSWERS = (
    FunctionNotFound,
    VersionNotFound,
    NoActiveVersion,
    ExecutionNotFound,
    ExecutionRunning,
    CannotDeleteActiveVersion,
    EnvValidationError,
    SessionNotFound,
    TokenNotFound,
    TokenNameTaken,
    TextNotStorable,
    AddressTaken,
    SigningSecretNotFound,
    TooManySigningSecrets,
)
"""What is an answer, and no failure of the store."""


@contextmanager
def failing_as(message: str) -> Iterator[None]:
    """Turn a failure of the store into `OperationFailed`; what is not found stays that."""
    try:
        yield
    except _ANSWERS:
        raise
    except EnvError as error:
        if isinstance(error.__cause__, FunctionNotFound):
            raise error.__cause__ from error
        raise OperationFailed(message) from error
    except StoreError as error:
        raise OperationFailed(message) from error


def log_line(entry: LogEntry) -> Json:
    """Return one line of a log as the API shows it."""
    return {
        "level": api_name(entry.level),
        "message": entry.message,
        "created_at": entry.timestamp,
    }


def page_info(total: int, params: PaginationParams) -> Json:
    """Return what a list answer says about its part."""
    return to_json(PaginationInfo(total, params.limit, params.offset))
