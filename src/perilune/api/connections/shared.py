"""What the connections of one server have in common."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Protocol

from perilune.api.connections.budget import ByteBudget
from perilune.api.connections.proxies import Proxies

MIB = 1024 * 1024
SMALL_BODIES_BYTES = 32 * MIB
"""What all requests may hold of bodies, beside those that have a place as large ones."""


class Connection(Protocol):
    """What the server asks of a connection."""

    transport: asyncio.Transport

    def look(self, now: float) -> None:
        """Look at deadlines."""
        ...

    def shut_down(self) -> None:
        """End after the answer that is under way."""
        ...

    def close(self) -> None:
        """End once everything has been sent."""
        ...


class Cancellable(Protocol):
    """What the server asks of a request that is being answered."""

    def cancel(self) -> None:
        """Come to an end: the server does not wait any longer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What the connections of one server may use."""

    head_timeout_s: float = 10.0
    keep_alive_s: float = 75.0
    """How long a connection may be idle, or take nothing of what is sent."""
    max_connections: int = 10_000
    body_bytes: int = 6 * MIB
    """Largest body that is read."""
    large_bodies_bytes: int = 32 * MIB
    """What large bodies may hold at a time: of requests, and of answers once more."""

    @property
    def max_per_address(self) -> int:
        """Connections of one address, so that none can have all of them."""
        return max(1, self.max_connections // 2)


@dataclass(slots=True)
class Shared:
    """What every connection of a server needs, and its part in."""

    limits: ConnectionLimits
    proxies: Proxies
    loop: asyncio.AbstractEventLoop
    connections: set[Connection] = field(default_factory=set)
    running: set[Cancellable] = field(default_factory=set)
    """Requests that somebody works at."""
    per_address: Counter[str] = field(default_factory=Counter)
    small: ByteBudget = field(init=False)
    incoming: ByteBudget = field(init=False)
    outgoing: ByteBudget = field(init=False)
    date: bytes = b""
    """The line of the field `Date`."""
    now: float = 0.0
    """The event loop's time when connections were looked at last."""

    def __post_init__(self) -> None:
        """Make the budgets."""
        large = max(self.limits.large_bodies_bytes, self.limits.body_bytes)
        self.small = ByteBudget(SMALL_BODIES_BYTES)
        self.incoming = ByteBudget(large)
        self.outgoing = ByteBudget(large)
        self.look()

    def enter(self, connection: Connection, host: str) -> bool:
        """Count a connection from *host*; return whether there is a place for it."""
        self.connections.add(connection)
        self.per_address[host] += 1
        if len(self.connections) > self.limits.max_connections:
            return False
        return self.per_address[host] <= self.limits.max_per_address or self.proxies.trusts(host)

    def leave(self, connection: Connection, host: str) -> None:
        """Forget a connection from *host*."""
        self.connections.discard(connection)
        self.per_address[host] -= 1
        if not self.per_address[host]:
            del self.per_address[host]

    def look(self) -> None:
        """Renew the date, and have every connection look at its deadlines."""
        self.date = b"date: " + formatdate(usegmt=True).encode("ascii") + b"\r\n"
        self.now = now = self.loop.time()
        for connection in list(self.connections):
            connection.look(now)
