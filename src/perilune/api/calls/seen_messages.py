"""Messages that have come already, so that nobody can send them again."""

from typing import Protocol

from perilune.clock import WallClock, wall_clock

MAX_REMEMBERED = 100_000
"""About 20 MiB.  Only messages with a right signature get here."""


class MessageMemory(Protocol):
    """Remembers signed messages as long as their time would be accepted."""

    async def is_new(self, function_id: str, message: bytes, until: float) -> bool:
        """Tell whether this function has not had *message*; it has from now on.

        Args:
            function_id: the receiver.
            message: what it is known by.
            until: Unix seconds from which it would be refused anyway.
        """
        ...


class SeenMessages:
    """The `MessageMemory` of a server that has its store to itself.

    A restart forgets everything.  Servers that share a store have `LimitRows` in its place.
    """

    def __init__(self, clock: WallClock = wall_clock) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, bytes], float] = {}
        """Until when each is remembered, in the order of arrival."""

    async def is_new(self, function_id: str, message: bytes, until: float) -> bool:
        """See `MessageMemory.is_new`."""
        key = (function_id, message)
        if key in self._seen:
            return False
        self._forget()
        self._seen[key] = until
        return True

    def _forget(self) -> None:
        """Drop the oldest while they are out of date or too many."""
        now = self._clock()
        while self._seen:
            oldest = next(iter(self._seen))
            if self._seen[oldest] >= now and len(self._seen) < MAX_REMEMBERED:
                return
            del self._seen[oldest]
