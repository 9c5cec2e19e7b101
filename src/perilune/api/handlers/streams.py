"""What happens right now, as server-sent events.

A stream ends after a while, so that a right that has been taken away does not live on in it;
browsers come back by themselves.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from weakref import WeakSet

import msgspec

from perilune.api.errors import TooManyStreams
from perilune.api.failures import failing_as, log_line
from perilune.clock import MonotonicClock
from perilune.engine import ExecutionEventBus, Subscriber
from perilune.services.logger import Logger
from perilune.store import DB, Execution, ExecutionStatus, to_json

MAX_STREAMS = 64
HEARTBEAT_S = 15.0
"""After so much silence a comment is sent, so that proxies keep the connection."""
LIFE_S = 900.0
LOG_INTERVAL_S = 0.5
LINES_PER_READ = 500

_GREETING = b"retry: 2000\n\n"
_HEARTBEAT = b": still here\n\n"


class Streams:
    """Makes the streams of executions and of their logs."""

    def __init__(
        self,
        db: DB,
        event_bus: ExecutionEventBus,
        logs: Logger,
        *,
        heartbeat_s: float = HEARTBEAT_S,
        monotonic: MonotonicClock = time.monotonic,
    ) -> None:
        self._db = db
        self._event_bus = event_bus
        self._logs = logs
        self._heartbeat_s = heartbeat_s
        self._now = monotonic
        # Weak, since a stream that is never begun is never ended either: it is only dropped.
        self._places: WeakSet[_Place] = WeakSet()

    async def executions(self, function_id: str | None = None) -> AsyncIterator[bytes]:
        """Return the stream of executions that begin and end, of one function or of all.

        Raises:
            FunctionNotFound: there is no such function.
            TooManyStreams: others have to end first.
        """
        if function_id is not None:
            with failing_as("Failed to get function"):
                await self._db.get_function(function_id)
        return self._executions(function_id, self._take_place())

    async def logs(self, execution_id: str) -> AsyncIterator[bytes]:
        """Return the stream of an execution's log lines, which ends with the execution.

        Raises:
            ExecutionNotFound: there is no such execution.
            TooManyStreams: others have to end first.
        """
        with failing_as("Failed to get execution"):
            execution = await self._db.get_execution(execution_id)
        return self._lines(execution, self._take_place())

    def _take_place(self) -> "_Place":
        """Reserve the place of a stream, which holds it until it ends."""
        if len(self._places) >= MAX_STREAMS:
            raise TooManyStreams
        place = _Place()
        self._places.add(place)
        return place

    async def _executions(self, function_id: str | None, place: "_Place") -> AsyncIterator[bytes]:
        # In here, since what is never begun is never ended either.
        subscriber = self._event_bus.subscribe(function_id)
        end = self._now() + LIFE_S
        try:
            yield _GREETING
            while self._now() < end:
                try:
                    async with asyncio.timeout(self._heartbeat_s):
                        events = await subscriber.read()
                except TimeoutError:
                    yield _HEARTBEAT
                    continue
                if events is None:
                    return
                lost, subscriber.lost = subscriber.lost, 0
                parts = [_event("lost", {"count": lost})] if lost else []
                parts += [_event(one.kind, to_json(one)) for one in events]
                yield b"".join(parts)
        finally:
            self._event_bus.unsubscribe(subscriber)
            self._places.discard(place)

    async def _lines(self, execution: Execution, place: "_Place") -> AsyncIterator[bytes]:
        subscriber = self._event_bus.subscribe(execution.function_id)
        end, quiet_since, sent = self._now() + LIFE_S, self._now(), 0
        try:
            yield _GREETING
            while self._now() < end:
                # In this order: when an execution has ended, all of its lines can be read.
                execution = await self._db.get_execution(execution.id)
                lines, _ = await self._logs.entries_paginated(execution.id, LINES_PER_READ, sent)
                if lines:
                    sent += len(lines)
                    yield b"".join(_event("line", log_line(one)) for one in lines)
                    quiet_since = self._now()
                elif execution.status != ExecutionStatus.PENDING:
                    yield _event("end", {"status": execution.status})
                    return
                elif self._now() - quiet_since >= self._heartbeat_s:
                    yield _HEARTBEAT
                    quiet_since = self._now()
                if not lines and await _is_over(subscriber):
                    return
        finally:
            self._event_bus.unsubscribe(subscriber)
            self._places.discard(place)


class _Place:
    """One of the places for streams."""

    __slots__ = ("__weakref__",)


async def _is_over(subscriber: Subscriber) -> bool:
    """Wait for something to happen to the function, or a moment; tell whether the server stops."""
    try:
        async with asyncio.timeout(LOG_INTERVAL_S):
            return await subscriber.read() is None
    except TimeoutError:
        return False


def _event(name: str, data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))
