"""Closes the records of executions; what can't be written is kept until it can be."""

import asyncio
import logging
from collections.abc import Awaitable

from msgspec.structs import replace

from perilune.engine.deadline import SharedLimit
from perilune.store import (
    ExecutionNotFound,
    ExecutionStore,
    Outcome,
    StoreError,
    StoreUnavailable,
)

CLOSING_LIMIT_S = 5.0
"""Longest time that a caller waits for the closed record after the end of its execution."""

MAX_KEPT = 10_000
MAX_KEPT_CHARACTERS = 16 * 1024 * 1024
"""Outcomes kept, and text in them, above which nothing more may be executed."""

_RETRY_S = (0.0, 0.05, 0.2, 0.5)
_LAST_RETRY_S = 1.0
_PORTION = 512

_log = logging.getLogger(__name__)


class Outcomes:
    """Writes outcomes into the store, and knows those that are not there yet."""

    def __init__(self, db: ExecutionStore) -> None:
        """Write into *db*."""
        self._db = db
        self._limit = SharedLimit(CLOSING_LIMIT_S)
        self._kept: dict[str, tuple[Outcome, asyncio.Future[bool]]] = {}
        self._characters = 0
        self._writing: asyncio.Task[None] | None = None
        self._is_reported = False
        self.is_full: bool = False
        """Whether so much is kept that nothing more may be executed."""
        self.late: int = 0
        """How many were not written within `CLOSING_LIMIT_S`, since the start."""

    @property
    def unwritten(self) -> int:
        """How many executions have ended without a closed record so far."""
        return len(self._kept)

    async def write(self, outcome: Outcome) -> bool:
        """Write *outcome*, and return whether it was written within `CLOSING_LIMIT_S`.

        Whatever else happens, to the store or to the caller, it is kept and tried again.
        """
        task = self._limit.start()
        is_written = failure = None
        try:
            try:
                await self._close_record(outcome)
            except Exception as exc:
                failure = exc
                is_written = self._keep(outcome)
                await asyncio.shield(is_written)
        except asyncio.CancelledError:
            # Overwriting is idempotent, so it is done again where a cancellation can't reach it.
            is_written = is_written or self._keep(outcome)
            if not self._limit.was_missed(task):
                await asyncio.wait([is_written], timeout=CLOSING_LIMIT_S)
                raise
            if not is_written.done():
                self._note_late(outcome, failure)
                return False
        self._limit.stop(task)
        return is_written is None or is_written.result()

    async def close(self) -> None:
        """Wait a little for what is kept; whatever can't be written even then is lost."""
        if (writing := self._writing) is not None:
            await asyncio.wait([writing], timeout=CLOSING_LIMIT_S)
            writing.cancel()
        if self._kept:
            _log.error(
                "the outcomes of %d executions could not be written; the next start records"
                " these executions as interrupted",
                len(self._kept),
            )

    def _close_record(self, outcome: Outcome) -> Awaitable[None]:
        """Write *outcome*: whole, if the store is more than the smallest one."""
        whole = getattr(self._db, "close_execution", None)
        if whole is not None:
            written: Awaitable[None] = whole(outcome)
            return written
        return self._db.update_execution(
            outcome.execution_id,
            outcome.status,
            outcome.duration_ms,
            outcome.error_message,
            outcome.response_json,
            outcome.error_kind,
        )

    def _keep(self, outcome: Outcome) -> asyncio.Future[bool]:
        if self._characters + outcome.weight() > MAX_KEPT_CHARACTERS:
            # Running executions may still end: they lose the copy of the response, not the outcome.
            outcome = replace(outcome, response_json=None)
        is_written = asyncio.get_running_loop().create_future()
        self._kept[outcome.execution_id] = outcome, is_written
        self._count(outcome.weight())
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_kept())
        return is_written

    def _settle(self, outcome: Outcome, is_closed: bool) -> None:
        _, is_written = self._kept.pop(outcome.execution_id)
        self._count(-outcome.weight())
        is_written.set_result(is_closed)

    def _count(self, characters: int) -> None:
        self._characters += characters
        self.is_full = len(self._kept) >= MAX_KEPT or self._characters >= MAX_KEPT_CHARACTERS

    async def _write_kept(self) -> None:
        """Write what is kept: one after failures, to see whether the store works, then many."""
        delays, portion = iter(_RETRY_S), 1
        try:
            while self._kept:
                await asyncio.sleep(next(delays, _LAST_RETRY_S) if portion == 1 else 0)
                some = [outcome for outcome, _ in self._kept.values()][:portion]
                works = await asyncio.gather(*map(self._attempt, some))
                portion = _PORTION if all(works) else 1
        finally:
            self._writing = None
        if self._is_reported:
            self._is_reported = False
            _log.warning("the outcomes of executions that had been kept are written")

    async def _attempt(self, outcome: Outcome) -> bool:
        """Write *outcome*, and return whether the store works."""
        try:
            await self._close_record(outcome)
        except ExecutionNotFound:
            # It was deleted meanwhile: nothing is left open.
            self._settle(outcome, is_closed=True)
        except Exception as exc:
            if isinstance(exc, StoreUnavailable) or not isinstance(exc, StoreError):
                return False
            self._settle(outcome, is_closed=False)
            _log.error(
                "the record of execution %s could not be closed",
                outcome.execution_id,
                exc_info=exc,
            )
        else:
            self._settle(outcome, is_closed=True)
        return True

    def _note_late(self, outcome: Outcome, failure: Exception | None) -> None:
        """Count, and say it once until everything is written."""
        self.late += 1
        if not self._is_reported:
            self._is_reported = True
            _log.error(
                "the record of execution %s could not be closed within %g s (%s); this and further"
                " outcomes are kept and written when the store works again",
                outcome.execution_id,
                CLOSING_LIMIT_S,
                failure or "no answer from the store",
            )
