"""Shapes of answers that are more than one record of the store."""

import msgspec

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


class FunctionList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the list of functions, newest first."""

    functions: list[FunctionAnswer]
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
