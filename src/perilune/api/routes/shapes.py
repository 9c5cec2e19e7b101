"""Shapes of answers that are more than one record of the store."""

import msgspec

from perilune.api.handlers.diff import DiffLine
from perilune.api.handlers.servers import ServerState
from perilune.runtimes import SourceProblem
from perilune.store import (
    AIRequest,
    EmailRequest,
    Execution,
    ExecutionStatus,
    ExecutionTrigger,
    Function,
    FunctionVersion,
    LogLevelName,
    PaginationInfo,
)


class FunctionAnswer(Function, frozen=True, kw_only=True):
    """A function, its settings and the version that would run now, if there is one."""

    url: str
    """Where it is called, by its address or else its id; a path if that is all that is known."""
    active_version: FunctionVersion | None


class ServerVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Which server answers."""

    name: str
    version: str
    runtimes: list[str]
    store_bytes: int


class ServerList(msgspec.Struct, frozen=True, kw_only=True):
    """The servers that there are, the one that leads first."""

    servers: list[ServerState]


class ListedVersion(FunctionVersion, frozen=True, kw_only=True):
    """A version as lists show it; summaries leave out its code."""

    code: str | None = None  # type: ignore[assignment]  # wider: nothing but a description


class SummarizedVersion(ListedVersion, frozen=True, kw_only=True):
    """A version as lists of versions show it; summaries have the figures and no code."""

    code_bytes: int | None = None
    first_line: str | None = None
    """Of the code, shortened."""
    executions: int | None = None
    """How many are recorded, trials of drafts left out."""
    errors: int | None = None
    """How many of those failed."""


class BuildLog(msgspec.Struct, frozen=True, kw_only=True):
    """What was said when the packages of a version were installed."""

    log: str
    """Empty when it requires none."""


class ListedFunction(Function, frozen=True, kw_only=True):
    """A function as lists show it: without its environment."""

    url: str
    active_version: ListedVersion | None


class VersionList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a function's versions, the latest first."""

    versions: list[SummarizedVersion]
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


class ExecutionPagination(PaginationInfo, frozen=True, kw_only=True):
    """What a list of executions says about its part."""

    total_is_minimum: bool | None = None
    """True if there may be more than `total`."""
    next_cursor: str | None = None
    """Given as `cursor`, it brings the next part; absent at the end."""


class ExecutionList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the executions of a function, newest first."""

    executions: list[Execution]
    pagination: ExecutionPagination


class NamedExecution(Execution, frozen=True, kw_only=True):
    """An execution among those of other functions."""

    function_name: str | None = None


class MixedExecutionList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the executions of all functions, newest first."""

    executions: list[NamedExecution]
    pagination: ExecutionPagination


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


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How many executions ended, and how long they took."""

    executions: int
    errors: int
    mean_ms: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None


class SummaryAt(Summary, frozen=True, kw_only=True):
    """The figures of one step, which began at `time`."""

    time: int


class SummaryOf(Summary, frozen=True, kw_only=True):
    """The figures of one function."""

    function_id: str
    name: str


class LastExecution(msgspec.Struct, frozen=True, kw_only=True):
    """The latest execution of a function."""

    id: str
    status: ExecutionStatus
    trigger: ExecutionTrigger
    created_at: int
    duration_ms: int | None = None


class FunctionActivity(SummaryOf, frozen=True, kw_only=True):
    """What a function has done of late, and when it is due."""

    last_execution: LastExecution | None = None
    next_run: int | None = None


class OverTime(msgspec.Struct, frozen=True, kw_only=True):
    """What figures over time begin with."""

    range: str
    since: int
    until: int
    step_s: int


class ActivityList(OverTime, frozen=True, kw_only=True):
    """What some functions have done of late; unknown ones are left out."""

    functions: list[FunctionActivity]


class FunctionStatistics(OverTime, frozen=True, kw_only=True):
    """A function's figures, all together and step by step."""

    function_id: str
    total: Summary
    series: list[SummaryAt]


class StatisticsOverview(OverTime, frozen=True, kw_only=True):
    """The figures of all functions together, step by step, and by function."""

    function_count: int
    running: int
    """Executions that have not ended."""
    total: Summary
    series: list[SummaryAt]
    functions: list[SummaryOf]
    """Those with the most executions first: 100, and those of `failing` and `slow`."""
    failing: list[str]
    """Ids of the functions with the most errors."""
    slow: list[str]
    """Ids of the functions that take longest, by `p95_ms`."""


class GuestResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a function answered."""

    status_code: int
    headers: dict[str, str | list[str]]
    body: str
    is_base64_encoded: bool


class FailureReport(msgspec.Struct, frozen=True, kw_only=True):
    """Why an execution failed."""

    kind: str
    message: str


class TrialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How a trial ended."""

    execution_id: str
    function_version_id: str
    status: ExecutionStatus
    duration_ms: int
    response: GuestResponse | None = None
    error: FailureReport | None = None
    logs: list[LogLine]
    log_count: int


class ReplayAnswer(TrialAnswer, frozen=True, kw_only=True):
    """How the execution of a stored event ended."""

    replayed: str
    """The execution whose event it was."""
    masked: list[str]
    """Parts of the event that were masked, such as `headers.Authorization`."""


class CheckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with code."""

    ok: bool
    errors: list[SourceProblem]
    warnings: list[str] | None = None
    """What may be wrong; left out when there is nothing."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A key-value pair; in lists, the beginning of a long value."""

    key: str
    value: str
    size: int
    """Bytes of the whole value."""
    key_base64: bool | None = None
    base64: bool | None = None
    truncated: bool | None = None
    expires_at: int | None = None


class PairList(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a function's pairs, by key."""

    items: list[Pair]
    used_bytes: int
    quota_bytes: int
    next_cursor: str | None = None
