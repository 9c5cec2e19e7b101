"""Rows of what servers on one database count together."""

from typing import NamedTuple, Protocol


class FailedAttempts(NamedTuple):
    """How often an address has shown wrong credentials."""

    number: int
    last: float
    """When it did so for the last time, Unix seconds."""


class LimitRows(Protocol):
    """Counts that hold over all servers, by the store's clock."""

    async def is_new(self, function_id: str, message: bytes, until: float) -> bool:
        """Tell whether a function has not had *message*; it has from now on.

        It is kept until *until*, Unix seconds.
        """
        ...

    async def take(self, function_id: str, limit: int, window_s: int) -> tuple[bool, float]:
        """Take one of a function's calls.

        Returns:
            Whether there was one, and the seconds until all are there again.
        """
        ...

    async def failed(self, address: str, forgotten_after_s: float) -> FailedAttempts:
        """Count a wrong credential; those before are forgotten if the last is so long ago."""
        ...

    async def failures(self, address: str) -> FailedAttempts | None:
        """Return the wrong credentials of an address, if there are any."""
        ...

    async def succeeded(self, address: str) -> None:
        """Forget the wrong credentials of an address."""
        ...
