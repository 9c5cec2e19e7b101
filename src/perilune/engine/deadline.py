"""Time limits for tasks, for the path of every execution.

`asyncio.timeout` does the same in general, for about 3 µs more; here a limit
nearly never strikes, and every execution would pay for it.
"""

import asyncio


class Deadline:
    """Cancels the current task once, when its time is over.

    When the work is done, call `stop`; when it ended in an error, ask `was_missed`.
    """

    __slots__ = ("_cancelling", "_handle", "_is_over", "_task")

    def __init__(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a deadline needs a task")
        self._task = task
        self._cancelling = task.cancelling()
        self._is_over = False
        self._handle = loop.call_later(seconds, self._strike)

    def stop(self) -> None:
        """Let the task go on without limit."""
        self._handle.cancel()

    def was_missed(self) -> bool:
        """Stop, and tell whether this deadline, and nobody else, has cancelled the task.

        Ask once: it takes the cancellation back, as `asyncio.timeout` does.
        """
        self.stop()
        return self._is_over and self._task.uncancel() <= self._cancelling

    def _strike(self) -> None:
        self._is_over = True
        self._task.cancel()


class SharedLimit:
    """Cancels tasks that have worked on something for too long; one timer looks after all.

    It may strike late, by a tenth of the limit.  A task that has begun with `start` ends with
    `stop`, or with `was_missed` when it ended in an error.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: dict[asyncio.Task[object], float] = {}
        self._struck: dict[asyncio.Task[object], int] = {}
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> "asyncio.Task[object]":
        """Give the current task its time, and return the task."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a limit needs a task")
        self._since[task] = loop.time()
        if self._timer is None:
            self._look_later(loop)
        return task

    def stop(self, task: "asyncio.Task[object]") -> None:
        """Let *task* go on without limit."""
        self._since.pop(task, None)

    def was_missed(self, task: "asyncio.Task[object]") -> bool:
        """Do what `Deadline.was_missed` does."""
        self.stop(task)
        cancelling = self._struck.pop(task, None)
        return cancelling is not None and task.uncancel() <= cancelling

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(self._seconds / 10, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        latest = loop.time() - self._seconds
        for task in [one for one, since in self._since.items() if since <= latest]:
            del self._since[task]
            self._struck[task] = task.cancelling()
            task.cancel()
        self._timer = None
        if self._since:
            self._look_later(loop)
