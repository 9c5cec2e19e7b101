"""Accepts connections, and stops accepting them in good order."""

import asyncio
import logging
import socket
from typing import Any

from perilune.api.connections.exchange import Opener
from perilune.api.connections.protocol import HttpProtocol
from perilune.api.connections.proxies import Proxies
from perilune.api.connections.shared import Cancellable, Connection, ConnectionLimits, Shared
from perilune.api.connections.tls import Certificate
from perilune.errors import PeriluneError

BACKLOG = 2048
LOOK_EVERY_S = 1.0
"""How often connections look at their deadlines, unless one of them is shorter."""
CANCEL_LIMIT_S = 8.0
"""Longest time that cancelled requests get to close their records."""
SEND_LIMIT_S = 8.0
"""Longest time that clients get to take their answers once no request is running."""
SEND_LEAST_S = 1.0
"""They get so much even when the time for requests is over."""
LOOK_AGAIN_S = 0.02

_log = logging.getLogger(__name__)


class ListenError(PeriluneError):
    """The address can't be listened on."""

    code = "listen_error"

    def __init__(self, host: str, port: int, problem: OSError) -> None:
        shown = host or "all interfaces"
        super().__init__(f"can't listen on {shown}, port {port}: {problem.strerror or problem}")


def bind_sockets(host: str, port: int) -> list[socket.socket]:
    """Return bound sockets, one per address family; an empty host means all interfaces.

    Raises:
        ListenError: the address is in use, not ours, or unknown.
    """
    try:
        if host:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            return [_bound(family, kind, protocol, address)]
        # The default on purpose, for compatibility; HOST narrows it.
        first = _bound(socket.AF_INET, socket.SOCK_STREAM, 0, ("0.0.0.0", port))  # noqa: S104
    except OSError as problem:
        raise ListenError(host, port, problem) from problem
    try:
        chosen: int = first.getsockname()[1]
        return [first, _bound(socket.AF_INET6, socket.SOCK_STREAM, 0, ("::", chosen))]
    except OSError:
        # A machine without IPv6 is fine.
        return [first]


class HttpServer:
    """Serves HTTP on bound sockets."""

    def __init__(
        self,
        open_exchange: Opener,
        sockets: list[socket.socket],
        limits: ConnectionLimits | None = None,
        *,
        trusted_proxies: tuple[str, ...] = (),
        certificate: Certificate | None = None,
    ) -> None:
        """Serve on *sockets*.

        Args:
            open_exchange: decides who answers a request.
            sockets: bound, see `bind_sockets`.
            limits: what its connections may use.
            trusted_proxies: addresses and networks whose word on a request's client and
                scheme (X-Forwarded-For, X-Forwarded-Proto) is taken; nobody else's is.
            certificate: serves HTTPS with this.
        """
        self._open = open_exchange
        self._limits = limits or ConnectionLimits()
        self._sockets = sockets
        self._proxies = Proxies(trusted_proxies)
        self._certificate = certificate
        self._servers: list[asyncio.Server] = []
        self.shared: Shared | None = None
        """What the connections have in common, while they are served."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Begin to accept connections."""
        loop = asyncio.get_running_loop()
        shared = self.shared = Shared(self._limits, self._proxies, loop)
        context = None if self._certificate is None else self._certificate.context
        for sock in self._sockets:
            self._servers.append(
                await loop.create_server(
                    lambda: HttpProtocol(shared, self._open),
                    sock=sock,
                    ssl=context,
                    backlog=BACKLOG,
                )
            )
        if self._certificate is not None:
            self._certificate.watch()
        shortest_s = min(self._limits.head_timeout_s, self._limits.keep_alive_s)
        every_s = min(LOOK_EVERY_S, shortest_s / 4)

        def look() -> None:
            shared.look()
            self._timer = loop.call_later(every_s, look)

        self._timer = loop.call_later(every_s, look)

    async def stop(self, grace_s: float) -> bool:
        """Stop accepting, let running requests finish, then cancel what is left.

        Args:
            grace_s: how long requests may go on.

        Returns:
            Whether all of them finished by themselves, and their clients took the answers.
        """
        end = asyncio.get_running_loop().time() + grace_s
        shared, self.shared = self.shared, None
        if shared is None:
            return True
        if self._certificate is not None:
            self._certificate.stop()
        for server in self._servers:
            server.close()
        for connection in list(shared.connections):
            connection.shut_down()
        has_finished = await _drain(shared, grace_s)
        if not has_finished:
            _log.warning("%d requests are cancelled, their time is over", len(shared.running))
            await _drain(shared, CANCEL_LIMIT_S, cancel=True)
        for connection in list(shared.connections):
            connection.close()
        is_sent = await _send_rest(shared, end)
        if self._timer is not None:
            self._timer.cancel()
        return has_finished and is_sent


async def _drain(shared: Shared, limit_s: float, *, cancel: bool = False) -> bool:
    """Wait until no request is running, those that begin meanwhile included; return whether."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit_s
    cancelled: set[Cancellable] = set()
    while shared.running:
        if loop.time() >= end:
            return False
        if cancel:
            for running in shared.running - cancelled:
                running.cancel()
                cancelled.add(running)
        await asyncio.sleep(LOOK_AGAIN_S)
    return True


async def _send_rest(shared: Shared, end: float) -> bool:
    """Let clients take their answers, abort those who don't; return whether all did."""
    loop = asyncio.get_running_loop()
    limit = loop.time() + min(SEND_LIMIT_S, max(SEND_LEAST_S, end - loop.time()))
    # Transports do not tell when everything is sent.
    while (unsent := _unsent(shared)) and loop.time() < limit:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_AGAIN_S)
    if unsent:
        _log.warning("%d answers were not taken by their clients and are cut off", len(unsent))
    for connection in list(shared.connections):
        connection.transport.abort()
    return not unsent


def _unsent(shared: Shared) -> list[Connection]:
    return [one for one in shared.connections if _unsent_bytes(one.transport)]


def _unsent_bytes(transport: asyncio.Transport) -> int:
    try:
        return transport.get_write_buffer_size()
    except AttributeError:  # of asyncio's TLS, between the end of a connection and its being told
        return 0


def _bound(family: int, kind: int, protocol: int, address: tuple[Any, ...]) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
