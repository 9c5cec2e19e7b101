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
"""Events kept for one subscriber; then the oldest is dropped for each new one."""


class ExecutionEventKind(StrEnum):
    """What has happened to an execution."""

    STARTED = "started"
    ENDED = "ended"


class ExecutionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One execution has begun or ended.  Nothing of what it received or answered is in here."""

    kind: ExecutionEventKind = msgspec.field(name="moment")
    id: str
    function_id: str
    function_version_id: str
    trigger: ExecutionTrigger
    status: ExecutionStatus
    created_at: int
    duration_ms: int | None = None
    error_kind: str | None = None


class Subscriber:
    """Collects the events of one function, or of all, for somebody who reads them in turn."""

    def __init__(self, function_id: str | None) -> None:
        self._function_id = function_id
        self._events: deque[ExecutionEvent] = deque(maxlen=MAX_WAITING)
        self._has_news = asyncio.Event()
        self._is_closed = False
        self.lost: int = 0
        """How many events have been dropped; whoever tells it sets it back to 0."""

    def take(self, event: ExecutionEvent) -> None:
        """Keep *event* if it is wanted here."""
        if self._function_id not in (None, event.function_id):
            return
        if len(self._events) == MAX_WAITING:
            self.lost += 1
        self._events.append(event)
        self._has_news.set()

    def close(self) -> None:
        """Let the reader know that no more will come."""
        self._is_closed = True
        self._has_news.set()

    async def read(self) -> list[ExecutionEvent] | None:
        """Wait for events and return all there are; None when no more will come."""
        await self._has_news.wait()
        if self._events:
            found = list(self._events)
            self._events.clear()
            if not self._is_closed:
                self._has_news.clear()
            return found
        return None


class ExecutionEventBus:
    """Hands events to subscribers."""

    def __init__(self) -> None:
        self.subscribers: set[Subscriber] = set()
        self._is_closed = False

    def subscribe(self, function_id: str | None = None) -> Subscriber:
        """Return a new subscriber of one function, or of all; give it back with `unsubscribe`."""
        subscriber = Subscriber(function_id)
        if self._is_closed:
            subscriber.close()
        self.subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Stop telling *subscriber*."""
        self.subscribers.discard(subscriber)

    def publish(self, event: ExecutionEvent) -> None:
        """Hand *event* to everybody it concerns."""
        for subscriber in self.subscribers:
            subscriber.take(event)

    def close(self) -> None:
        """End all watching, now and later: the server stops."""
        self._is_closed = True
        for subscriber in self.subscribers:
            subscriber.close()
