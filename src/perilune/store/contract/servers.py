"""Rows of the servers that work on one database."""

import builtins
from typing import NamedTuple, Protocol

from perilune.store.records import DEAD_AFTER_S, Server


class Heartbeat(NamedTuple):
    """What a server learns when it says that it lives."""

    servers: list[Server]
    """See `ServerRows.list`; itself is among them."""
    ahead_s: float
    """By how much the store's clock is ahead of the database's at least; 0 if that can't be told
    from the time that the question took."""


class ServerRows(Protocol):
    """Which servers work on the database, by its clock."""

    async def beat(self, server: Server) -> Heartbeat:
        """Say that *server* lives, and how it is; times are found out."""
        ...

    async def list(self) -> builtins.list[Server]:
        """Return all servers, the one that leads first: not draining, and there for longest.

        Dead ones are among them until somebody removes them.
        """
        ...

    async def remove(self, server_id: str) -> None:
        """Say that a server has ended; one that is not there is fine."""
        ...

    async def remove_dead(self, dead_after_s: float = DEAD_AFTER_S) -> int:
        """Forget the servers that have not been heard of for so long; return how many."""
        ...
