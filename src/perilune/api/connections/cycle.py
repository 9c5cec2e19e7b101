"""One request and its answer as an ASGI application sees them."""

import asyncio
import logging
import re
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any, Protocol

from perilune.api.connections.shared import Shared
from perilune.api.error_answer import ErrorAnswer
from perilune.api.errors import BODIES_FULL, INTERNAL

SMALL_BYTES = 64 * 1024
"""What is larger, a request's body or an answer's, needs a place in a budget of its own."""
MAX_WAIT_S = 10.0
"""Longest time a large body waits for its place."""
CLOSE = (b"connection", b"close")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

Headers = list[tuple[bytes, bytes]]

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_WITHOUT_BODY = frozenset({204, 304})

_log = logging.getLogger(__name__)


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode("ascii")


STATUS_LINES = {status: _status_line(status) for status in range(200, 600)}


class Owner(Protocol):
    """What a request asks of its connection."""

    shared: Shared
    is_write_paused: bool
    held: int

    def write(self, data: bytes) -> None:
        """Send bytes."""
        ...

    def hold(self, size: int) -> bool:
        """Take a place in the budget of answers; return whether there is one."""
        ...

    def resume_reading(self) -> None:
        """Let more of a body arrive."""
        ...

    def on_answered(self, cycle: "Cycle") -> None:
        """Go on after an answer."""
        ...

    def fail(self, cycle: "Cycle", answer: ErrorAnswer) -> None:
        """End a request and the connection."""
        ...

    def close(self) -> None:
        """End the connection once everything has been sent."""
        ...


class Cycle:
    """What arrives of one request's body, and what goes out as its answer."""

    def __init__(
        self,
        protocol: Owner,
        scope: MutableMapping[str, Any],
        *,
        declared: int | None,
        expects_continue: bool,
        is_last: bool,
    ) -> None:
        """Begin a request whose head has arrived.

        Args:
            protocol: its connection.
            scope: its ASGI scope.
            declared: the size of its body, None if it is chunked.
            expects_continue: whether its body is sent only when it is asked for.
            is_last: whether the connection ends with its answer.
        """
        self.scope = scope
        self.is_last = is_last
        self.is_body_complete = False
        self.is_disconnected = False
        self.is_started = False
        """Something of the answer has been written."""
        self.is_over = False
        """The whole answer has been written."""
        self._protocol = protocol
        self._shared = protocol.shared
        self._declared = declared
        self._expects_continue = expects_continue
        self._body = bytearray()
        self._is_delivered = False
        self._small = self._reserved = 0
        self._head: tuple[int, Headers] | None = None
        self._is_chunked = False
        self._left: int | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def unread(self) -> int:
        """Bytes of the body that the application has not taken yet."""
        return len(self._body)

    def feed(self, data: bytes) -> bool:
        """Take in a part of the body; return False when there is no room for it."""
        if not self._reserved:
            if not self._shared.small.take(len(data)):
                return False
            self._small += len(data)
        self._body += data
        self.wake()
        return True

    def wake(self) -> None:
        """Have the application look again, if it waits."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def release(self) -> None:
        """Give back the place of the body, which nobody holds any more."""
        if self._small:
            self._shared.small.give_back(self._small)
        if self._reserved:
            self._shared.incoming.give_back(self._reserved)
        self._small = self._reserved = 0

    async def run(self) -> None:
        """Let the application answer the request."""
        try:
            await self._shared.app(self.scope, self.receive, self.send)
            if not self.is_over and not self.is_disconnected:
                raise RuntimeError("the application returned before its answer was complete")
        except asyncio.CancelledError:
            self._protocol.close()
        except Exception:
            _log.exception("answering a request failed")
            self._protocol.fail(self, INTERNAL)
        finally:
            self.release()

    async def receive(self) -> dict[str, Any]:
        """Return the next part of the body, or that the client has gone."""
        if self._expects_continue:
            self._expects_continue = False
            if not (self._body or self.is_body_complete or self.is_disconnected):
                self._protocol.write(CONTINUE)
        if not self._is_delivered:
            await self._make_room()
            while not (self._body or self.is_body_complete or self._has_ended()):
                self._protocol.resume_reading()
                await self._wait()
            if not self._has_ended():
                body, self._is_delivered = bytes(self._body), self.is_body_complete
                self._body.clear()
                return {"type": "http.request", "body": body, "more_body": not self._is_delivered}
        while not self._has_ended():
            self._protocol.resume_reading()
            await self._wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send the head of the answer, or a part of its body."""
        while self._protocol.is_write_paused and not self.is_disconnected:
            await self._wait()
        if self.is_disconnected:
            return
        if message["type"] == "http.response.start":
            if self._head is not None or self.is_started:
                raise RuntimeError("an answer has one head")
            self._head = message["status"], list(message.get("headers", ()))
            # The first part of the body goes with it, unless that takes longer.
            self._shared.loop.call_soon(self._flush_head)
            return
        if self.is_over or (self._head is None and not self.is_started):
            raise RuntimeError(f"{message['type']} does not fit here")
        await self._send_body(message.get("body", b""), message.get("more_body", False))

    def answer_at_once(self, status: int, headers: Headers, body: bytes) -> bool:
        """Send a whole answer in one write; headers are valid and have its length.

        Returns:
            False when this connection needs the ordinary way; then nothing was sent.
        """
        if self.is_last or self.is_started or self._head is not None or CLOSE in headers:
            return False
        if self._protocol.is_write_paused or len(body) > SMALL_BYTES:
            return False
        if self.is_disconnected:
            return True
        head = [name + b": " + value for name, value in headers]
        self._protocol.write(
            STATUS_LINES[status] + self._shared.date + b"\r\n".join(head) + b"\r\n\r\n" + body
        )
        self._finish()
        return True

    def _has_ended(self) -> bool:
        return self.is_disconnected or self.is_over

    async def _wait(self) -> None:
        self._waiter = self._shared.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def _make_room(self) -> None:
        """Have a place for the rest of a large body before more of it is read."""
        is_large = (
            self._small >= SMALL_BYTES if self._declared is None else (self._declared > SMALL_BYTES)
        )
        if self._reserved or self.is_body_complete or self._has_ended() or not is_large:
            return
        most = self._shared.limits.body_bytes
        size = most if self._declared is None else min(self._declared, most)
        if await self._shared.incoming.reserve(size, MAX_WAIT_S):
            self._reserved = size
        else:
            self._protocol.fail(self, BODIES_FULL)

    async def _send_body(self, body: bytes, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            body = b""
        if len(body) > SMALL_BYTES and not self._protocol.hold(len(body)):
            if not self.is_started:
                _log.warning("an answer of %d bytes was refused: too many unsent", len(body))
                self._protocol.fail(self, BODIES_FULL)
                return
            if not await self._shared.outgoing.reserve(len(body), MAX_WAIT_S):
                self._protocol.fail(self, BODIES_FULL)
                return
            self._protocol.held += len(body)
        head = self._encoded_head()
        self._protocol.write(head + self._framed(body, more))
        if not more:
            if self._left:
                raise RuntimeError("the body is shorter than its Content-Length")
            self._finish()

    def _flush_head(self) -> None:
        if self._head is not None and not self._has_ended():
            self._protocol.write(self._encoded_head())

    def _encoded_head(self) -> bytes:
        """Return the head, once; it decides how the body is framed."""
        if self._head is None:
            return b""
        (status, headers), self._head = self._head, None
        lines = [STATUS_LINES[status] + self._shared.date]
        is_framed = status in _WITHOUT_BODY
        for name, value in headers:
            if not _NAME.fullmatch(name) or _BAD_VALUE.search(value):
                raise RuntimeError(f"invalid header {name[:100]!r}")
            lowered = name.lower()
            if lowered == b"content-length":
                self._left, is_framed = int(value), True
            elif lowered == b"connection":
                self.is_last = self.is_last or value.lower() == b"close"
                continue
            lines.append(name + b": " + value + b"\r\n")
        if self.scope["method"] == "HEAD":
            self._left, is_framed = None, True
        if not is_framed and self.scope["http_version"] == "1.1":
            self._is_chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        elif not is_framed:
            self.is_last = True
        if self.is_last:
            lines.append(b"connection: close\r\n")
        self.is_started = True
        return b"".join([*lines, b"\r\n"])

    def _framed(self, body: bytes, more: bool) -> bytes:
        if self._is_chunked:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk if more else chunk + b"0\r\n\r\n"
        if self._left is not None:
            self._left -= len(body)
            if self._left < 0:
                raise RuntimeError("the body is longer than its Content-Length")
        return body

    def _finish(self) -> None:
        self.is_started = self.is_over = True
        self.wake()
        self._protocol.on_answered(self)


def encoded_error(answer: ErrorAnswer, date: bytes) -> bytes:
    """Return a whole answer that ends its connection; *date* is the line of that field."""
    body = answer.body
    fields = b"".join(name + b": " + value + b"\r\n" for name, value in answer.headers)
    return (
        f"HTTP/1.1 {answer.status} {answer.message}\r\n".encode("ascii")
        + date
        + b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
        + fields
        + b"connection: close\r\n\r\n"
        + body
    )
