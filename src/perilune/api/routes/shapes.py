"""Shapes of answers that are more than one record of the store."""

import msgspec

from perilune.api.diff import DiffLine
from perilune.store import (
    AIRequest,
    EmailRequest,
    Execution,
    Function,
    FunctionVersion,
    LogLevelName,
    PaginationInfo,
)


class FunctionAnswer(Function, frozen=True, kw_only=True):
    """A function, its settings and the version that would run now, if there is one."""

    active_version: FunctionVersion | None


class ServerVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Which server answers."""

    name: str
    version: str


class ListedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version as lists show it; summaries leave out its code."""

    id: str
    function_id: str
    version: int
    code: str | None = None
    created_at: int = 0
    created_by: str | None = None
    is_active: bool = False
    runtime: str = "lua"
    requirements: str | None = None


class ListedFunction(Function, frozen=True, kw_only=True):
    """A function as lists show it: without its environment."""

    active_version: ListedVersion | None


class VersionList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a function's versions, the latest first."""

    versions: list[ListedVersion]
    pagination: PaginationInfo


class VersionDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one version to another, line by line."""

    old_version: int
    new_version: int
    diff: list[DiffLine]


class FunctionList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the list of functions, newest first."""

    functions: list[ListedFunction]
    pagination: PaginationInfo


class ExecutionList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a function's executions, newest first."""

    executions: list[Execution]
    pagination: PaginationInfo


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line that a function logged."""

    level: LogLevelName
    message: str
    created_at: int


class ExecutionLogs(Execution, frozen=True, kw_only=True):
    """An execution with one part of its log, oldest line first."""

    logs: list[LogLine]
    pagination: PaginationInfo


class AIRequestList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of an execution's calls of AI providers, oldest first."""

    ai_requests: list[AIRequest]
    pagination: PaginationInfo


class EmailRequestList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of an execution's e-mails, oldest first."""

    email_requests: list[EmailRequest]
    pagination: PaginationInfo
