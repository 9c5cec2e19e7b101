"""Accepts connections, and stops accepting them in good order."""

import asyncio
import logging
import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from perilune.api.connections.protocol import ConnectionLimits, bounded_protocol
from perilune.api.connections.tls import Certificate
from perilune.errors import PeriluneError

BACKLOG = 2048
CANCEL_LIMIT_S = 8.0
"""Longest time that cancelled requests get to close their records."""

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
    """Serves one ASGI application on bound sockets."""

    def __init__(
        self,
        app: ASGIApp,
        sockets: list[socket.socket],
        limits: ConnectionLimits | None = None,
        *,
        trusted_proxies: tuple[str, ...] = (),
        certificate: Certificate | None = None,
    ) -> None:
        """Serve *app* on *sockets*.

        Args:
            app: the application.
            sockets: bound, see `bind_sockets`.
            limits: what its connections may use.
            trusted_proxies: addresses and networks whose word on a request's client and
                scheme (X-Forwarded-For, X-Forwarded-Proto) is taken; nobody else's is.
            certificate: serves HTTPS with this.
        """
        self._limits = limits or ConnectionLimits()
        self._sockets = sockets
        self._certificate = certificate
        config = uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            ssl_context_factory=None if certificate is None else lambda *_: certificate.context,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=int(self._limits.keep_alive_s),
        )
        config.load()
        protocol: Any = bounded_protocol(self._limits)
        config.http_protocol_class = protocol
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        self._ticking: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Begin to accept connections."""
        await self._server.on_tick(0)
        await self._server.startup(sockets=self._sockets)
        if self._certificate is not None:
            self._certificate.watch()
        self._ticking = asyncio.create_task(self._server.main_loop())

    async def stop(self, grace_s: float) -> bool:
        """Stop accepting, let running requests finish, then cancel what is left.

        Args:
            grace_s: how long requests may go on.

        Returns:
            Whether all of them finished by themselves.
        """
        if self._ticking is None:
            return True
        self._ticking.cancel()
        self._ticking = None
        if self._certificate is not None:
            self._certificate.stop()
        for listener in self._server.servers:
            listener.close()
        state = self._server.server_state
        for connection in list(state.connections):
            connection.shutdown()
        has_finished = await self._wait(grace_s)
        if not has_finished:
            _log.warning("%d requests are cancelled, their time is over", len(state.tasks))
            for task in list(state.tasks):
                task.cancel()
            await self._wait(CANCEL_LIMIT_S)
        for connection in list(state.connections):
            connection.transport.close()
        return has_finished

    async def _wait(self, limit_s: float) -> bool:
        """Wait until no request is running; pipelined ones may begin meanwhile."""
        loop = asyncio.get_running_loop()
        end = loop.time() + limit_s
        tasks = self._server.server_state.tasks
        while tasks:
            left_s = end - loop.time()
            if left_s <= 0:
                return False
            await asyncio.wait(list(tasks), timeout=left_s)
            # Lets the tasks' own callbacks take them out of the set.
            await asyncio.sleep(0)
        return True


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
