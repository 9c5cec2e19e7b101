"""The store itself: functions, versions and executions, and what an open store can do."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from perilune.function_settings import UpdateFunctionRequest
from perilune.store.contract.credentials import SessionRows, TokenRows
from perilune.store.contract.executions import (
    AIRequestRows,
    EmailRequestRows,
    ExecutionRecords,
    LogRows,
    StatisticsRows,
    TickRows,
)
from perilune.store.contract.limits import LimitRows
from perilune.store.contract.servers import ServerRows
from perilune.store.contract.values import EnvRows, KVRows, SecretRows, SigningSecretRows
from perilune.store.maintenance import DiskUsage, Maintenance
from perilune.store.records import (
    Execution,
    ExecutionStatus,
    Function,
    FunctionVersion,
    FunctionWithActiveVersion,
    Outcome,
    PaginationParams,
    VersionSummary,
)
from perilune.store.selection import ExecutionFilter, ExecutionPage, FunctionQuery


class ExecutionStore(Protocol):
    """The smallest store that an engine needs.

    Where it fails with `StoreUnavailable`, callers are told that the storage is unavailable.
    """

    async def get_function(self, function_id: str) -> Function:
        """Return the function with empty `env_vars`.  Raises `FunctionNotFound`."""
        ...

    async def get_active_version(self, function_id: str) -> FunctionVersion:
        """Return the active version.  Raises `NoActiveVersion`."""
        ...

    async def get_version_by_id(self, version_id: str) -> FunctionVersion:
        """Return a version by its id.  Raises `VersionNotFound`."""
        ...

    async def create_execution(self, execution: Execution) -> Execution:
        """Store an execution of an existing version, committed on return; `created_at` 0: now.

        Raises `FunctionNotFound` or `VersionNotFound` if one of them has gone meanwhile, and
        `DiskNearlyFull` where the store watches its disk.
        """
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


class DB(ExecutionStore, Protocol):
    """Functions, versions, executions, and the rows of everything that belongs to them."""

    kv: KVRows
    """Key-value pairs."""
    env: EnvRows
    """Environment variables."""
    signing_secrets: SigningSecretRows
    """Secrets that signatures of calls are checked with."""
    logs: LogRows
    """Lines that executions have logged."""
    ai_requests: AIRequestRows
    """Requests to AI providers."""
    email_requests: EmailRequestRows
    """E-mails."""
    tokens: TokenRows
    """API tokens."""
    sessions: SessionRows
    """Sessions of people who have signed in."""
    statistics: StatisticsRows
    """How many executions there were, and how long they took."""
    ticks: TickRows
    """What has become of which tick of a schedule."""

    async def close_execution(self, outcome: Outcome) -> None:
        """Do what `update_execution` does, with all that is known of the outcome."""
        ...

    async def write_only_values(self, function_id: str) -> tuple[str, ...]:
        """Return the values of a function's write-only variables; they may be a second old.

        Changes made through this store show at once.
        """
        ...

    async def create_function(self, fn: Function) -> Function:
        """Store *fn* under the id it carries; both timestamps are set to now.

        Raises `AlreadyExists`, `AddressTaken`.
        """
        ...

    async def get_function_at(self, address: str) -> Function:
        """Return the function with this address, as `get_function` does; compared exactly."""
        ...

    async def is_name_taken(self, name: str) -> bool:
        """Tell whether *name* is the name or the address of a function."""
        ...

    async def list_functions(
        self, params: PaginationParams, wanted: FunctionQuery | None = None
    ) -> tuple[list[FunctionWithActiveVersion], int]:
        """Return one page of the wanted functions, and their total; of all, newest first."""
        ...

    async def update_function(self, function_id: str, updates: UpdateFunctionRequest) -> None:
        """Change the given settings and `updated_at`.

        Raises `FunctionNotFound`, `AddressTaken`.
        """
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

    async def get_execution(self, execution_id: str) -> Execution:
        """Return the execution with its response.  Raises `ExecutionNotFound`."""
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
        after: str | None = None,
        summary: bool = False,
    ) -> ExecutionPage:
        """Return a part of the executions that *wanted* describes, newest first, no responses.

        With *after*, the `next` of an earlier part, it goes on behind that one.  A *summary* has
        no events, no long errors.  Raises `InvalidCursor`.
        """
        ...

    async def delete_execution(self, execution_id: str) -> None:
        """Remove it and all it left.  Raises `ExecutionNotFound`, `ExecutionRunning`."""
        ...

    def transaction(self) -> AbstractAsyncContextManager["DB"]:
        """Collect the writes made inside and commit them together, or none of them.

        Inside, the yielded object sees its own writes; nobody else does before the commit.  All
        other writes wait meanwhile, also those of the caller that do not go through the yielded
        object: await nothing else inside.  One that is left without a call for 5 s is rolled
        back, and further calls raise `StoreUnavailable`.  Within a transaction this opens a part
        of it that can be rolled back alone.
        """
        ...


class Store(DB, Protocol):
    """An open store, as `open_store` gives it."""

    secrets: SecretRows
    """All values that are kept encrypted."""
    maintenance: Maintenance | None
    """What can be done with the database as a whole; None where that is not ours to do."""
    execution_records: ExecutionRecords
    """Records of executions, for engines that do without tasks."""
    servers: ServerRows
    """The servers that work on the database."""
    limits: LimitRows
    """What servers on the database count together."""
    is_shared: bool
    """Whether several servers may work on the database at a time."""

    @property
    def closed(self) -> bool:
        """Whether `close` has been called."""
        ...

    @property
    def lost_writes(self) -> int:
        """How many rows that nobody waits for were dropped or failed since the start."""
        ...

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call *listener* with the id of each function that is written through this store.

        On the event loop, after the commit.  Writes of other processes are not noticed; what they
        wrote is seen by `get_function` and `get_active_version` within a second.
        """
        ...

    async def get_functions(self, ids: Collection[str]) -> list[Function]:
        """Return the functions with these ids, in any order; unknown ones are left out."""
        ...

    async def runtimes_in_use(self) -> set[str]:
        """Return the languages that functions are written in."""
        ...

    async def requirements_in_use(self) -> set[str]:
        """Return the requirements of all versions, each text once."""
        ...

    async def recover_pending(self, before: int, dead_after_s: float | None = None) -> int:
        """Close rows still pending, created before *before*, as interrupted; return how many.

        With *dead_after_s* not those of servers that were heard of in the last so many seconds.
        """
        ...

    async def delete_old_executions(self, before: int, function_id: str | None = None) -> int:
        """Delete, in batches, those with `created_at` < *before*, by default of all functions."""
        ...

    async def last_used(self) -> int | None:
        """Return when the newest execution or change was made, Unix seconds; None without any."""
        ...

    async def purge_expired(self, now: int) -> dict[str, int]:
        """Delete what has expired by *now*; return rows deleted per table.

        Executions that are older, or more, than their function keeps; what deleted functions
        and versions have left; expired pairs, sessions, ticks and figures.  Done in batches.
        """
        ...

    async def purge_deleted(self) -> Mapping[str, int]:
        """Delete what deleted functions and versions have left; return rows deleted per table."""
        ...

    async def purge_large(self) -> Mapping[str, int]:
        """Delete what functions keep beyond their bytes; return rows deleted per table."""
        ...

    async def purge_orphans(self) -> Mapping[str, int]:
        """Delete rows whose execution does not exist; return rows deleted per table."""
        ...

    async def shrink(self) -> int:
        """Give free space back, if the store has such; return how many pages."""
        ...

    async def disk_usage(self) -> DiskUsage:
        """Ask the disk anew; return what it holds, and whether too little is free."""
        ...

    async def check_integrity(self) -> list[str]:
        """Return what is wrong: damage, dangling references, wrong counters.

        Reads everything, which takes minutes where there is much.
        """
        ...

    async def ping(self) -> None:
        """Check that the database can be read, was or can be written, and has room.

        Costs little.
        """
        ...

    async def close(self) -> None:
        """Finish what is queued and close; later calls raise `StoreUnavailable`.

        Closing twice is fine.
        """
        ...
