"""Coroutines that are begun at once, and go on without a task where they only wait for futures.

A task costs some ten microseconds and at least one turn of the event loop.  (The `eager_start` of
tasks in Python 3.12 saves the turn.)  Outside of a task there is no `asyncio.current_task`, so
nothing of this may use `asyncio.timeout` and its like; after an `asyncio.sleep(0)` it may.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

Done = Callable[[Any, BaseException | None], None]
"""Takes what a coroutine has returned, or what it has raised."""

_running: set[asyncio.Task[Any]] = set()
"""The event loop itself would not keep them."""


def settle(future: asyncio.Future[T], value: T | None, error: BaseException | None) -> None:
    """Give *future* what a coroutine has returned or raised, unless nobody waits any more."""
    if future.done():
        return
    if isinstance(error, asyncio.CancelledError):
        future.cancel()
    elif error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)  # type: ignore[arg-type]  # there is one without an error


class Waiting:
    """A coroutine that waits for something."""

    __slots__ = ("_coroutine", "_done", "_future", "_is_cancelled")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], done: Done) -> None:
        self._coroutine = coroutine
        self._done = done
        self._future: asyncio.Future[Any] | None = None
        self._is_cancelled = False

    def cancel(self) -> None:
        """Have it get a `CancelledError` where it waits; *done* is told when that has ended it."""
        if self._future is not None and not self._future.cancel():
            self._is_cancelled = True

    def wait(self, waits_for: Any) -> None:
        """Go on when *waits_for* is there, which is what the coroutine has given."""
        if getattr(waits_for, "_asyncio_future_blocking", None):
            # As a task does: this says that it was waited for and not just given.
            waits_for._asyncio_future_blocking = False
            waits_for.add_done_callback(self._go_on)
            self._future = waits_for
            if self._is_cancelled and waits_for.cancel():
                self._is_cancelled = False
        else:
            self._future = run_task(_Begun(self._coroutine, waits_for), self._done)

    def _go_on(self, _: object) -> None:
        try:
            if self._is_cancelled:
                self._is_cancelled = False
                waits_for = self._coroutine.throw(asyncio.CancelledError())
            else:
                waits_for = self._coroutine.send(None)
        except StopIteration as end:
            result, error = end.value, None
        except (Exception, asyncio.CancelledError) as raised:
            result, error = None, raised
        else:
            self.wait(waits_for)
            return
        self._done(result, error)


def run_eagerly(coroutine: Coroutine[Any, Any, Any], done: Done) -> Waiting | None:
    """Run *coroutine* up to its end or first wait, and tell *done* how it has ended.

    Returns:
        What goes on later; None if it has ended and *done* has been told.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration as end:
        result, error = end.value, None
    except (Exception, asyncio.CancelledError) as raised:
        result, error = None, raised
    else:
        waiting = Waiting(coroutine, done)
        waiting.wait(waits_for)
        return waiting
    done(result, error)
    return None


def run_task(coroutine: Coroutine[Any, Any, T], done: Done) -> asyncio.Task[T]:
    """Run *coroutine* in a task, and tell *done* how it has ended."""
    task = asyncio.get_running_loop().create_task(coroutine)
    _running.add(task)
    task.add_done_callback(partial(_tell, done))
    return task


def _tell(done: Done, task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if task.cancelled():
        done(None, asyncio.CancelledError())
    elif (error := task.exception()) is not None:
        done(None, error)
    else:
        done(task.result(), None)


class _Begun(Coroutine[Any, Any, T]):
    """The rest of a coroutine that waits for something."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for
        self._is_resumed = False

    def send(self, value: Any) -> Any:
        """Go on; the first time, hand out what it has been waiting for already."""
        if self._is_resumed:
            return self._coroutine.send(value)
        self._is_resumed = True
        return self._waits_for

    def throw(self, *error: Any) -> Any:
        """Raise *error* where it waits."""
        self._is_resumed = True
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """End it where it waits."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, T]:
        """Only tasks run it."""
        raise TypeError("run it in a task")
