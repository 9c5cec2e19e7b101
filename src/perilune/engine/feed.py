"""Publishes the beginning and the end of executions to subscribers.

Publishing never waits: a subscriber that does not keep up loses events, and is told how many.
Without subscribers, an execution pays for one look at an empty set.
"""

import asyncio
from collections import deque
from enum import StrEnum

import msgspec

from perilune.store import ExecutionStatus, ExecutionTrigger

MAX_WAITING = 256
"""Notices kept for one watcher; then the oldest is dropped for each new one."""


class Moment(StrEnum):
    """What has happened to an execution."""

    STARTED = "started"
    ENDED = "ended"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One execution has begun or ended.  Nothing of what it received or answered is in here."""

    moment: Moment
    id: str
    function_id: str
    function_version_id: str
    trigger: ExecutionTrigger
    status: ExecutionStatus
    created_at: int
    duration_ms: int | None = None
    error_kind: str | None = None


class Watcher:
    """Collects the notices of one function, or of all, for somebody who reads them in turn."""

    def __init__(self, function_id: str | None) -> None:
        self._function_id = function_id
        self._notices: deque[Notice] = deque(maxlen=MAX_WAITING)
        self._has_news = asyncio.Event()
        self._is_closed = False
        self.lost = 0
        """How many notices have been dropped; whoever tells it sets it back to 0."""

    def take(self, notice: Notice) -> None:
        """Keep *notice* if it is wanted here."""
        if self._function_id not in (None, notice.function_id):
            return
        if len(self._notices) == MAX_WAITING:
            self.lost += 1
        self._notices.append(notice)
        self._has_news.set()

    def close(self) -> None:
        """Let the reader know that no more will come."""
        self._is_closed = True
        self._has_news.set()

    async def read(self) -> list[Notice] | None:
        """Wait for notices and return all there are; None when no more will come."""
        await self._has_news.wait()
        if self._notices:
            found = list(self._notices)
            self._notices.clear()
            if not self._is_closed:
                self._has_news.clear()
            return found
        return None


class ExecutionFeed:
    """Hands notices to watchers."""

    def __init__(self) -> None:
        self.watchers: set[Watcher] = set()
        self._is_closed = False

    def watch(self, function_id: str | None = None) -> Watcher:
        """Return a new watcher of one function, or of all; give it back with `forget`."""
        watcher = Watcher(function_id)
        if self._is_closed:
            watcher.close()
        self.watchers.add(watcher)
        return watcher

    def forget(self, watcher: Watcher) -> None:
        """Stop telling *watcher*."""
        self.watchers.discard(watcher)

    def tell(self, notice: Notice) -> None:
        """Hand *notice* to everybody it concerns."""
        for watcher in self.watchers:
            watcher.take(notice)

    def close(self) -> None:
        """End all watching, now and later: the server stops."""
        self._is_closed = True
        for watcher in self.watchers:
            watcher.close()
