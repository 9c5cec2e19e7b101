"""Outcomes that the store did not take: kept, bounded, and written as soon as it does."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from perilune.eager import settle
from perilune.engine.execution import CLOSING_LIMIT_S
from perilune.store import (
    Execution,
    ExecutionNotFound,
    ExecutionRecords,
    Outcome,
    StoreError,
    StoreUnavailable,
)

MAX_KEPT = 10_000
MAX_KEPT_CHARACTERS = 16 * 1024 * 1024
"""Outcomes kept, and text in them, above which nothing more may be executed."""

_RETRY_S = (0.0, 0.05, 0.2, 0.5)
_LAST_RETRY_S = 1.0
_PORTION = 512

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kept:
    """An outcome that is not written yet, and who waits for that."""

    execution: Execution
    """As it was opened, but for its event."""
    outcome: Outcome
    failure: Exception | None
    """Why it could not be written at first."""
    settled: Callable[[bool], None] | None


class Outcomes:
    """Outcomes that could not be written at once."""

    def __init__(self, records: ExecutionRecords) -> None:
        """Write into *records*."""
        self._records = records
        self._kept: dict[str, _Kept] = {}
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

    def keep(
        self,
        execution: Execution,
        outcome: Outcome,
        failure: Exception | None,
        settled: Callable[[bool], None] | None,
    ) -> None:
        """Write *outcome* as soon as that can be done, then call *settled*: whether it is closed.

        Overwriting is idempotent, so it may be on its way to the disk already.
        """
        if self._characters + outcome.weight() > MAX_KEPT_CHARACTERS:
            # Running executions may still end: they lose the copy of the response, not the outcome.
            outcome = replace(outcome, response_json=None)
        kept = _Kept(replace(execution, event_json=""), outcome, failure, settled)
        self._kept[outcome.execution_id] = kept
        self._count(outcome.weight())
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write_kept())

    def give_up(self, execution: Execution, outcome: Outcome) -> None:
        """Keep *outcome*, if that is not done already; nobody waits for it any more."""
        kept = self._kept.get(outcome.execution_id)
        if kept is None:
            self.keep(execution, outcome, None, None)
        else:
            kept.settled = None
        self.late += 1
        if not self._is_reported:
            self._is_reported = True
            _log.error(
                "the record of execution %s could not be closed within %g s (%s); this and further"
                " outcomes are kept and written when the store works again",
                outcome.execution_id,
                CLOSING_LIMIT_S,
                (kept and kept.failure) or "no answer from the store",
            )

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

    def _settle(self, outcome: Outcome, is_closed: bool) -> None:
        kept = self._kept.pop(outcome.execution_id)
        self._count(-outcome.weight())
        if kept.settled is not None:
            kept.settled(is_closed)

    def _count(self, characters: int) -> None:
        self._characters += characters
        self.is_full = len(self._kept) >= MAX_KEPT or self._characters >= MAX_KEPT_CHARACTERS

    async def _write_kept(self) -> None:
        """Write what is kept: one after failures, to see whether the store works, then many."""
        delays, portion = iter(_RETRY_S), 1
        try:
            while self._kept:
                await asyncio.sleep(next(delays, _LAST_RETRY_S) if portion == 1 else 0)
                some = list(self._kept.values())[:portion]
                works = await asyncio.gather(*map(self._attempt, some))
                portion = _PORTION if all(works) else 1
        finally:
            self._writing = None
        if self._is_reported:
            self._is_reported = False
            _log.warning("the outcomes of executions that had been kept are written")

    async def _attempt(self, kept: _Kept) -> bool:
        """Write an outcome, and return whether the store works."""
        outcome = kept.outcome
        try:
            await self._write(kept)
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

    async def _write(self, kept: _Kept) -> None:
        """Write an outcome, and wait until that is committed."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._records.close(kept.execution, kept.outcome, partial(settle, written, None))
        await written
