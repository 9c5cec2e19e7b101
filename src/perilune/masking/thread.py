"""Where masking is done that would hold up the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from perilune.masking.masker import Masker
from perilune.masking.process import DistantMasker, MaskingProcess

T = TypeVar("T")


class MaskingThread:
    """A thread, and a process that does for it what takes long.

    Looking for secrets takes up to half a millisecond for each KiB, and who calls a function
    chooses what is in it.  What `Masker.is_quick` is done in the event loop, everything else here.
    """

    def __init__(self, name: str) -> None:
        """Start nothing yet; *name* is for those who look at threads."""
        self._thread = ThreadPoolExecutor(1, name)
        self._process = MaskingProcess()

    async def run(self, work: Callable[[Masker], T], masker: Masker) -> T:
        """Return what *work* returns, given a masker that hides what *masker* does."""
        # What a subclass does another process does not know.
        if type(masker) is Masker:
            masker = DistantMasker(masker, self._process)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, masker)

    def close(self) -> None:
        """Begin nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._process.close()
