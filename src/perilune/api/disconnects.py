"""Cancels an execution whose client has gone away.

Noticing it takes a task that waits on the connection.  Most executions are
over before such a task would have started, so one timer for all of them looks
twice per execution at most: what it has met before and is still there gets
its task.
"""

import asyncio

from starlette.types import Receive

LOOK_INTERVAL_S = 0.02


class Call:
    """One call of a function whose client may go away."""

    __slots__ = ("is_abandoned", "receive", "task", "watcher")

    def __init__(self, task: asyncio.Task[None], receive: Receive) -> None:
        self.task = task
        self.receive = receive
        self.watcher: asyncio.Task[None] | None = None
        self.is_abandoned = False
        """The client went away, and the call has been cancelled for that."""


class Disconnects:
    """Watches the clients of all calls that take longer than a moment."""

    def __init__(self) -> None:
        self._fresh: set[Call] = set()
        self._met: set[Call] = set()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, receive: Receive) -> Call:
        """Begin to watch the client of the current task."""
        task: asyncio.Task[None] | None = asyncio.current_task()
        assert task is not None, "a request is always served in a task of its own"
        call = Call(task, receive)
        self._fresh.add(call)
        if self._timer is None:
            self._timer = task.get_loop().call_later(LOOK_INTERVAL_S, self._look)
        return call

    def leave(self, call: Call) -> None:
        """Stop watching; from here on nothing cancels the task any more."""
        self._fresh.discard(call)
        self._met.discard(call)
        if call.watcher is not None:
            call.watcher.cancel()

    def _look(self) -> None:
        for call in self._met:
            call.watcher = asyncio.create_task(_wait_for_disconnect(call))
        self._met, self._fresh = self._fresh, set()
        self._timer = None
        if self._met:
            self._timer = asyncio.get_running_loop().call_later(LOOK_INTERVAL_S, self._look)


async def _wait_for_disconnect(call: Call) -> None:
    while (await call.receive())["type"] != "http.disconnect":
        pass
    call.is_abandoned = True
    call.task.cancel()
