"""Watches calls of functions: bodies that don't arrive, and clients that go away.

Noticing that a client has gone takes a task that waits on the connection, and
a deadline takes a timer.  Most calls are over before either would matter, so
one timer looks after all of them: a call that it meets for the second time is
no short one, and only then gets what it needs.
"""

import asyncio

from starlette.types import Receive

LOOK_INTERVAL_S = 0.02


class WatchedCall:
    """One call of a function, from the moment its head has arrived."""

    __slots__ = (
        "is_abandoned",
        "is_late",
        "is_reading",
        "read_until",
        "receive",
        "task",
        "watcher",
    )

    def __init__(self, task: asyncio.Task[None], receive: Receive, read_until: float) -> None:
        self.task = task
        self.receive = receive
        self.read_until = read_until
        self.is_reading = True
        """Its body is still being read; the reader sets this to False afterwards."""
        self.is_late = False
        """Its body did not arrive in time, and the call has been cancelled for that."""
        self.is_abandoned = False
        """Its client went away, and the call has been cancelled for that."""
        self.watcher: asyncio.Task[None] | None = None


class CallWatch:
    """Cancels calls whose body is late or whose client has gone away."""

    def __init__(self, body_timeout_s: float) -> None:
        self._body_timeout_s = body_timeout_s
        self._fresh: set[WatchedCall] = set()
        self._met: set[WatchedCall] = set()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, receive: Receive) -> WatchedCall:
        """Begin to watch the call that the current task serves."""
        loop = asyncio.get_running_loop()
        task: asyncio.Task[None] | None = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a request must be served in a task of its own")
        call = WatchedCall(task, receive, loop.time() + self._body_timeout_s)
        self._fresh.add(call)
        if self._timer is None:
            self._timer = loop.call_later(LOOK_INTERVAL_S, self._look)
        return call

    def leave(self, call: WatchedCall) -> None:
        """Stop watching; from here on nothing cancels the task any more."""
        self._fresh.discard(call)
        self._met.discard(call)
        if call.watcher is not None:
            call.watcher.cancel()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        still_reading: set[WatchedCall] = set()
        for call in self._met:
            if not call.is_reading:
                call.watcher = loop.create_task(_wait_for_disconnect(call))
            elif now < call.read_until:
                still_reading.add(call)
            else:
                call.is_late = True
                call.task.cancel()
        self._met, self._fresh = self._fresh | still_reading, set()
        self._timer = loop.call_later(LOOK_INTERVAL_S, self._look) if self._met else None


async def _wait_for_disconnect(call: WatchedCall) -> None:
    while (await call.receive())["type"] != "http.disconnect":
        pass
    call.is_abandoned = True
    call.task.cancel()
