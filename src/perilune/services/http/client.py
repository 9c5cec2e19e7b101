"""The HTTP client of guest code: one pool of connections under the egress policy."""

import asyncio
import io
import socket
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TypeVar
from weakref import WeakSet

import aiohttp
from yarl import URL

from perilune.services.http.body import BodyReader
from perilune.services.http.egress import CheckingResolver, EgressPolicy, EgressRefused
from perilune.services.http.outgoing_request import OutgoingRequest, build_request, canonical
from perilune.services.http.reasons import reason_of
from perilune.services.http.target import quoted
from perilune.services.http.time_limits import TimeLimits
from perilune.services.http.types import HTTPClient, HTTPClientError, Request, Response
from perilune.services.http.wire import MAX_FIELD_BYTES, MAX_FIELDS, REST_S, Connector
from perilune.turns import Turns

MIB = 1024 * 1024
MAX_CONNECTIONS = 100
"""Most requests under way at a time; the others wait."""
MAX_SOCKETS = 2 * MAX_CONNECTIONS
"""With so many open, idle ones included, a connection is closed after its use."""
MAX_LARGE_BODIES = 16
"""As many as executions can be under way: a slow sender must not keep other executions
from reading.  A function has three quarters of the workers at most."""
IDLE_S = 90.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_AUTO_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPLimits:
    """What one request may take; a request can ask for less, never for more."""

    timeout_s: float = 30.0
    """For the whole exchange, redirects and body included."""
    max_bytes: int = 10 * MIB
    """Longest response body, after decompression."""
    redirects: int = 10


@dataclass(slots=True)
class _Pool:
    """What clients with different limits have in common."""

    large_bodies: asyncio.Semaphore
    session: aiohttp.ClientSession | None = None
    """None while the pool is closed."""
    turns: Turns = field(default_factory=lambda: Turns(REST_S))
    limits: TimeLimits = field(default_factory=TimeLimits)
    sockets: WeakSet[socket.socket] = field(default_factory=WeakSet)

    def open_socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """Make a socket and remember it as long as it lives."""
        made = socket.socket(*info[:3])
        self.sockets.add(made)
        return made

    @property
    def is_crowded(self) -> bool:
        """Whether no more idle connections should be kept."""
        # Those that are closed count only as long as somebody holds them.
        return (
            len(self.sockets) >= MAX_SOCKETS
            and sum(one.fileno() >= 0 for one in self.sockets) >= MAX_SOCKETS
        )


class AiohttpClient(HTTPClient):
    """Sends requests to addresses that the policy allows.

    An async context manager that owns a pool of connections.  Proxies of the
    environment, cookies and credentials of the machine are never used.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        limits: HTTPLimits | None = None,
        *,
        large_bodies: int = MAX_LARGE_BODIES,
    ) -> None:
        """Take what may be reached, and what one request and all together may take.

        Args:
            policy: decides about addresses.
            limits: for one request.
            large_bodies: how many may be read at a time.
        """
        self._policy = policy
        self._limits = limits or HTTPLimits()
        self._pool = _Pool(asyncio.Semaphore(large_bodies))

    async def __aenter__(self) -> "AiohttpClient":
        connector = Connector(
            self._pool.turns,
            resolver=CheckingResolver(self._policy),
            limit=MAX_CONNECTIONS,
            limit_per_host=MAX_CONNECTIONS,
            keepalive_timeout=IDLE_S,
            socket_factory=self._pool.open_socket,
        )
        self._pool.session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_NO_AUTO_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
            max_headers=MAX_FIELDS,
            max_line_size=MAX_FIELD_BYTES,
            max_field_size=MAX_FIELD_BYTES,
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        session, self._pool.session = self._pool.session, None
        if session is not None:
            await session.close()

    def with_limits(self, limits: HTTPLimits) -> "AiohttpClient":
        """Return a client with other limits on the same connections; it needs no closing."""
        other = AiohttpClient(self._policy, limits)
        other._pool = self._pool
        return other

    async def request(self, request: Request) -> Response:
        """Send a request with the method it names.

        Raises:
            HTTPClientError: there is no response; the message says why.
        """
        outgoing = build_request(request)
        timeout_s = _smaller(self._limits.timeout_s, request.timeout_s)
        exchange = _Exchange(
            pool=self._pool,
            policy=self._policy,
            follows=request.follow_redirects,
            max_bytes=_smaller(self._limits.max_bytes, request.max_bytes),
            timeout_s=timeout_s,
            deadline=asyncio.get_running_loop().time() + timeout_s,
        )
        location = ""
        for _ in range(self._limits.redirects + 1):
            response, location = await exchange.send(outgoing)
            if not location:
                return response
            outgoing = outgoing.redirected(response.status_code, location)
        raise replace(outgoing, shown=location).failure(
            f"stopped after {self._limits.redirects} redirects"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """Sends the requests that one call leads to."""

    pool: _Pool
    policy: EgressPolicy
    follows: bool
    max_bytes: int
    timeout_s: float
    deadline: float

    async def send(self, outgoing: OutgoingRequest) -> tuple[Response, str]:
        """Send one request; return its response and, if it is to be followed, the location."""
        target = outgoing.target
        if target.scheme not in ("http", "https"):
            raise outgoing.failure(f"unsupported protocol scheme {quoted(target.scheme)}")
        if not target.host:
            raise outgoing.failure("http: no Host in request URL")
        if self.pool.session is None:
            raise outgoing.failure("the client is closed")
        has_head = False
        limit = asyncio.timeout_at(None)
        try:
            self.policy.check_literal(target.host)
            self.pool.limits.start(limit, self.deadline)
            async with limit, self._open(self.pool.session, outgoing) as answer:
                has_head = True
                location = answer.headers.get("Location", "")
                if self.follows and location and answer.status in _REDIRECTS:
                    return Response(status_code=answer.status), location
                return await self._read(answer, outgoing), ""
        except EgressRefused as error:
            raise outgoing.failure(str(error)) from error
        except TimeoutError as error:
            reason = f"context deadline exceeded (time limit of {self.timeout_s:g} s)"
            raise _failure(outgoing, reason, has_head=has_head) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(outgoing, reason_of(error, target), has_head=has_head) from error
        finally:
            self.pool.limits.stop(limit)

    def _open(
        self, session: aiohttp.ClientSession, outgoing: OutgoingRequest
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        headers = outgoing.wire_headers()
        if self.pool.is_crowded:
            headers["Connection"] = "close"
        return session.request(
            outgoing.method,
            URL(outgoing.target.url, encoded=True),
            headers=headers,
            # A stream is sent in pieces; bytes would go out in one that holds up all others.
            data=io.BytesIO(outgoing.body) if outgoing.body else None,
            allow_redirects=False,
        )

    async def _read(self, answer: aiohttp.ClientResponse, outgoing: OutgoingRequest) -> Response:
        is_gzip = (
            outgoing.takes_gzip and answer.headers.get("Content-Encoding", "").lower() == "gzip"
        )
        reader = BodyReader(self.max_bytes, self.pool.large_bodies, self.pool.turns)
        data = await reader.read(answer.content, is_gzip=is_gzip)
        lines: dict[str, list[str]] = {}
        for raw_name, raw_value in answer.raw_headers:
            name = canonical(raw_name.decode("latin-1"))
            if not (is_gzip and name in ("Content-Encoding", "Content-Length")):
                lines.setdefault(name, []).append(raw_value.decode("utf-8", "surrogateescape"))
        return Response(
            status_code=answer.status,
            headers={name: values[0] for name, values in lines.items()},
            body=data,
            multi_headers=lines,
            url=outgoing.target.url,
        )


def _failure(outgoing: OutgoingRequest, reason: str, *, has_head: bool) -> HTTPClientError:
    if has_head:
        return HTTPClientError(f"failed to read response body: {reason}")
    return outgoing.failure(reason)


def _smaller(limit: _Number, wanted: _Number | None) -> _Number:
    """Return *wanted* if it is within *limit*; None means not given."""
    return limit if wanted is None else max(type(limit)(0), min(limit, wanted))
