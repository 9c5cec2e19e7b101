"""What the trackers of AI requests and of e-mails have in common."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

from perilune.clock import WallClock, wall_clock
from perilune.ids import new_id
from perilune.masking import DEFAULT_MASKER, Masker, MaskingThread
from perilune.services.maskers import ExecutionMaskers
from perilune.store import RequestRows

MAX_TEXT_BYTES = 64 * 1024
"""Longest text of a record in UTF-8, the mark of a cut one included."""
CUT_MARK = f" [cut at {MAX_TEXT_BYTES} bytes]"
MAX_MASKED_CHARS = 2 * MAX_TEXT_BYTES
"""A longer text is cut roughly before it is masked: masking megabytes takes seconds.

Twice what is kept, so that what this cut makes of a secret is cut off as well.
"""
FAILURES_PER_REPORT = 1000
"""Lost records are reported at the first one and then once per this many."""

_log = logging.getLogger(__name__)


def stored_text(mask: Callable[[str], str], text: str) -> str:
    """Return a text as it is stored: masked first, then cut at the end of a character."""
    is_cut = len(text) > MAX_MASKED_CHARS
    # Lone surrogates stand for bytes that are no text; the store takes UTF-8 only.
    data = mask(text[:MAX_MASKED_CHARS]).encode("utf-8", "replace")
    if len(data) > MAX_TEXT_BYTES or is_cut:
        kept = data[: MAX_TEXT_BYTES - len(CUT_MARK)]
        return kept.decode("utf-8", "ignore") + CUT_MARK
    return data.decode()


Q = TypeVar("Q")
R = TypeVar("R")
_Q = TypeVar("_Q", contravariant=True)
_R = TypeVar("_R", covariant=True)


class Tracker(Protocol[_Q, _R]):
    """Records the attempts of executions, masked, and reads them back."""

    async def track(self, execution_id: str, request: _Q) -> None:
        """Record one attempt; never raises, and suspends only while masking it takes long."""
        ...

    async def requests(self, execution_id: str) -> Sequence[_R]:
        """Return all attempts of an execution, oldest first.  Raises `StoreError`."""
        ...

    async def requests_paginated(
        self, execution_id: str, limit: int, offset: int
    ) -> tuple[Sequence[_R], int]:
        """Return up to *limit* attempts from *offset* on, and the total.  Raises `StoreError`."""
        ...


class StoreTracker(ABC, Generic[Q, R]):
    """Keeps the attempts *Q* of executions as masked records *R* in the store.

    Writing never fails and does not wait for the store.  Reading does fail, so that a broken
    store can't look like an execution that asked for nothing.
    """

    WHAT: ClassVar[str]
    """What is recorded, for the log of the server: `an e-mail`."""

    def __init__(
        self,
        rows: RequestRows[R],
        *,
        masker: Masker = DEFAULT_MASKER,
        maskers: ExecutionMaskers | None = None,
        clock: WallClock = wall_clock,
        new_id: Callable[[], str] = new_id,
    ) -> None:
        """Write into *rows*; *maskers* take the place of *masker*."""
        self._rows = rows
        self._maskers = maskers or ExecutionMaskers(masker)
        self._thread = MaskingThread("perilune-request-masking")
        self._clock = clock
        self._new_id = new_id
        self.write_failures = 0
        """Records that were lost because they could not be written."""

    async def track(self, execution_id: str, request: Q) -> None:
        """Record one attempt; never raises, and suspends only while masking it takes long.

        A caller that is cancelled meanwhile does not stop the record.
        """
        await asyncio.shield(asyncio.ensure_future(self._record(execution_id, request)))

    def close(self) -> None:
        """Begin no more masking in the thread; nobody may be recording any more."""
        self._thread.close()

    async def requests(self, execution_id: str) -> list[R]:
        """Return all attempts of an execution, oldest first.  Raises `StoreError`."""
        return (await self._rows.page(execution_id, None, 0))[0]

    async def requests_paginated(
        self, execution_id: str, limit: int, offset: int
    ) -> tuple[list[R], int]:
        """Return up to *limit* attempts from *offset* on, and the total.  Raises `StoreError`."""
        return await self._rows.page(execution_id, max(limit, 0), max(offset, 0))

    @abstractmethod
    def _row(self, mask: Masker, execution_id: str, request: Q) -> R:
        """Return the masked record of an attempt; called in a thread if that takes long."""

    @abstractmethod
    def _texts(self, request: Q) -> tuple[str, ...]:
        """Return the texts of an attempt that may be long."""

    def _append(self, row: R) -> bool:
        """Hand a record to the store; return False if it takes no more."""
        return self._rows.append(row)

    async def _record(self, execution_id: str, request: Q) -> None:
        try:
            masker = await self._maskers.of(execution_id)
            if masker.is_quick(*self._texts(request)):
                row = self._row(masker, execution_id, request)
            else:
                row = await self._thread.run(
                    lambda distant: self._row(distant, execution_id, request), masker
                )
            if not self._append(row):
                self._report_lost(execution_id, "the store takes no more rows")
        except Exception as error:
            # A boundary: whatever is wrong with the record must not fail the execution.
            self._report_lost(execution_id, "it failed", error)

    def _report_lost(self, execution_id: str, why: str, error: Exception | None = None) -> None:
        """Count a lost record, and say so now and then: a broken store loses very many."""
        self.write_failures += 1
        if self.write_failures % FAILURES_PER_REPORT == 1:
            _log.error(
                "%s of execution %s could not be recorded: %s (%d lost so far)",
                self.WHAT,
                execution_id,
                why,
                self.write_failures,
                exc_info=error,
            )
