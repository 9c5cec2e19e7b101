"""Bounds for what all connections together hold in memory."""

import asyncio
from collections import deque


class ByteBudget:
    """Bytes that may be held at a time; a taker must give them back."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        """Bytes that are taken."""
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def take(self, size: int) -> bool:
        """Take *size* bytes if they are free and nobody waits for some; return whether."""
        if self._waiting or self.used + size > self.total:
            return False
        self.used += size
        return True

    async def reserve(self, size: int, timeout_s: float) -> bool:
        """Wait until *size* bytes are free, first come, first served; return whether they are.

        More than there is in all is never free.
        """
        if self.take(size):
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (size, future)
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        except TimeoutError:
            return False
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.give_back(size)
            raise
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
                self._serve()
        return True

    def give_back(self, size: int) -> None:
        """Return bytes that were taken."""
        self.used -= size
        self._serve()

    def _serve(self) -> None:
        while self._waiting:
            size, future = self._waiting[0]
            if self.used + size > self.total:
                return
            self._waiting.popleft()
            if not future.done():
                self.used += size
                future.set_result(None)
