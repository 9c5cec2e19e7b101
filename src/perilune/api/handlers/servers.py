"""What the management API tells about the servers that work on one database."""

from collections.abc import Awaitable, Callable

import msgspec

from perilune.store import Server


class ServerState(msgspec.Struct, frozen=True, kw_only=True):
    """One server."""

    id: str
    name: str
    """Its host and port."""
    version: str
    """Of the program."""
    started_at: int
    state: str
    """`live`, `draining`, or `dead` until what it has left is closed."""
    leads: bool
    """Whether it is the one that cleans up for all."""
    is_this: bool
    """Whether it is the one that answers."""
    silent_ms: int
    """How long ago it was last heard of."""
    clock_ahead_ms: int
    """By how much its clock is ahead of the database's; that is made up for."""


class Servers:
    """The servers that there are."""

    def __init__(self, list_servers: Callable[[], Awaitable[list[Server]]], server_id: str) -> None:
        """Take servers from *list_servers*, the one that leads first; this one is *server_id*."""
        self._list = list_servers
        self._server_id = server_id

    async def list(self) -> dict[str, list[ServerState]]:
        """Return all servers.  Raises `StoreError`."""
        found = await self._list()
        leader = next((one.id for one in found if one.is_alive), None)
        return {
            "servers": [
                ServerState(
                    id=one.id,
                    name=one.name,
                    version=one.version,
                    started_at=one.started_at,
                    state=_state(one),
                    leads=one.id == leader,
                    is_this=one.id == self._server_id,
                    silent_ms=max(0, int(one.silent_s * 1000)),
                    clock_ahead_ms=int(one.ahead_s * 1000),
                )
                for one in found
            ]
        }


def _state(server: Server) -> str:
    if not server.is_alive:
        return "dead"
    return "draining" if server.draining else "live"
