"""The receiving side of a connection: what a sender can make the event loop do is bounded.

Taking an answer apart costs little for each byte of content and much for each piece of framing.
So what has arrived is taken in small pieces, with a rest after each few milliseconds of work, and
there may not be much more framing than content.
"""

import asyncio
import time
from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

PIECE_BYTES = 4096
TURN_S = 0.002
"""Of processor time; then a connection rests, so that many of them leave room for others."""
REST_S = 0.01
FRAMING_BYTES = 1024 * 1024
"""Heads, sizes and extensions of chunks and so on may take so much, or as much as the content."""
MAX_INTERIM_ANSWERS = 10
MAX_FIELDS = 1000
MAX_FIELD_BYTES = 64 * 1024


class EndlessAnswerError(aiohttp.ClientPayloadError):
    """An answer has too much that is no content."""


class Receiver(ResponseHandler):
    """Takes the answers on one connection apart, without holding others up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._waiting = bytearray()
        self._rests = False
        self._wire_bytes = 0
        self._interim_answers = 0

    @property
    def should_close(self) -> bool:
        """Whether the connection can't be used again: nothing may lie behind an answer."""
        return bool(self._waiting) or super().should_close

    def set_response_params(self, **params: Any) -> None:
        """Begin with an answer."""
        self._wire_bytes = self._interim_answers = 0
        self._payload = None
        super().set_response_params(**params)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """End the answer; the first reason is the one that counts."""
        if self.exception() is None:
            super().set_exception(exc, *cause)

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Take the head of an answer."""
        if 100 <= data[0].code < 200:
            self._interim_answers += 1
        if self._interim_answers > MAX_INTERIM_ANSWERS:
            self._refuse(f"more than {MAX_INTERIM_ANSWERS} interim answers")
        else:
            super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have arrived; or, with none, those that are there may go on."""
        if not data:
            super().data_received(data)
        self._waiting += data
        if self._rests:
            self._pause_transport_reading()
        else:
            self._take()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Asyncio: the connection has ended; what arrived before that still counts."""
        while self._waiting and self.transport is not None:
            self._take_piece()
        super().connection_lost(exc)

    def _take(self) -> None:
        begun = time.thread_time()
        while self._waiting and not self._reading_paused and not self._rests:
            self._take_piece()
            if time.thread_time() - begun > TURN_S:
                self._rests = True
                self._pause_transport_reading()
                self._loop.call_later(REST_S, self._go_on)

    def _take_piece(self) -> None:
        piece = bytes(self._waiting[:PIECE_BYTES])
        del self._waiting[:PIECE_BYTES]
        if self.transport is None:
            return
        super().data_received(piece)
        self._wire_bytes += len(piece)
        content = 0 if self._payload is None else self._payload.total_bytes
        if self._wire_bytes - content > max(FRAMING_BYTES, content):
            self._refuse("more framing than content")

    def _go_on(self) -> None:
        self._rests = False
        self._take()
        if not self._rests and not self._reading_paused and not self._buffer_paused:
            self._resume_transport_reading()

    def _resume_transport_reading(self) -> None:
        # Else the end of the connection might be seen before what is waiting.
        if not self._rests:
            super()._resume_transport_reading()

    def _refuse(self, reason: str) -> None:
        self._waiting.clear()
        error = EndlessAnswerError(reason)
        self.set_exception(error)
        # So that the end of the connection does not become the reason.
        payload, self._payload = self._payload, None
        if payload is not None:
            payload.set_exception(error)
        if self.transport is not None:
            self.transport.abort()


class Connector(aiohttp.TCPConnector):
    """Makes connections whose receiving side is bounded."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(Receiver, loop=self._loop)  # type: ignore[assignment]  # a subclass
