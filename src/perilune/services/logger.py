"""Logs of executions: what guest code says, and how an execution failed.

Writing never fails and does not wait for the store: a line is masked, bounded and queued.
Who calls a function chooses what it logs, and looking for secrets takes its time.  So an execution
gets little of that in the event loop, however many its lines are; the rest is done in a thread,
while the execution, and nobody else, waits.
Reading does fail, so that a broken store can't look like an empty log.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from perilune.clock import WallClock, wall_clock
from perilune.ids import new_id
from perilune.masking import DEFAULT_MASKER, Masker, MaskingThread
from perilune.services.maskers import ExecutionMaskers
from perilune.store import LogEntry, LogRows

LINE_CUT_MARK = " [line cut at {limit} bytes]"
LIMIT_REACHED = "log limit reached: {limit} per execution; further lines are dropped"
NOT_MASKED = "[a line is missing: the execution ended before it was masked]"

REMEMBERED_EXECUTIONS = 4096
"""Executions whose usage is kept per generation; two generations are kept at most."""
FAILURES_PER_REPORT = 1000
"""Write failures are reported at the first one and then once per this many."""
PRE_CUT_FACTOR = 2
"""A line longer than this many times its limit is cut roughly before it is masked."""
MAX_WORD_CHARS = 4096
INLINE_BUDGET_S = 0.004
"""So much time an execution gets for the masking of lines in the event loop."""
FREE_S = 20e-6
"""Of each line's time so much is not counted: it takes as long to be received."""

_log = logging.getLogger(__name__)


class LogLevel(IntEnum):
    """Levels as stored.  The numbers say nothing about severity."""

    INFO = 0
    DEBUG = 1
    WARN = 2
    ERROR = 3


def api_name(level: int) -> str:
    """Return the name used by the API; numbers that are no level count as `info`."""
    return _API_NAMES.get(level, "info")


_API_NAMES: dict[int, str] = {level.value: level.name.lower() for level in LogLevel}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLimits:
    """What one execution may log.  Whatever passes a limit is cut or dropped, visibly."""

    max_lines: int = 10_000
    max_line_bytes: int = 64 * 1024
    """Of UTF-8, the mark of a cut line included."""
    max_total_bytes: int = 1024 * 1024
    """Of what is stored, and of what was given before secrets were replaced."""


class Logger(Protocol):
    """Writes and reads the logs of executions.

    The writing methods never raise.  They suspend only while a line that takes long to be masked
    is; lines are in the order of their calls if each call is awaited before the next.
    """

    async def log(self, execution_id: str, level: int, message: str) -> bool:
        """Add one line of the given level; return False if the execution may log no more."""
        ...

    async def info(self, execution_id: str, message: str) -> None:
        """Add a line of level info."""
        ...

    async def debug(self, execution_id: str, message: str) -> None:
        """Add a line of level debug."""
        ...

    async def warn(self, execution_id: str, message: str) -> None:
        """Add a line of level warn."""
        ...

    async def error(self, execution_id: str, message: str) -> None:
        """Add a line of level error."""
        ...

    async def entries(self, execution_id: str) -> list[LogEntry]:
        """Return all lines, oldest first.  Raises `StoreError`."""
        ...

    async def entries_paginated(
        self, execution_id: str, limit: int, offset: int
    ) -> tuple[list[LogEntry], int]:
        """Return up to *limit* lines from *offset* on, and the total.  Raises `StoreError`."""
        ...


class StoreLogger:
    """The logger that ships: masked lines in the store, bounded per execution.

    Usage is counted per execution and forgotten by `close_execution`.  Without
    that call it is forgotten once thousands of other executions have logged
    and this one has not, so the memory it takes is bounded either way.
    """

    def __init__(
        self,
        rows: LogRows,
        *,
        masker: Masker = DEFAULT_MASKER,
        maskers: ExecutionMaskers | None = None,
        clock: WallClock = wall_clock,
        new_id: Callable[[], str] = new_id,
        limits: LogLimits | None = None,
    ) -> None:
        """Write into *rows*; *maskers* take the place of *masker*."""
        self._rows = rows
        self._maskers = maskers or ExecutionMaskers(masker)
        self._clock = clock
        self._new_id = new_id
        self._limits = limits or LogLimits()
        # Not the thread that masks bodies: lines must not wait behind a body of megabytes.
        self._thread = MaskingThread("perilune-log-masking")
        self._recent: dict[str, _Usage] = {}
        self._older: dict[str, _Usage] = {}
        self.lines_dropped = 0
        """Lines not stored because their execution had reached a limit."""
        self.write_failures = 0
        """Lines lost because masking failed or the store did not take them.

        Lines that the store takes and then fails to write are reported to its own error hook.
        """

    async def log(self, execution_id: str, level: int, message: str) -> bool:
        """Add one line; never raises.  Return False if the execution may log no more."""
        try:
            usage = self._recent.get(execution_id) or self._remember(execution_id)
            if usage.is_full:
                self.lines_dropped += 1
                return False
            masker = await self._maskers.of(execution_id)
            text, size = await self._bounded(usage, masker, message)
            limits = self._limits
            usage.lines += 1
            # Of a line that is one secret little is left, and yet it has to be looked through.
            usage.size += max(size, min(len(message), limits.max_line_bytes))
            if usage.lines > limits.max_lines:
                level, text = self._fill(usage, f"{limits.max_lines} lines")
            elif usage.size > limits.max_total_bytes:
                level, text = self._fill(usage, f"{limits.max_total_bytes} bytes")
            self._append(execution_id, level, text)
        except asyncio.CancelledError:
            with suppress(Exception):
                self._append(execution_id, LogLevel.WARN, NOT_MASKED)
            raise
        except Exception as error:
            # A boundary: whatever is wrong with logging must not fail the execution.
            self._report_lost(execution_id, "it failed", error)
        return True

    async def info(self, execution_id: str, message: str) -> None:
        """Add a line of level info."""
        await self.log(execution_id, LogLevel.INFO, message)

    async def debug(self, execution_id: str, message: str) -> None:
        """Add a line of level debug."""
        await self.log(execution_id, LogLevel.DEBUG, message)

    async def warn(self, execution_id: str, message: str) -> None:
        """Add a line of level warn."""
        await self.log(execution_id, LogLevel.WARN, message)

    async def error(self, execution_id: str, message: str) -> None:
        """Add a line of level error."""
        await self.log(execution_id, LogLevel.ERROR, message)

    async def entries(self, execution_id: str) -> list[LogEntry]:
        """Return all lines, oldest first.  Raises `StoreError`."""
        return (await self._rows.page(execution_id, None, 0))[0]

    async def entries_by_level(self, execution_id: str, level: int) -> list[LogEntry]:
        """Return the lines of one level, oldest first.  Raises `StoreError`."""
        return [entry for entry in await self.entries(execution_id) if entry.level == level]

    async def entries_paginated(
        self, execution_id: str, limit: int, offset: int
    ) -> tuple[list[LogEntry], int]:
        """Return up to *limit* lines from *offset* on, and the total.  Raises `StoreError`."""
        return await self._rows.page(execution_id, max(limit, 0), max(offset, 0))

    def close_execution(self, execution_id: str) -> None:
        """Forget what an execution has logged so far; call it when the execution is over."""
        self._recent.pop(execution_id, None)
        self._older.pop(execution_id, None)

    def close(self) -> None:
        """Begin no more masking in the thread; nobody may be logging any more."""
        self._thread.close()

    def _append(self, execution_id: str, level: int, text: str) -> None:
        log_id, timestamp = self._new_id(), int(self._clock())
        if not self._rows.append(log_id, execution_id, int(level), text, timestamp):
            self._report_lost(execution_id, "the store takes no more lines", None)

    def _report_lost(self, execution_id: str, why: str, error: Exception | None) -> None:
        """Count a lost line, and say so now and then: a broken store loses very many."""
        self.write_failures += 1
        if self.write_failures % FAILURES_PER_REPORT == 1:
            _log.error(
                "a log line of execution %s could not be written: %s (%d lost so far)",
                execution_id,
                why,
                self.write_failures,
                exc_info=error,
            )

    def _fill(self, usage: "_Usage", limit: str) -> tuple[int, str]:
        """Close the log of an execution; return the last line, which says so."""
        usage.is_full = True
        self.lines_dropped += 1
        return LogLevel.WARN, LIMIT_REACHED.format(limit=limit)

    def _remember(self, execution_id: str) -> "_Usage":
        """Return the usage of an execution that is not in the recent generation."""
        usage = self._older.pop(execution_id, None) or _Usage()
        if len(self._recent) >= REMEMBERED_EXECUTIONS:
            self._older = self._recent
            self._recent = {}
        self._recent[execution_id] = usage
        return usage

    async def _bounded(self, usage: "_Usage", masker: Masker, message: str) -> tuple[str, int]:
        """Return the line as it is stored, and its size in bytes."""
        limit = self._limits.max_line_bytes
        rough = PRE_CUT_FACTOR * limit
        is_cut = len(message) > rough
        if is_cut:
            # Not inside a word if that can be helped: half of a secret does not look like one.
            blank = message.rfind(" ", rough - MAX_WORD_CHARS, rough)
            message = message[: rough if blank < 0 else blank]
        text = await self._masked(usage, masker, message)
        if text.isascii():
            size = len(text)
        else:
            text = _storable(text)
            size = len(text.encode())
        if size <= limit and not is_cut:
            return text, size
        mark = LINE_CUT_MARK.format(limit=limit)
        kept = text.encode()[: max(limit - len(mark), 0)].decode("utf-8", "ignore")
        return kept + mark, len(kept.encode()) + len(mark)

    async def _masked(self, usage: "_Usage", masker: Masker, message: str) -> str:
        """Return the line with its secrets replaced; suspends if that takes long."""
        is_quick = masker.is_quick(message)
        if is_quick and not masker.may_hide(message):
            return message
        if is_quick and usage.inline_left_s > 0:
            begun = time.thread_time()
            text = masker.text(message)
            usage.inline_left_s -= max(0.0, time.thread_time() - begun - FREE_S)
            return text
        return await self._thread.run(lambda distant: distant.text(message), masker)


class _Usage:
    """How much one execution has logged."""

    __slots__ = ("inline_left_s", "is_full", "lines", "size")

    def __init__(self) -> None:
        self.inline_left_s = INLINE_BUDGET_S
        self.lines = 0
        self.size = 0
        self.is_full = False


def _storable(text: str) -> str:
    """Replace what has no UTF-8 form (lone surrogates stand for bytes that are no text)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
