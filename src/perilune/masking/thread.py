"""Where masking is done that would hold up the event loop."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

T = TypeVar("T")

TURN_S: Final = 20e-6
"""How long a thread that masks keeps the interpreter while others wait for it.

The event loop gives the interpreter away with every system call, some thirty times for one call of
a function, and waits so long each time until it has it back.
"""


class MaskingThread:
    """One thread, which leaves the processor to others.

    Looking for secrets takes up to half a millisecond for each KiB, and who calls a function
    chooses what is in it.  What `Masker.is_quick` is done in the event loop, everything else here.
    """

    def __init__(self, name: str) -> None:
        """Start nothing yet; *name* is for those who look at threads."""
        self._thread = ThreadPoolExecutor(1, name)

    async def run(self, work: Callable[[], T]) -> T:
        """Return what *work* returns."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _in_turns, work)

    def close(self) -> None:
        """Begin nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class _Turns:
    """Shortens the interpreter's switch interval while any thread masks.

    Only then, since threads that take turns so often get less done: a tenth of all calls.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._maskings = 0
        self._usual_s = 0.0

    @contextmanager
    def are_short(self) -> Iterator[None]:
        """Keep the interval short until the block ends, and then as long as others need it."""
        with self._lock:
            if not self._maskings:
                self._usual_s = sys.getswitchinterval()
                sys.setswitchinterval(min(TURN_S, self._usual_s))
            self._maskings += 1
        try:
            yield
        finally:
            with self._lock:
                self._maskings -= 1
                if not self._maskings:
                    sys.setswitchinterval(self._usual_s)


_turns: Final = _Turns()


def _in_turns(work: Callable[[], T]) -> T:
    with _turns.are_short():
        return work()
