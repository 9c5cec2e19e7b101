"""Rows of what executions leave, and of the schedules that start them."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, TypeVar

from perilune.store.activity import Activity, ExecutionTotals, Overview
from perilune.store.records import (
    AIRequest,
    CronJob,
    CronTick,
    EmailRequest,
    Execution,
    Function,
    FunctionVersion,
    LogEntry,
    Outcome,
    PaginationParams,
    TickOutcome,
)

R = TypeVar("R")


RecordDone = Callable[[Exception | None], None]
"""Is called once: with None when it is committed, else with why it is not."""


class ExecutionRecords(Protocol):
    """What a store may offer to engines beside `ExecutionStore`: the same without tasks.

    A closed store raises `StoreUnavailable`.
    """

    def peek(self, function_id: str) -> tuple[Function, FunctionVersion] | None:
        """Return a function and its active version, if both are known without a look-up."""
        ...

    def open(self, execution: Execution, done: RecordDone) -> None:
        """Do what `ExecutionStore.create_execution` does; *done* is told of its errors too."""
        ...

    def close(self, execution: Execution, outcome: Outcome, done: RecordDone) -> None:
        """Overwrite the outcome of an execution, which is given as it was when it was opened.

        *done* is told of `ExecutionNotFound` too.
        """
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


class RequestRows(Protocol[R]):
    """Rows of what executions sent to others; of one kind."""

    def append(self, row: R) -> bool:
        """Queue one row, as `LogRows.append` does; never raises, False if it was dropped."""
        ...

    async def page(self, execution_id: str, limit: int | None, offset: int) -> tuple[list[R], int]:
        """Return rows of an execution oldest first and the total; a limit of None means all."""
        ...


AIRequestRows: TypeAlias = RequestRows[AIRequest]
EmailRequestRows: TypeAlias = RequestRows[EmailRequest]


class StatisticsRows(Protocol):
    """Figures of executions that have ended, trials of drafts left out."""

    async def of_function(
        self, function_id: str, since: int, step_s: int
    ) -> dict[int, list[ExecutionTotals]]:
        """Return what began at *since* or later, by start of spans of *step_s* seconds."""
        ...

    async def overview(self, since: int, step_s: int) -> Overview:
        """Return the figures of all functions; of what began at *since* or later."""
        ...

    async def activity(self, function_ids: Sequence[str], since: int) -> list[Activity]:
        """Return what these functions have done since then; unknown ones are left out."""
        ...


class TickRows(Protocol):
    """The ledger of schedules, one row per function and tick."""

    async def revision(self) -> int:
        """Return a number that grows whenever `jobs` might return something else.

        Rows of the ledger itself do not count.
        """
        ...

    async def jobs(self) -> list[CronJob]:
        """Return the enabled functions with an active schedule."""
        ...

    async def claim(
        self,
        job: CronJob,
        tick: int,
        passed_over: int,
        execution_id: str,
        busy_since: int,
        server_id: str | None = None,
    ) -> TickOutcome | None:
        """Take a tick, so that nobody else does; it is committed when this returns.

        Args:
            job: what is due, as the caller knows it.
            tick: when.
            passed_over: how many ticks before it were missed.
            execution_id: the id that the execution will have.
            busy_since: a tick claimed after it that has not been finished is still running.
            server_id: who takes it, where there are several.

        Returns:
            `CLAIMED`: the caller has to start the execution, and to call `finish`.
            `SKIPPED`: the last one is still running, and the function does not want two.
            None: somebody else has taken it, or the schedule is not this one any more.
        """
        ...

    async def miss(self, job: CronJob, tick: int, passed_over: int, reason: str) -> bool:
        """Note that a tick was missed; False if somebody has, or the schedule has changed."""
        ...

    async def finish(
        self,
        function_id: str,
        tick: int,
        outcome: TickOutcome,
        reason: str | None = None,
        execution_id: str | None = None,
    ) -> None:
        """Say what has become of a claimed tick.  A row that is gone is fine."""
        ...

    async def interrupted(self, execution_id: str) -> None:
        """Settle the tick claimed for an execution that was cancelled, as `recover` does."""
        ...

    async def recover(self, before: int, dead_after_s: float | None = None) -> int:
        """Settle ticks claimed before *before* by servers that have died; return how many.

        Which have is told as by `Store.recover_pending`.  They become `STARTED` where the
        execution has a record, else `INTERRUPTED`.
        """
        ...

    async def page(self, function_id: str, params: PaginationParams) -> tuple[list[CronTick], int]:
        """Return one page of a function's ledger, latest first, and the total.

        Raises `FunctionNotFound`.
        """
        ...

    async def scheduled(
        self, params: PaginationParams
    ) -> tuple[list[tuple[Function, CronTick | None]], int]:
        """Return functions that have a schedule, newest first, with their last tick, and the total.

        Paused and disabled ones are among them.
        """
        ...
