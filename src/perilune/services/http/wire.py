"""The receiving side of a connection: what a sender can make the event loop do is bounded.

Taking an answer apart costs little for each byte of content and much for each piece of framing.
So what has arrived is taken in small pieces, as long as it is the turn of answers, and there may
not be much more framing than content.
"""

import asyncio
import time
from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

from perilune.turns import Turns

PIECE_BYTES = 4096
TURN_S = 0.001
"""Of processor time; then all answers rest."""
REST_S = 0.005
ALLOWANCE_S = 0.0001
"""So much of each answer is not counted: its request has taken more."""
FRAMING_BYTES = 1024 * 1024
"""Heads, sizes and extensions of chunks and so on may take so much, or as much as the content."""
MAX_INTERIM_ANSWERS = 10
MAX_FIELDS = 1000
MAX_FIELD_BYTES = 64 * 1024


class EndlessAnswerError(aiohttp.ClientPayloadError):
    """An answer has too much that is no content."""


class Receiver(ResponseHandler):
    """Takes the answers on one connection apart, without holding others up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, turns: Turns) -> None:
        super().__init__(loop)
        self._turns = turns
        self._waiting = bytearray()
        self._is_in_line = False
        self._end: tuple[BaseException | None] | None = None
        """How the connection has ended, while what arrived before that is still waiting."""
        self._wire_bytes = 0
        self._allowance_s = 0.0
        """What of the time of this answer is not counted."""
        self._interim_answers = 0

    @property
    def should_close(self) -> bool:
        """Whether the connection can't be used again: nothing may lie behind an answer."""
        return bool(self._waiting) or super().should_close

    def set_response_params(self, **params: Any) -> None:
        """Begin with an answer."""
        self._wire_bytes = self._interim_answers = 0
        self._allowance_s = ALLOWANCE_S
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
        if len(data) <= PIECE_BYTES and not self._waiting and self._may_take:
            self._take_piece(data)
        else:
            self._waiting += data
            self._take()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Asyncio: the connection has ended; what arrived before that still counts."""
        self._end = (exc,)
        self._take()

    @property
    def _may_take(self) -> bool:
        """Whether more may be taken apart at once."""
        is_held_up = self._is_in_line or self._reading_paused or self._turns.is_over
        return not is_held_up and self.transport is not None

    def _take(self) -> None:
        """Take apart what is waiting, now or when its turn comes."""
        while self._waiting and not self._is_in_line and (self._end or not self._reading_paused):
            if self.transport is None:
                self._waiting.clear()
            elif self._turns.is_over:
                self._is_in_line = True
                self._pause_transport_reading()
                self._turns.wait(self._go_on)
            else:
                piece = bytes(self._waiting[:PIECE_BYTES])
                del self._waiting[:PIECE_BYTES]
                self._take_piece(piece)
        if self._end is not None and not self._waiting:
            (reason,), self._end = self._end, None
            super().connection_lost(reason)

    def _take_piece(self, piece: bytes) -> None:
        begun = time.thread_time()
        super().data_received(piece)
        self._wire_bytes += len(piece)
        content = self._join_content()
        self._allowance_s -= time.thread_time() - begun
        if self._allowance_s < 0:
            self._turns.spend(-self._allowance_s / TURN_S)
            self._allowance_s = 0.0
        if self._wire_bytes - content > max(FRAMING_BYTES, content):
            self._refuse("more framing than content")

    def _join_content(self) -> int:
        """Make one of what a piece had, for reading costs much for each; return the bytes so far.

        Chunks as their sender has cut them are nobody's concern.
        """
        payload = self._payload
        if not isinstance(payload, aiohttp.StreamReader):
            return 0
        parts = getattr(payload, "_buffer", None)
        if parts is not None and len(parts) > 1:
            whole = b"".join(parts)
            parts.clear()
            parts.append(whole)
        ends = getattr(payload, "_http_chunk_splits", None)
        if ends:
            ends.clear()
        return payload.total_bytes

    def _go_on(self) -> None:
        self._is_in_line = False
        self._take()
        if not self._is_in_line and not self._reading_paused and not self._buffer_paused:
            self._resume_transport_reading()

    def _resume_transport_reading(self) -> None:
        # Else the end of the connection might be seen before what is waiting.
        if not self._is_in_line:
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

    def __init__(self, turns: Turns, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(Receiver, loop=self._loop, turns=turns)  # type: ignore[assignment]  # a subclass
