"""Reads response bodies within their limit, whatever the sender claims."""

import asyncio
import time
import zlib
from collections.abc import Iterator

import aiohttp

from perilune.services.http.types import HTTPClientError
from perilune.services.http.wire import TURN_S
from perilune.turns import Turns

CHUNK_BYTES = 64 * 1024
LARGE_BYTES = 256 * 1024
"""A body that gets longer waits for its turn, so that few long ones are in memory at a time."""

MAX_MEMBERS = 100
"""Of gzip in one body: each costs, however little it holds."""
MARGIN_BYTES = 64 * 1024
"""A compressed body may be so much longer than the longest one that is not."""

_GZIP = 16 + zlib.MAX_WBITS


class BodyReader:
    """Reads one body."""

    def __init__(self, max_bytes: int, large_bodies: asyncio.Semaphore, turns: Turns) -> None:
        self._max_bytes = max_bytes
        self._large_bodies = large_bodies
        self._turns = turns

    async def read(self, content: aiohttp.StreamReader, *, is_gzip: bool) -> bytes:
        """Return the whole body, decompressed if *is_gzip*.

        Raises:
            HTTPClientError: it is too long, or not what it claims to be.
        """
        uncounted_bytes = 0 if is_gzip else min(self._max_bytes, CHUNK_BYTES)
        data = bytearray()
        decoder = _Gunzip() if is_gzip else None
        received_bytes = 0
        is_large = False
        try:
            async for chunk in content.iter_chunked(CHUNK_BYTES):
                received_bytes += len(chunk)
                if received_bytes <= uncounted_bytes:
                    data += chunk
                    continue
                begun = time.thread_time()
                for piece in decoder.feed(chunk) if decoder else (chunk,):
                    data += piece
                    most = max(len(data), received_bytes - MARGIN_BYTES)
                    if most > self._max_bytes:
                        raise _failure(f"it is longer than the limit of {self._max_bytes} bytes")
                    self._turns.spend((time.thread_time() - begun) / TURN_S)
                    await self._turns.rest()
                    if len(data) > LARGE_BYTES and not is_large:
                        await self._large_bodies.acquire()
                        is_large = True
                    begun = time.thread_time()
        finally:
            if is_large:
                self._large_bodies.release()
        if decoder and not decoder.is_complete:
            raise _failure("unexpected EOF")
        return bytes(data)


class _Gunzip:
    """Decompresses gzip (RFC 1952), several members too, in pieces of `CHUNK_BYTES` at most."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)
        self._members = 1
        self._has_input = False

    @property
    def is_complete(self) -> bool:
        """Whether the last member has come to its end, or nothing came at all."""
        return not self._has_input or self._stream.eof

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Give what *chunk* decompresses to."""
        self._has_input = True
        while chunk:
            if self._stream.eof:
                self._members += 1
                if self._members > MAX_MEMBERS:
                    raise _failure(f"gzip: more than {MAX_MEMBERS} members")
                self._stream = zlib.decompressobj(_GZIP)
            try:
                piece = self._stream.decompress(chunk, CHUNK_BYTES)
            except zlib.error as error:
                raise _failure("gzip: invalid data") from error
            chunk = self._stream.unconsumed_tail or self._stream.unused_data
            yield piece


def _failure(reason: str) -> HTTPClientError:
    return HTTPClientError(f"failed to read response body: {reason}")
