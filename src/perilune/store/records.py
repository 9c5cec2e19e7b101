"""The records of the store.  JSON names equal the Python names; times are Unix seconds."""

from enum import StrEnum
from typing import Any

import msgspec

from perilune.function_settings import FunctionSettings

DEFAULT_PAGE_LIMIT = 20
MAX_PAGE_LIMIT = 100


class ExecutionStatus(StrEnum):
    """The state of an execution: `PENDING` until it is closed, once."""

    PENDING = "pending"
    SUCCESS = "success"
    ERROR = "error"


class ExecutionTrigger(StrEnum):
    """What started an execution."""

    HTTP = "http"
    CRON = "cron"
    TEST = "test"
    """A trial of a draft through the management API; not part of any figures."""
    REPLAY = "replay"
    """The stored event of an earlier execution."""


class TickOutcome(StrEnum):
    """What has become of the moment at which a function was due."""

    CLAIMED = "claimed"
    """A server has taken it, and is about to start the execution or has started it."""
    STARTED = "started"
    """The execution has a record, which says how it ended."""
    SKIPPED = "skipped"
    """The last one was still running."""
    MISSED = "missed"
    """No server was running."""
    FAILED = "failed"
    """The engine refused to execute the function."""
    INTERRUPTED = "interrupted"
    """The server that had taken it ended before the execution began."""


class RequestStatus(StrEnum):
    """The outcome of a tracked AI or e-mail request."""

    SUCCESS = "success"
    ERROR = "error"


AIRequestStatus = RequestStatus
EmailRequestStatus = RequestStatus


class LogLevelName(StrEnum):
    """Log levels as the API names them."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Function(FunctionSettings, frozen=True, kw_only=True):
    """A function's identity and settings, without its code."""

    id: str
    env_vars: dict[str, str] = msgspec.field(default_factory=dict)
    """Filled only where one function is read for its owner; the values live in the env store."""
    created_at: int = 0
    updated_at: int = 0

    @property
    def is_guarded(self) -> bool:
        """Whether a call over HTTP needs more than to find the function."""
        return (
            self.access != "public"
            or self.rate_limit is not None
            or self.allowed_methods is not None
            or self.handles_options
        )


class FunctionVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable state of a function's code; at most one per function is active."""

    id: str
    function_id: str
    version: int
    code: str
    created_at: int = 0
    created_by: str | None = None
    is_active: bool = False
    runtime: str = "lua"
    requirements: str | None = None
    """Packages the code needs, pinned and with hashes; Python only."""
    note: str | None = None
    """What its author says of it."""


class VersionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A version without its code, and what has become of it."""

    id: str
    function_id: str
    version: int
    created_at: int
    created_by: str | None
    is_active: bool
    runtime: str
    requirements: str | None
    note: str | None
    code_bytes: int
    first_line: str
    """Of the code, blank lines left out; at most 200 characters."""
    executions: int
    """How many are recorded, trials of drafts left out."""
    errors: int
    """How many of those failed."""


class FunctionWithActiveVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A function together with the version that would run now, if there is one."""

    function: Function
    active_version: FunctionVersion | None


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """The record of one execution."""

    id: str
    function_id: str
    function_version_id: str
    status: ExecutionStatus = ExecutionStatus.PENDING
    duration_ms: int | None = None
    error_message: str | None = None
    error_kind: str | None = None
    """`timeout`, `runtime`, `syntax`, `memory`, `cancelled`, `overload` or `internal`."""
    event_json: str | None = None
    response_json: str | None = None
    trigger: ExecutionTrigger = ExecutionTrigger.HTTP
    created_at: int = 0
    method: str | None = None
    """Of the HTTP request, as all that follows up to `response_bytes`."""
    path: str | None = None
    """Masked, and cut if it is long; the whole one is in the event."""
    request_bytes: int | None = None
    """Length of the body."""
    request_id: str | None = None
    """The caller's own; None: it gave none."""
    http_status: int | None = None
    response_bytes: int | None = None
    """Length of the body."""
    first_byte_ms: int | None = None
    """From the beginning until the first byte of a streamed response left."""
    queue_ms: int | None = None
    """How long it waited for a worker."""
    cold_start: bool | None = None
    """Whether a worker had to get ready for it."""
    cpu_us: int | None = None
    """Processor time that its worker used for it, in microseconds."""
    peak_memory_bytes: int | None = None
    """The most memory that its worker has held so far."""
    server_id: str | None = None
    """The server that executed it."""
    delivery_id: str | None = None
    """The delivery that it is an attempt of."""
    attempt: int | None = None
    """Which one, from 1."""
    trace_id: str | None = None
    """The trace that it belongs to, in hexadecimal."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an execution has ended: all that closing its record changes, by the names it has there.

    What nearly every execution has comes first: the store that ships relies on it to be quick.
    """

    execution_id: str
    status: ExecutionStatus
    duration_ms: int | None = None
    http_status: int | None = None
    response_bytes: int | None = None
    queue_ms: int | None = None
    cold_start: bool | None = None
    cpu_us: int | None = None
    peak_memory_bytes: int | None = None
    first_byte_ms: int | None = None
    error_kind: str | None = None
    error_message: str | None = None
    response_json: str | None = None

    def weight(self) -> int:
        """Return how many characters of text it holds."""
        return len(self.error_message or "") + len(self.response_json or "")


class CronJob(msgspec.Struct, frozen=True, kw_only=True):
    """What a scheduler has to know of an enabled function with an active schedule."""

    function_id: str
    name: str
    cron_schedule: str
    cron_time_zone: str | None
    runs_missed: bool
    """Whether the last tick that was missed is made up for."""
    since: int | None
    """Ticks up to this time are none of this schedule; None: unknown."""
    last_tick: int | None
    """The latest tick in the ledger that is not in the future."""


class CronTick(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the ledger: a moment at which a function was due."""

    function_id: str
    tick: int
    """When it was due."""
    outcome: TickOutcome
    reason: str | None
    """Why there is no execution, in words."""
    passed_over: int
    """How many ticks before it were missed and have no line of their own."""
    claimed_at: int
    """When a server took note of it."""
    execution_id: str | None
    execution_status: str | None
    """`pending`, `success` or `error`; None when there is no record of the execution (any more)."""


DEAD_AFTER_S = 10.0
"""A server that has not been heard of for so long is dead; it says every other second it lives."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A server that works on the database."""

    id: str
    name: str
    """Its host and port."""
    version: str
    """Of the program."""
    started_at: int = 0
    silent_s: float = 0.0
    """How long ago it was last heard of, by the database's clock."""
    draining: bool = False
    """Whether it is about to end, and should get no more calls."""
    watching: bool = False
    """Whether somebody sees executions live by it."""
    ahead_s: float = 0.0
    """By how much its own clock is ahead of the database's."""

    @property
    def is_alive(self) -> bool:
        """Whether it was heard of lately."""
        return self.silent_s < DEAD_AFTER_S


class AIRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One tracked call of an AI provider."""

    id: str
    execution_id: str
    provider: str
    model: str
    endpoint: str
    request_json: str
    status: RequestStatus
    duration_ms: int
    response_json: str | None = None
    error_message: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    created_at: int = 0


class EmailRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One tracked e-mail."""

    id: str
    execution_id: str
    from_: str = msgspec.field(name="from")
    to: list[str]
    subject: str
    has_text: bool
    has_html: bool
    request_json: str
    status: RequestStatus
    duration_ms: int
    response_json: str | None = None
    error_message: str | None = None
    email_id: str | None = None
    created_at: int = 0


class KVEntry(msgspec.Struct, frozen=True):
    """A pair as people are shown it."""

    key: bytes
    value: bytes
    """All of it, or its beginning."""
    size: int
    """Length of the whole value."""
    expires_at: float | None


class LogEntry(msgspec.Struct, frozen=True):
    """One stored log line; `level` is the stored number (0 info, 1 debug, 2 warn, 3 error)."""

    execution_id: str
    level: int
    message: str
    timestamp: int


class ApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """A named credential of a program; the token itself is nowhere stored."""

    id: str
    name: str
    scopes: list[str]
    created_at: int
    expires_at: int | None = None
    """None: it does not expire."""
    last_used_at: int | None = None
    """To the minute; None: never used."""


class LoginSession(msgspec.Struct, frozen=True, kw_only=True):
    """One login with the management key, from then until its end."""

    id: str
    created_at: int
    last_used_at: int
    """To the minute."""
    expires_at: int
    address: str
    """Where the login came from."""
    user_agent: str


class EnvVariable(msgspec.Struct, frozen=True, kw_only=True):
    """One environment variable as people may see it."""

    key: str
    value: str | None
    """None for a write-only variable."""
    write_only: bool = False


class SigningSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that signatures are checked with, without its value."""

    id: str
    function_id: str
    created_at: int


class PaginationParams(msgspec.Struct, frozen=True):
    """Which part of a list is wanted."""

    limit: int = DEFAULT_PAGE_LIMIT
    offset: int = 0

    def normalized(self, most: int = MAX_PAGE_LIMIT) -> "PaginationParams":
        """Return the effective values: limit 1..*most* (0 or less means 20), offset at least 0."""
        limit = self.limit if self.limit > 0 else DEFAULT_PAGE_LIMIT
        return PaginationParams(min(limit, most), max(self.offset, 0))


class PaginationInfo(msgspec.Struct, frozen=True):
    """What a list answer says about its part: the total and the effective values."""

    total: int
    limit: int
    offset: int


def to_json(record: msgspec.Struct) -> dict[str, Any]:
    """Return *record* as plain JSON values, optional members that are None left out."""
    return {name: value for name, value in msgspec.to_builtins(record).items() if value is not None}
