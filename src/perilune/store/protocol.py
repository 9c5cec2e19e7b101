"""What every store offers; callers know nothing else of it.

SQLite ships; a second one (PostgreSQL) has to pass the same tests and touches no caller.
"""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from perilune.store.records import (
    AIRequest,
    ApiToken,
    EmailRequest,
    EnvVariable,
    Execution,
    ExecutionStatus,
    Function,
    FunctionVersion,
    FunctionWithActiveVersion,
    LogEntry,
    LoginSession,
    PaginationParams,
    SigningSecret,
    UpdateFunctionRequest,
    VersionSummary,
)
from perilune.store.selection import (
    ExecutionFilter,
    ExecutionPage,
    ExecutionPosition,
    FunctionQuery,
)


class DB(Protocol):
    """Functions, versions and executions.

    Raises the not-found errors named per method, otherwise `StoreUnavailable`: `StoreError`s.
    """

    async def create_function(self, fn: Function) -> Function:
        """Store *fn* under the id it carries; both timestamps are set to now."""
        ...

    async def get_function(self, function_id: str) -> Function:
        """Return the function with empty `env_vars`.  Raises `FunctionNotFound`."""
        ...

    async def list_functions(
        self, params: PaginationParams, wanted: FunctionQuery | None = None
    ) -> tuple[list[FunctionWithActiveVersion], int]:
        """Return one page of the wanted functions, and their total; of all, newest first."""
        ...

    async def update_function(self, function_id: str, updates: UpdateFunctionRequest) -> None:
        """Change the given settings and `updated_at`.  Raises `FunctionNotFound`."""
        ...

    async def delete_function(self, function_id: str) -> None:
        """Remove the function and all that belongs to it, at once.  Raises `FunctionNotFound`.

        Many executions are out of sight at once and deleted by `purge_expired`.
        """
        ...

    async def create_version(
        self,
        function_id: str,
        code: str,
        created_by: str | None = None,
        requirements: str | None = None,
        note: str | None = None,
    ) -> FunctionVersion:
        """Store *code* as the next version, the only active one, in the function's language.

        Numbers are never used again.  Raises `FunctionNotFound`.
        """
        ...

    async def get_version(self, function_id: str, number: int) -> FunctionVersion:
        """Return a version by its number.  Raises `VersionNotFound`."""
        ...

    async def get_version_by_id(self, version_id: str) -> FunctionVersion:
        """Return a version by its id.  Raises `VersionNotFound`."""
        ...

    async def list_versions(
        self, function_id: str, params: PaginationParams
    ) -> tuple[list[FunctionVersion], int]:
        """Return one page, highest number first, and the total; empty for unknown functions."""
        ...

    async def summarize_versions(
        self, function_id: str, params: PaginationParams
    ) -> tuple[list[VersionSummary], int]:
        """Return one page of summaries, in the order of `list_versions`, and the total."""
        ...

    async def get_active_version(self, function_id: str) -> FunctionVersion:
        """Return the active version.  Raises `NoActiveVersion`."""
        ...

    async def activate_version(self, version_id: str, function_id: str | None = None) -> None:
        """Make it the only active version.  Raises `VersionNotFound`, also for another owner."""
        ...

    async def delete_version(
        self, version_id: str, function_id: str | None = None, *, keep_executions: bool = False
    ) -> None:
        """Remove a version, by default with its executions.

        Raises `VersionNotFound`, `CannotDeleteActiveVersion`.
        """
        ...

    async def create_execution(self, execution: Execution) -> Execution:
        """Store an execution of an existing version, committed on return; `created_at` 0: now."""
        ...

    async def get_execution(self, execution_id: str) -> Execution:
        """Return the execution with its response.  Raises `ExecutionNotFound`."""
        ...

    async def update_execution(
        self,
        execution_id: str,
        status: ExecutionStatus,
        duration_ms: int | None,
        error_message: str | None,
        response_json: str | None,
        error_kind: str | None = None,
    ) -> None:
        """Overwrite the outcome; committed when this returns.  Raises `ExecutionNotFound`."""
        ...

    async def list_executions(
        self, function_id: str, params: PaginationParams
    ) -> tuple[list[Execution], int]:
        """Return one page, newest first, without responses, and the total."""
        ...

    async def find_executions(
        self,
        wanted: ExecutionFilter,
        params: PaginationParams,
        *,
        after: ExecutionPosition | None = None,
        summary: bool = False,
    ) -> ExecutionPage:
        """Return a part of the executions that *wanted* describes, newest first, no responses.

        With *after* it begins behind that position.  A *summary* has no events, no long errors.
        """
        ...

    async def delete_execution(self, execution_id: str) -> None:
        """Remove it and all it left.  Raises `ExecutionNotFound`, `ExecutionRunning`."""
        ...

    async def delete_old_executions(self, before: int, function_id: str | None = None) -> int:
        """Delete, in portions, those with `created_at` < *before*, by default of all functions."""
        ...

    async def list_functions_with_active_cron(self) -> list[Function]:
        """Return the enabled functions whose schedule is set and active."""
        ...

    async def recover_pending(self, before: int) -> int:
        """Close rows still pending, created before *before*, as interrupted; return how many."""
        ...

    async def purge_expired(self, now: int) -> dict[str, int]:
        """Delete what has expired by *now*; return rows deleted per table.

        Executions that are older, or more, than their function keeps; what deleted functions
        and versions have left; expired pairs, sessions, ticks and figures.  Done in portions.
        """
        ...

    def transaction(self) -> AbstractAsyncContextManager["DB"]:
        """Collect the writes made inside and commit them together, or none of them."""
        ...

    async def ping(self) -> None:
        """Check that the database answers."""
        ...

    async def close(self) -> None:
        """Finish what is queued and close; later calls raise `StoreUnavailable`."""
        ...


class KVRows(Protocol):
    """Rows of the key-value store.  Keys and values are bytes."""

    async def get(self, function_id: str, key: bytes) -> bytes | None:
        """Return the value, or None if there is none or it has expired."""
        ...

    async def set(
        self, function_id: str, key: bytes, value: bytes, expires_at: float | None, quota_bytes: int
    ) -> bool:
        """Write; False (and nothing written) if the function's total would pass *quota_bytes*."""
        ...

    async def delete(self, function_id: str, key: bytes) -> None:
        """Remove the key; a missing one is fine."""
        ...

    async def incr(self, function_id: str, key: bytes, amount: float, quota_bytes: int) -> float:
        """Add *amount* to a numeric value (missing counts as 0) and return the sum, atomically.

        An expiry stays.  Raises `NotANumber` or `KVQuotaExceeded` (both are `ValueError`).
        """
        ...

    async def cas(
        self, function_id: str, key: bytes, old: bytes | None, new: bytes, quota_bytes: int
    ) -> bool:
        """Write *new* only if the value is *old* (None: missing), atomically; an expiry stays.

        False means that the value is another one.  Raises `KVQuotaExceeded`.
        """
        ...

    async def list(
        self, function_id: str, prefix: bytes, limit: int, after: bytes | None
    ) -> list[tuple[bytes, bytes]]:
        """Return up to *limit* pairs whose key has *prefix* and comes after *after*, by key."""
        ...


class EnvRows(Protocol):
    """Rows of the functions' environment variables."""

    async def get(self, function_id: str, key: str) -> str | None:
        """Return the value or None."""
        ...

    async def set(
        self, function_id: str, key: str, value: str, write_only: bool | None = None
    ) -> None:
        """Write one variable; *write_only* None leaves its mark as it is."""
        ...

    async def keep(self, function_id: str, key: str, write_only: bool | None) -> None:
        """Leave a variable's value, as *kept* of `replace`; None leaves its mark too."""
        ...

    async def delete(self, function_id: str, key: str) -> None:
        """Remove one variable; a missing one is fine."""
        ...

    async def all(self, function_id: str) -> dict[str, str]:
        """Return all variables; empty for unknown functions."""
        ...

    async def readable(self, function_id: str) -> list[EnvVariable]:
        """Return all variables, write-only ones without their values."""
        ...

    async def names(self, function_id: str) -> frozenset[str]:
        """Return the names of all variables."""
        ...

    async def replace(
        self,
        function_id: str,
        values: dict[str, str],
        kept: Iterable[str] = (),
        write_only: Iterable[str] | None = None,
    ) -> None:
        """Make *values*, and the present values of *kept*, the whole set, in one transaction.

        With *write_only*, those become write-only and all others readable; without it, marks
        stay.  Bumps the function's `updated_at`.  Raises `VariableNotKept` for one of *kept*
        that is missing, or write-only and would become readable.
        """
        ...


class SigningSecretRows(Protocol):
    """Rows of the secrets that signatures of calls are checked with."""

    async def add(self, function_id: str, secret_id: str, value: str) -> SigningSecret:
        """Store a secret.  Raises `FunctionNotFound` and `TooManySigningSecrets`."""
        ...

    async def list(self, function_id: str) -> list[SigningSecret]:
        """Return a function's secrets without their values, oldest first."""
        ...

    async def values(self, function_id: str) -> tuple[str, ...]:
        """Return the values of a function's secrets."""
        ...

    async def delete(self, function_id: str, secret_id: str) -> None:
        """Remove a secret.  Raises `SigningSecretNotFound`."""
        ...


class LogRows(Protocol):
    """Rows of the execution logs."""

    def append(
        self, log_id: str, execution_id: str, level: int, message: str, timestamp: int
    ) -> bool:
        """Queue one line, in order; failures are reported to the store's error hook.

        Never raises.  False if the line was dropped at once: the store is closed, or more is
        queued than memory should hold.
        """
        ...

    async def page(
        self, execution_id: str, limit: int | None, offset: int
    ) -> tuple[list[LogEntry], int]:
        """Return lines oldest first and the total; a limit of None means all."""
        ...


class AIRequestRows(Protocol):
    """Rows of the requests to AI providers."""

    def append(self, row: AIRequest) -> bool:
        """Queue one row, as `LogRows.append` does; never raises, False if it was dropped."""
        ...

    async def page(
        self, execution_id: str, limit: int | None, offset: int
    ) -> tuple[list[AIRequest], int]:
        """Return rows of an execution oldest first and the total; a limit of None means all."""
        ...


class EmailRequestRows(Protocol):
    """Rows of the e-mails."""

    def append(self, row: EmailRequest) -> bool:
        """Queue one row, as `LogRows.append` does; never raises, False if it was dropped."""
        ...

    async def page(
        self, execution_id: str, limit: int | None, offset: int
    ) -> tuple[list[EmailRequest], int]:
        """Return rows of an execution oldest first and the total; a limit of None means all."""
        ...


class TokenRows(Protocol):
    """Rows of the API tokens, found by the SHA-256 digest of a token."""

    async def create(self, token: ApiToken, token_hash: bytes) -> None:
        """Store a new token.  Raises `TokenNameTaken`."""
        ...

    async def find(self, token_hash: bytes) -> ApiToken | None:
        """Return the token with this digest, expired or not; None if there is none."""
        ...

    async def page(self, params: PaginationParams) -> tuple[list[ApiToken], int]:
        """Return one page, newest first, and the total."""
        ...

    def note_use(self, token_id: str, used_at: int) -> bool:
        """Queue the time of a use, as `LogRows.append` does; never raises."""
        ...

    async def delete(self, token_id: str) -> ApiToken:
        """Remove a token and return what it was.  Raises `TokenNotFound`."""
        ...


class SessionRows(Protocol):
    """Rows of the sessions.  What has expired is as good as gone everywhere."""

    async def create(self, session: LoginSession, token_hash: bytes) -> None:
        """Store a new session."""
        ...

    async def find(self, token_hash: bytes) -> LoginSession | None:
        """Return the session with this digest, or None."""
        ...

    async def page(self, params: PaginationParams) -> tuple[list[LoginSession], int]:
        """Return one page, newest first, and the total."""
        ...

    def note_use(self, session_id: str, used_at: int) -> bool:
        """Queue the time of a use, as `LogRows.append` does; never raises."""
        ...

    async def delete(self, session_id: str) -> None:
        """End one session.  Raises `SessionNotFound`."""
        ...

    async def clear(self) -> int:
        """End all sessions; return how many rows that were."""
