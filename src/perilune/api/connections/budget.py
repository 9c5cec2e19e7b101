"""Bounds for what all connections together hold in memory."""

import asyncio
from collections import deque
from collections.abc import Callable


class Place:
    """Bytes that somebody waits for."""

    __slots__ = ("size", "tell", "timer")

    def __init__(self, size: int, tell: Callable[[bool], None]) -> None:
        self.size = size
        self.tell = tell
        self.timer: asyncio.TimerHandle | None = None


class ByteBudget:
    """Bytes that may be held at a time; a taker must give them back."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        """Bytes that are taken."""
        self._waiting: deque[Place] = deque()

    def take(self, size: int) -> bool:
        """Take *size* bytes if they are free and nobody waits for some; return whether."""
        if self._waiting or self.used + size > self.total:
            return False
        self.used += size
        return True

    def ask(self, size: int, timeout_s: float, tell: Callable[[bool], None]) -> Place:
        """Wait until *size* bytes are free, first come, first served.

        More than there is in all is never free.

        Args:
            size: how many bytes.
            timeout_s: how long to wait.
            tell: called once, after this: with True when they have been taken, else with False.

        Returns:
            What `withdraw` takes.
        """
        place = Place(size, tell)
        self._waiting.append(place)
        place.timer = asyncio.get_running_loop().call_later(timeout_s, self._expire, place)
        return place

    def withdraw(self, place: Place) -> None:
        """Wait no longer; nobody is told.  What has been taken must be given back."""
        if place.timer is not None:
            place.timer.cancel()
        if place in self._waiting:
            self._waiting.remove(place)
            self._serve()

    async def reserve(self, size: int, timeout_s: float) -> bool:
        """Do what `ask` does, and return whether the bytes have been taken."""
        if self.take(size):
            return True
        taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        place = self.ask(size, timeout_s, taken.set_result)
        try:
            return await taken
        except asyncio.CancelledError:
            self.withdraw(place)
            if taken.done() and not taken.cancelled() and taken.result():
                self.give_back(size)
            raise

    def give_back(self, size: int) -> None:
        """Return bytes that were taken."""
        self.used -= size
        self._serve()

    def _expire(self, place: Place) -> None:
        self.withdraw(place)
        place.tell(False)

    def _serve(self) -> None:
        while self._waiting and self.used + self._waiting[0].size <= self.total:
            place = self._waiting.popleft()
            if place.timer is not None:
                place.timer.cancel()
            self.used += place.size
            place.tell(True)
