"""Where masking is done that would hold up the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


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
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Begin nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
