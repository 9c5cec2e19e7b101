"""This server among those that work on one database: says that it lives, and looks at the others.

Where a server has its store to itself there is nothing to say: it is the only one, and leads.
"""

import asyncio
import logging
import math
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import msgspec

from perilune import __version__
from perilune.api import NotReady
from perilune.clock import (
    CorrectedClock,
    MonotonicClock,
    WallClock,
    monotonic_clock,
    wall_clock,
)
from perilune.errors import PeriluneError
from perilune.ids import use_server
from perilune.store import DEAD_AFTER_S, Server, Store, StoreError

BEAT_S = 2.0
"""How often a server says that it lives."""

MOST_AHEAD_S = 60.0
"""A clock that is off by more is wrong, and nobody knows what else is."""

Sleep = Callable[[float], Awaitable[object]]

_log = logging.getLogger(__name__)


class ClockOffError(PeriluneError):
    """This machine's clock and the database's tell very different times."""

    code = "clock_off"

    def __init__(self, ahead_s: float) -> None:
        where = "ahead of" if ahead_s > 0 else "behind"
        super().__init__(
            f"the clock of this machine is {abs(ahead_s):.0f} s {where} the database's;"
            f" at most {MOST_AHEAD_S:.0f} s are allowed: set it right"
        )


class Membership:
    """One server's part in what several do together.  All methods belong to one event loop."""

    def __init__(
        self,
        store: Store,
        server: Server,
        clock: WallClock = wall_clock,
        *,
        is_watching: Callable[[], object] = lambda: False,
        monotonic: MonotonicClock = monotonic_clock,
    ) -> None:
        """Know nobody else yet; `join` begins.

        Args:
            store: what the servers share, if it can be shared.
            server: this one.
            clock: the store's; a `CorrectedClock` is kept right by the database's.
            is_watching: tells whether somebody sees executions live by this server.
            monotonic: tells for how long the database has not answered.
        """
        self._store = store
        self.this = server
        """What it tells the others of itself."""
        self.clock = clock
        self._is_watching = is_watching
        self._monotonic = monotonic
        self._is_first = not store.is_shared
        self._beaten_at = self._steady_since = float("-inf")
        self._has_buried = False
        self._alive: frozenset[str] = frozenset()

    @property
    def server_id(self) -> str | None:
        """What is noted as this server's; None where there can't be another."""
        return self.this.id if self._store.is_shared else None

    @property
    def live_servers(self) -> int:
        """How many servers there are, this one included."""
        return len(self._alive) or 1

    @property
    def leads(self) -> bool:
        """Whether it is this one that cleans up for all."""
        if not self._store.is_shared:
            return True
        # Whoever has not been heard of for so long has been replaced.
        return self._is_first and self._monotonic() - self._beaten_at < DEAD_AFTER_S

    async def servers(self) -> list[Server]:
        """Return all servers, the one that leads first."""
        return await self._store.servers.list() if self._store.is_shared else [self.this]

    async def check(self) -> None:
        """Raise `NotReady` while this server should get no calls, whatever else works."""
        if self.this.draining:
            raise NotReady("the server is about to stop")
        if abs(self.this.ahead_s) > MOST_AHEAD_S:
            raise NotReady(str(ClockOffError(self.this.ahead_s)))

    async def join(self) -> None:
        """Say that this server lives; close what earlier ones have left, if it is the only one.

        Raises:
            ClockOffError: its clock can't be believed.
            StoreError: the store does not work.
        """
        if not self._store.is_shared:
            await self._recover(None)
            return
        await self.beat()
        if abs(self.this.ahead_s) > MOST_AHEAD_S:
            await self._store.servers.remove(self.this.id)
            raise ClockOffError(self.this.ahead_s)
        use_server(self.this.id)

    async def leave(self) -> None:
        """Say that this server has ended, if the store can still be told."""
        if self._store.is_shared:
            with suppress(StoreError):
                await self._store.servers.remove(self.this.id)

    async def drain(self) -> None:
        """Say that this server is about to end; calls are still accepted."""
        self.this = msgspec.structs.replace(self.this, draining=True)
        if self._store.is_shared:
            with suppress(StoreError):
                await self.beat()

    async def run(self, sleep: Sleep = asyncio.sleep) -> None:
        """Go on saying that this server lives, until this is cancelled."""
        has_failed = False
        while True:
            await sleep(BEAT_S)
            try:
                await self.beat()
            except StoreError as problem:
                if not has_failed:
                    _log.error("the other servers can't be told that this one lives: %s", problem)
                has_failed = True
            else:
                has_failed = False

    async def beat(self) -> None:
        """Say that this server lives; whoever leads closes what servers that do not have left.

        Raises:
            StoreError: the store does not work.
        """
        began = self._monotonic()
        was_off = abs(self.this.ahead_s) > MOST_AHEAD_S
        state = msgspec.structs.replace(self.this, watching=bool(self._is_watching()))
        heartbeat = await self._store.servers.beat(state)
        self._correct_clock(heartbeat.ahead_s, was_off=was_off)
        if began - self._beaten_at >= DEAD_AFTER_S:
            self._steady_since, self._has_buried = began, False
        self._beaten_at = began
        alive = [one.id for one in heartbeat.servers if one.is_alive]
        self._is_first = alive[:1] == [self.this.id]
        dead = [one for one in heartbeat.servers if not one.is_alive]
        if not self.leads:
            self._has_buried = False
        # When the database was away nobody was heard of: others need time to say that they live.
        elif began - self._steady_since >= DEAD_AFTER_S:
            if dead or not self._has_buried or not self._alive <= set(alive):
                await self._bury(dead)
            self._has_buried = True
        # Not before: what has failed is tried again at the next time.
        self._alive = frozenset(alive)

    def _correct_clock(self, ahead_s: float, *, was_off: bool) -> None:
        if not isinstance(self.clock, CorrectedClock):
            return
        self.clock.correct(ahead_s)
        self.this = msgspec.structs.replace(self.this, ahead_s=self.clock.ahead_s)
        if not was_off and abs(self.clock.ahead_s) > MOST_AHEAD_S:
            _log.error("no calls are wanted: %s", ClockOffError(self.clock.ahead_s))

    async def _bury(self, dead: Sequence[Server]) -> None:
        for one in dead:
            _log.warning(
                "server %s (%s) has not been heard of for %.0f s and counts as dead",
                *(one.id, one.name, one.silent_s),
            )
        await self._recover(DEAD_AFTER_S)
        if dead:
            await self._store.servers.remove_dead()

    async def _recover(self, dead_after_s: float | None) -> None:
        # One second on, so that rows of a server that died within this very second count too.
        before = math.floor(self.clock()) + 1
        closed = await self._store.recover_pending(before, dead_after_s)
        if closed:
            _log.warning("%d executions were interrupted by the end of their server", closed)
        await self._store.ticks.recover(before, dead_after_s)


@asynccontextmanager
async def open_membership(
    store: Store, clock: WallClock, port: int, is_watching: Callable[[], object]
) -> AsyncIterator[Membership]:
    """Be one of the servers until the block ends: the one with *port* on this host.

    Raises what `Membership.join` does.
    """
    this = Server(
        id=secrets.token_hex(8),
        name=f"{socket.gethostname()}:{port}",
        version=__version__,
        started_at=int(clock()),
    )
    membership = Membership(store, this, clock, is_watching=is_watching)
    await membership.join()
    beating = asyncio.create_task(membership.run()) if membership.server_id else None
    try:
        yield membership
    finally:
        if beating is not None:
            beating.cancel()
            await asyncio.wait([beating])
        await membership.leave()
