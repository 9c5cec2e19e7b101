"""One request and its answer as an ASGI application sees them."""

import asyncio
import logging
import re
from collections.abc import MutableMapping
from functools import partial
from typing import Any

from starlette.types import ASGIApp

from perilune.api.connections.exchange import (
    LAST,
    MAX_WAIT_S,
    SMALL_BYTES,
    STATUS_LINES,
    Exchange,
    Opener,
)
from perilune.api.errors import BODIES_FULL, INTERNAL

Headers = list[tuple[bytes, bytes]]

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_WITHOUT_BODY = frozenset({204, 304})

_log = logging.getLogger(__name__)


def answered_by(app: ASGIApp) -> Opener:
    """Return what has *app* answer every request."""
    return partial(AsgiExchange, app)


class AsgiExchange(Exchange[ASGIApp]):
    """A request that an ASGI application answers, in a task of its own."""

    _is_delivered = False
    _head: tuple[int, Headers] | None = None
    _is_chunked = False
    _left: int | None = None
    _waiter: asyncio.Future[None] | None = None
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """See `Exchange.start`."""
        if self._task is None:
            self._task = self._shared.loop.create_task(self._run())
            self._task.add_done_callback(lambda _: self.end())

    def wake(self) -> None:
        """Have the application look again, if it waits."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def cancel(self) -> None:
        """See `Cancellable`."""
        self.start()  # unless it has been: its turn may have come just now
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        """Let the application answer the request."""
        try:
            await self._server(self.request.scope(), self.receive, self.send)
            if not self.is_over and not self.is_disconnected:
                raise RuntimeError("the application returned before its answer was complete")
        except asyncio.CancelledError:
            self._owner.close()
        except Exception:
            _log.exception("answering a request failed")
            self._owner.fail(self, INTERNAL)

    async def receive(self) -> dict[str, Any]:
        """Return the next part of the body, or that the client has gone."""
        self.ask_for_body()
        if not self._is_delivered:
            while not (self._is_done() or self.has_room()):
                await self._wait()
            while not (self._body or self.is_body_complete or self._is_done()):
                self._owner.resume_reading()
                await self._wait()
            if not self._is_done():
                body, self._is_delivered = bytes(self._body), self.is_body_complete
                self._body = b""
                return {"type": "http.request", "body": body, "more_body": not self._is_delivered}
        while not self._is_done():
            self._owner.resume_reading()
            await self._wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send the head of the answer, or a part of its body."""
        while self._owner.is_write_paused and not self.is_disconnected:
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

    def _is_done(self) -> bool:
        return self.is_disconnected or self.is_over

    async def _wait(self) -> None:
        self._waiter = self._shared.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def _send_body(self, body: bytes, more: bool) -> None:
        if self.request.method == "HEAD":
            body = b""
        if len(body) > SMALL_BYTES and not self._owner.hold(len(body)):
            if not self.is_started:
                self._refuse_answer(len(body))
                return
            if not await self._shared.outgoing.reserve(len(body), MAX_WAIT_S):
                self._owner.fail(self, BODIES_FULL)
                return
            self._owner.held += len(body)
        data = self._encoded_head() + self._framed(body, more)
        if not more and not self._left:
            self.is_started = self.is_over = True
            self.wake()
            self._owner.write(data, self)
            return
        self._owner.write(data)
        if not more:
            raise RuntimeError("the body is shorter than its Content-Length")

    def _flush_head(self) -> None:
        if self._head is not None and not self._is_done():
            self._owner.write(self._encoded_head())

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
        if self.request.method == "HEAD":
            self._left, is_framed = None, True
        if not is_framed and self.request.version == "1.1":
            self._is_chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        elif not is_framed:
            self.is_last = True
        if self.is_last:
            lines.append(LAST)
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
