"""An event loop for processes that have no sockets: it waits for nothing but time.

The loops of the standard library need a socket pair and `epoll`, which
workers may not have.  Everything else of `asyncio` works on this one.
"""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any


class DeadlockError(RuntimeError):
    """Every task waits for another one, so none will ever go on."""


class _Clock:
    """Stands where other loops have a selector."""

    def select(self, timeout: float | None) -> list[Any]:
        """Wait until something is due."""
        if timeout is None:
            raise DeadlockError("the event loop waits for something that will never happen")
        if timeout > 0:
            time.sleep(timeout)
        return []


class GuestLoop(asyncio.BaseEventLoop):
    """An event loop without input and output."""

    def __init__(self, selector: object = None) -> None:
        # A selector is what the usual loops take; there is nothing to select from.
        super().__init__()
        self._selector = _Clock()

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class GuestLoopPolicy(asyncio.DefaultEventLoopPolicy):
    """Makes `asyncio.run` and the like use `GuestLoop`."""

    _loop_factory = GuestLoop


def replace_event_loops() -> None:
    """Make `GuestLoop` what `asyncio` uses, also after the policy was set to the default one."""
    for name in ("SelectorEventLoop", "EventLoop"):  # the latter since Python 3.13
        if hasattr(asyncio, name):
            setattr(asyncio, name, GuestLoop)
    vars(asyncio)["DefaultEventLoopPolicy"] = GuestLoopPolicy
    asyncio.set_event_loop_policy(None)


class LoopRunner:
    """Runs what coroutines a guest returns, one after the other, on one loop."""

    def __init__(self) -> None:
        self._loop: GuestLoop | None = None

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Wait for *awaitable* and return its result; tasks that are left over are cancelled."""
        loop = self._loop
        if loop is None:
            loop = self._loop = GuestLoop()
            asyncio.set_event_loop(loop)
        try:
            return loop.run_until_complete(_waited(awaitable))
        except DeadlockError:
            self._loop = None
            raise
        finally:
            left = asyncio.all_tasks(loop)
            if left:
                _cancel(loop, left)


async def _waited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _cancel(loop: GuestLoop, tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    try:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    except DeadlockError:
        # They wait for each other even now; nobody will run them again.
        pass
