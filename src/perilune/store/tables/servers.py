"""Rows of `servers`: who works on the database."""

import builtins
from typing import Any

from perilune.clock import WallClock
from perilune.store.contract.servers import Heartbeat
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.operations import Statement, Work
from perilune.store.database.statements import load_statements
from perilune.store.records import DEAD_AFTER_S, Server

_SQL = load_statements("servers")


class Servers:
    """The servers; the methods are those of `ServerRows`."""

    def __init__(self, access: Access, clock: WallClock) -> None:
        """Use *access*; *clock* is compared with the database's."""
        self._access = access
        self._clock = clock

    async def beat(self, server: Server) -> Heartbeat:
        """See `ServerRows.beat`."""
        params = (
            *(server.id, server.name, server.version),
            *(int(server.draining), int(server.watching), server.ahead_s),
        )

        def beat(connection: Connection) -> Heartbeat:
            before = self._clock()
            (now,) = connection.execute(_SQL["beat"], params).fetchone()
            after = self._clock()
            # The database has looked at its clock somewhen in between.
            ahead_s = max(before - now, 0.0) or min(after - now, 0.0)
            return Heartbeat(_all(connection), ahead_s)

        return await self._access.write(Work(beat))

    async def list(self) -> builtins.list[Server]:
        """See `ServerRows.list`."""
        return await self._access.read(_all)

    async def remove(self, server_id: str) -> None:
        """See `ServerRows.remove`."""
        await self._access.write(Statement(_SQL["remove"], (server_id,)))

    async def remove_dead(self, dead_after_s: float = DEAD_AFTER_S) -> int:
        """See `ServerRows.remove_dead`."""
        return await self._access.write(
            Work(
                lambda connection: connection.execute(_SQL["remove_dead"], (dead_after_s,)).rowcount
            )
        )


def _all(connection: Connection) -> list[Server]:
    return [_server_of_row(row) for row in connection.execute(_SQL["all_servers"]).fetchall()]


def _server_of_row(row: tuple[Any, ...]) -> Server:
    return Server(
        id=row[0],
        name=row[1],
        version=row[2],
        started_at=int(row[3]),
        silent_s=row[4],
        draining=bool(row[5]),
        watching=bool(row[6]),
        ahead_s=row[7],
    )
