"""HTTP/1.1 connections whose clients can neither waste memory nor hold them for ever (KD-108).

httptools takes the bytes apart.  Everything that a request may be short of is decided here and in
`request.py`: its size, its time, its place among the others.  The time of a body that somebody
reads is bounded by its reader, see `body.py`.
"""

import asyncio
import socket
from collections import deque
from typing import Any, cast

import httptools

from perilune.api.connections.exchange import CONTINUE, Exchange, Opener, encoded_error
from perilune.api.connections.request import (
    MAX_HEAD_BYTES,
    Ends,
    Headers,
    RefusedHead,
    Request,
    check_size,
    too_large,
)
from perilune.api.connections.shared import Shared
from perilune.api.error_answer import ErrorAnswer
from perilune.api.errors import BAD_MESSAGE, BODIES_FULL, HEAD_TOO_LARGE

MAX_UNREAD_BYTES = 32 * 1024 * 1024
"""Of a body that arrives after its answer, because the answer did not wait for it."""
MAX_OVERHEAD_BYTES = 64 * 1024
"""Of chunk sizes, chunk extensions and trailer fields, beside 16 bytes for each of the body."""
MAX_PIPELINED = 64
"""Requests that wait for the answer before theirs; the connection ends with the last of them."""
READ_AHEAD_BYTES = 64 * 1024
SEND_AHEAD_BYTES = 128 * 1024
"""What the kernel may hold of an answer that its client does not take."""
MIN_PROGRESS_BYTES = 16 * 1024
"""What a client has to take of an answer in the time that a connection may be idle."""
LINGER_S = 2.0
"""How long the rest of a request is read after the connection's last answer."""
PROBE_AFTER_S = 1.0
"""How long after its end of input a client is asked whether it is still there."""

_IDLE, _IN_HEAD, _IN_BODY = 0, 1, 2
_NOTSENT_LOWAT = 25  # TCP_NOTSENT_LOWAT of Linux, which Python does not name


class HttpProtocol(asyncio.Protocol):
    """One connection."""

    def __init__(self, shared: Shared, open_exchange: Opener) -> None:
        self.shared = shared
        self._open = open_exchange
        self.is_write_paused = False
        self.held = 0
        """Bytes of the budget for answers that this connection has taken."""
        self._parser = self._new_parser()
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._ends: Ends = ("", 0), None, "http"
        self._exchange: Exchange[Any] | None = None
        """The request that is being answered; `_waiting` has those behind it."""
        self._arriving: Exchange[Any] | None = None
        self._fresh: Exchange[Any] | None = None
        """It begins once everything that came along with its head has been parsed."""
        self._waiting: deque[Exchange[Any]] = deque()
        self._stage = _IDLE
        self._is_closed_for_input = False
        self._is_lingering = False
        self._is_read_paused = False
        self._deadline = 0.0
        self._is_overdue = False
        self._probe_at, self._probe_every_s = 0.0, PROBE_AFTER_S
        self._written = 0
        self._stalled: tuple[float, int] | None = None
        self._refusal = BAD_MESSAGE
        self._is_refused = False
        """`_refusal` is the last answer, behind those to the requests before it."""
        self._target = b""
        self._headers: Headers = []
        self._read_bytes = self._raw_bytes = self._body_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve, unless too many connections are open already."""
        shared = self.shared
        self.transport = cast(asyncio.Transport, transport)
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        client = (peer[0], peer[1]) if isinstance(peer, tuple) else ("", 0)
        server = (own[0], own[1]) if isinstance(own, tuple) else None
        is_secure = transport.get_extra_info("sslcontext") is not None
        self._ends = client, server, "https" if is_secure else "http"
        if not shared.enter(self, client[0]):
            self.close()
            return
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, SEND_AHEAD_BYTES)
        self._deadline = shared.loop.time() + shared.limits.head_timeout_s

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        shared = self.shared
        shared.leave(self, self._ends[0][0])
        self._give_back()
        self._deadline = self._probe_at = 0.0
        for exchange in (self._exchange, self._arriving, *self._waiting):
            if exchange is not None and not exchange.is_over:
                exchange.is_disconnected = True
                exchange.wake()
        for exchange in self._waiting:
            exchange.release()
        self._waiting.clear()

    def eof_received(self) -> bool:
        """Go on with a request that has arrived whole: its client may still want the answer.

        RFC 9112, 9.6.  Whether it does turns out when something is sent to it.
        """
        self._is_closed_for_input = True
        exchange = self._exchange
        if (
            exchange is None
            or exchange.is_started
            or (self._stage != _IDLE and not self._is_refused)
        ):
            return False
        if self._ends[2] == "https" or exchange.request.version == "1.0":
            return False
        self._probe_at = self.shared.loop.time() + PROBE_AFTER_S
        return True

    def data_received(self, data: bytes) -> None:
        """Take in some bytes, and look whether what is unfinished stays within limits."""
        if self._is_closed_for_input:
            return
        self._read_bytes = len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # Nothing is upgraded to.  What follows is the next request.
            self._parser = self._new_parser()
            if rest := data[upgrade.args[0] :]:
                self.data_received(rest)
        except httptools.HttpParserError:
            self._refuse(self._refusal)
        else:
            if self._stage != _IDLE:
                self._check_size()
        fresh = self._fresh
        if fresh is not None:
            self._fresh = None
            fresh.start()

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self.is_write_paused = True

    def resume_writing(self) -> None:
        """The client has taken most of what was sent."""
        self.is_write_paused = False
        self._give_back()
        if self._exchange is not None:
            self._exchange.wake()

    # What the parser reports

    def on_message_begin(self) -> None:
        """A request's first byte has arrived."""
        self._target, self._headers = b"", []
        self._raw_bytes = self._body_bytes = 0
        self._stage = _IN_HEAD
        if self._exchange is None:
            self._deadline = self.shared.now + self.shared.limits.head_timeout_s

    def on_url(self, url: bytes) -> None:
        """A part of the target has arrived."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field has arrived; those behind the body are dropped (RFC 9110, 6.5.1).

        A proxy in front examines the head alone, so trailer fields must not count as headers.
        """
        if self._stage == _IN_HEAD:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """A request's head has arrived."""
        self._stage = _IN_BODY
        arrived = self._raw_bytes + self._read_bytes
        self._deadline, self._raw_bytes = 0.0, 0
        if self._is_closed_for_input:
            return
        parser, proxies = self._parser, self.shared.proxies
        target, headers = self._target, self._headers
        try:
            if arrived > MAX_HEAD_BYTES:  # maybe not of this request alone
                check_size(target, headers)
            version, method = parser.get_http_version(), parser.get_method().decode("ascii")
            request = Request(self._ends, version, method, target, headers)
        except RefusedHead as refused:
            self._refusal = refused.answer
            raise
        if proxies.trusts_any:
            request.client, request.scheme = proxies.forwarded(
                headers, request.client, request.scheme
            )
        self._arriving = exchange = self._open(self, request)
        exchange.is_last = version == "1.0" or not parser.should_keep_alive()
        if self._exchange is None:
            self._exchange = self._fresh = exchange
            self.shared.running.add(exchange)
            return
        self._waiting.append(exchange)
        self._pause_reading()

    def on_body(self, body: bytes) -> None:
        """A part of a request's body has arrived."""
        self._body_bytes += len(body)
        exchange = self._arriving
        if exchange is None or exchange.is_over or exchange.is_disconnected:
            return
        if not exchange.feed(body):
            self.fail(exchange, BODIES_FULL)
        elif exchange.unread > READ_AHEAD_BYTES:
            self._pause_reading()

    def on_message_complete(self) -> None:
        """A request's last byte has arrived."""
        self._stage = _IDLE
        exchange, self._arriving = self._arriving, None
        if exchange is None:
            return
        exchange.is_body_complete = True
        if exchange.is_last or len(self._waiting) >= MAX_PIPELINED:
            exchange.is_last = self._is_closed_for_input = True
        if self._fresh is None:
            exchange.wake()
        if exchange.is_over and self._exchange is None:
            # The rest of a request that was answered before it had arrived.
            self._deadline = self.shared.now + self.shared.limits.keep_alive_s

    # What exchanges and the server ask for

    def write(self, data: bytes, answered: Exchange[Any] | None = None) -> None:
        """Send bytes, unless the connection is going down.

        When they are the last ones of *answered*, go on: with the request behind it, or by
        waiting for one.
        """
        transport, shared = self.transport, self.shared
        if not self._is_lingering and not transport.is_closing():
            self._written += len(data)
            transport.write(data)
        if answered is None:
            return
        if self.held and not self.is_write_paused:
            self._give_back()
        if answered.is_last or (self._is_closed_for_input and not self._waiting):
            if self._is_refused and not answered.is_last:
                self.write(encoded_error(self._refusal, shared.date))
            self.close()
            return
        if self._waiting:
            self._exchange = following = self._waiting.popleft()
            shared.running.add(following)
            # Not at once: a long row of them would be a deep stack.
            shared.loop.call_soon(following.start)
        else:
            self._exchange = None
            self._deadline = shared.now + shared.limits.keep_alive_s
        if self._is_read_paused:
            self.resume_reading()

    def hold(self, size: int) -> bool:
        """Take a place in the budget of answers until they have been sent; return whether."""
        if not self.shared.outgoing.take(size):
            return False
        self.held += size
        return True

    def resume_reading(self) -> None:
        """Let more of a body arrive."""
        if self._is_read_paused and not self._waiting and not self._is_lingering:
            self._is_read_paused = False
            self.transport.resume_reading()

    def fail(self, exchange: Exchange[Any], answer: ErrorAnswer) -> None:
        """End a request, with an answer if none has begun, and the connection with it."""
        if not exchange.is_over:
            if not exchange.is_started and exchange is self._exchange:
                self.write(encoded_error(answer, self.shared.date))
            exchange.is_disconnected = True
            exchange.wake()
        self.close()

    def close(self) -> None:
        """End the connection once everything has been sent.

        While a request is still arriving, the rest of it is read and dropped for a moment:
        closing at once would reset the connection, and the client lose its answer (RFC 9112, 9.6).
        """
        self._is_closed_for_input = True
        transport = self.transport
        if self._stage == _IDLE or self._is_lingering or not transport.can_write_eof():
            transport.close()
        elif not transport.is_closing():
            self._is_lingering = True
            self._deadline = self.shared.loop.time() + LINGER_S
            transport.write_eof()
            if self._is_read_paused:
                transport.resume_reading()

    def shut_down(self) -> None:
        """End the connection after the answer that is under way."""
        if self._exchange is None:
            self.close()
            return
        self._is_closed_for_input = self._stage != _IN_BODY
        (self._waiting[-1] if self._waiting else self._exchange).is_last = True

    def look(self, now: float) -> None:
        """Look at the clock: deadlines, clients that take nothing, clients that may have gone."""
        is_overdue, self._is_overdue = self._is_overdue, 0.0 < self._deadline <= now
        # At the second look: what had arrived by the first one has been read meanwhile, and
        # deadlines count from the look before they were set.
        if is_overdue and self._is_overdue:
            self._deadline = 0.0
            self.transport.close()
        if self._exchange is not None:
            self._exchange.look(now)
        if self._probe_at and now >= self._probe_at and self._exchange is not None:
            self._probe_every_s *= 2
            self._probe_at = now + self._probe_every_s
            if not self._exchange.is_started:
                self.write(CONTINUE)
        unsent = self.transport.get_write_buffer_size()
        if not unsent:
            self._stalled = None
            return
        sent = self._written - unsent
        if self._stalled is None or sent >= self._stalled[1] + MIN_PROGRESS_BYTES:
            self._stalled = now, sent
        elif now - self._stalled[0] >= self.shared.limits.keep_alive_s:
            self.transport.abort()

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # Data after a last request is dropped and does not spoil that request.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def _check_size(self) -> None:
        """Look whether a request that is still arriving stays within limits."""
        self._raw_bytes += self._read_bytes
        if self._stage == _IN_HEAD:
            if self._raw_bytes > MAX_HEAD_BYTES:
                self._refuse(too_large(self._target))
        elif self._raw_bytes - self._body_bytes > MAX_OVERHEAD_BYTES + 16 * self._body_bytes:
            self._refuse(HEAD_TOO_LARGE)
        elif self._exchange is None and self._raw_bytes > MAX_UNREAD_BYTES:
            self.close()

    def _refuse(self, answer: ErrorAnswer) -> None:
        """Answer what can't be understood, after what is before it on the connection."""
        self._is_closed_for_input = True
        arriving, self._arriving = self._arriving, None
        if arriving is not None and (arriving is self._exchange or arriving.is_over):
            self.fail(arriving, answer)
        elif self._exchange is None:
            self.write(encoded_error(answer, self.shared.date))
            self.close()
        else:
            if arriving is not None:
                self._waiting.remove(arriving)
                arriving.release()
            self._refusal, self._is_refused = answer, True

    def _pause_reading(self) -> None:
        if not self._is_read_paused:
            self._is_read_paused = True
            self.transport.pause_reading()

    def _give_back(self) -> None:
        if self.held:
            self.shared.outgoing.give_back(self.held)
            self.held = 0
