"""HTTP/1.1 connections whose clients can neither waste memory nor hold them for ever (KD-108).

uvicorn bounds neither the size of a request's head nor the time it takes to
arrive, nor what is sent after the answer.  The time of a body that somebody
reads is bounded by its reader, see `body.py`.
"""

import asyncio
import functools
from dataclasses import dataclass

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from perilune.api.error_answer import ErrorAnswer
from perilune.api.errors import BAD_MESSAGE, HEAD_TOO_LARGE

MAX_HEAD_BYTES = 64 * 1024
"""Of a head that comes in several pieces; one that comes in one piece is bounded by its buffer."""
MAX_BYTES_BETWEEN_CHUNKS = 64 * 1024
"""Of chunk extensions and trailer fields that arrive while no byte of the body does."""
MAX_UNREAD_BYTES = 32 * 1024 * 1024
"""Of a body that arrives after its answer, because the answer did not wait for it."""

ANSWER_AT_ONCE = "perilune.answer_at_once"
"""ASGI extension: a function that sends a whole answer, see `answer_at_once`."""

CLOSE = (b"connection", b"close")

_IDLE, _IN_HEAD, _IN_BODY = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What the connections of one server may use."""

    head_timeout_s: float = 10.0
    keep_alive_s: float = 75.0
    max_connections: int = 10_000


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection, within limits; bind those with `bounded_protocol`."""

    def __init__(self, *args: object, limits: ConnectionLimits, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]  # passed through untouched
        self._limits = limits
        self._stage = _IDLE
        self._pending_bytes = 0
        self._bytes_between_chunks = 0
        self._has_body_arrived = False
        self._is_draining = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve, unless too many connections are open already."""
        super().connection_made(transport)  # type: ignore[arg-type]  # a stream's transport
        if len(self.connections) > self._limits.max_connections:
            transport.close()
            return
        self._set_deadline(self._limits.head_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._clear_deadline()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request's first byte has arrived."""
        self._stage, self._pending_bytes = _IN_HEAD, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field has arrived; those behind the body are dropped (RFC 9110, 6.5.1).

        A proxy in front examines the head alone, so trailer fields must not count as headers.
        """
        if self._stage == _IN_HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A request's head has arrived."""
        self._stage, self._pending_bytes, self._bytes_between_chunks = _IN_BODY, 0, 0
        super().on_headers_complete()
        # The request's task has been created, but does not run before the next turn of the loop.
        at_once = functools.partial(answer_at_once, self.cycle)
        self.scope["extensions"] = {ANSWER_AT_ONCE: at_once}  # type: ignore[dict-item]  # ours

    def on_body(self, body: bytes) -> None:
        """A part of a request's body has arrived."""
        self._has_body_arrived = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request's last byte has arrived."""
        self._stage = _IDLE
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Take in some bytes and look whether what is unfinished stays within limits."""
        super().data_received(data)
        if self._stage != _IDLE:
            self._check_unfinished(len(data))
        elif self._deadline is not None:
            self._clear_deadline()
            if self._is_draining:
                # Nothing else would end a connection whose answer came before its request.
                self._is_draining = False
                self._set_deadline(self._limits.keep_alive_s)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, in the form in which everything else is answered."""
        self._refuse(BAD_MESSAGE)

    def _check_unfinished(self, new_bytes: int) -> None:
        if self._stage == _IN_HEAD:
            self._pending_bytes += new_bytes
            if self._pending_bytes > MAX_HEAD_BYTES:
                self._refuse(HEAD_TOO_LARGE)
            elif self._deadline is None:
                self._set_deadline(self._limits.head_timeout_s)
        elif self._is_between_chunks_too_long(new_bytes):
            self._end_unfinished()
        elif self.cycle.response_complete:
            self._is_draining = True
            self._pending_bytes += new_bytes
            if self._pending_bytes > MAX_UNREAD_BYTES:
                self.transport.close()
            elif self._deadline is None:
                self._set_deadline(self._limits.keep_alive_s)
        else:
            self._clear_deadline()

    def _is_between_chunks_too_long(self, new_bytes: int) -> bool:
        self._bytes_between_chunks += new_bytes
        if self._has_body_arrived:
            self._has_body_arrived, self._bytes_between_chunks = False, 0
        return self._bytes_between_chunks > MAX_BYTES_BETWEEN_CHUNKS

    def _end_unfinished(self) -> None:
        if self.cycle.response_started:
            self.transport.close()
        else:
            self._refuse(HEAD_TOO_LARGE)

    def _set_deadline(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self.transport.close)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, answer: ErrorAnswer) -> None:
        if self.transport.is_closing():
            return
        body = answer.body
        head = (
            f"HTTP/1.1 {answer.status} {answer.message}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()


def answer_at_once(
    cycle: RequestResponseCycle, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> bool:
    """Send a whole answer in one write; what uvicorn does for ASGI's two messages takes longer.

    It examines every header again and sends head and body apart.  Headers
    must be valid, with the length of the body among them.

    Returns:
        False when this connection needs the ordinary way; then nothing was sent.
    """
    is_last = not cycle.keep_alive or CLOSE in headers
    if is_last or cycle.response_started or cycle.flow.write_paused:
        return False
    if cycle.disconnected:
        return True
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    head = [name + b": " + value for name, value in (*cycle.default_headers, *headers)]
    cycle.transport.write(STATUS_LINE[status] + b"\r\n".join(head) + b"\r\n\r\n" + body)
    cycle.message_event.set()
    cycle.on_response()
    return True


def bounded_protocol(limits: ConnectionLimits) -> "functools.partial[BoundedHttpProtocol]":
    """Return what makes the connections of one server."""
    return functools.partial(BoundedHttpProtocol, limits=limits)
