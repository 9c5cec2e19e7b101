"""Coroutines that are begun at once: most of ours end without ever having to wait.

A task costs some ten microseconds and at least one turn of the event loop; here only what does
wait gets one.  (Python 3.12 has the same as `eager_start` of tasks.)  The part up to the first
wait runs outside of any task, so it must not use `asyncio.timeout` and its like.
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


def run_eagerly(coroutine: Coroutine[Any, Any, T], done: Done) -> asyncio.Task[T] | None:
    """Run *coroutine* up to its end or first wait, and tell *done* how it has ended.

    Returns:
        The task in which it goes on; None if it has ended and *done* has been told.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration as end:
        result, error = end.value, None
    except (Exception, asyncio.CancelledError) as raised:
        result, error = None, raised
    else:
        return run_task(_Begun(coroutine, waits_for), done)
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
