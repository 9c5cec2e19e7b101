"""Reading a request's body, bounded in size and in time."""

import asyncio
from collections.abc import Iterable

from starlette.types import Receive

from perilune.api.errors import BodyReadError, BodyTimeout, BodyTooLarge


async def read_body(receive: Receive, *, limit: int, timeout_s: float, declared: str) -> bytes:
    """Return the whole body.

    Args:
        receive: the request's ASGI channel.
        limit: most bytes accepted.
        timeout_s: longest time it may take to arrive.
        declared: the text of the Content-Length header; empty if there is none.

    Raises:
        BodyTooLarge: it is, or says that it is, larger than *limit*.
        BodyTimeout: it did not arrive in time.
        BodyReadError: the client went away.
    """
    if declared.isdecimal() and int(declared) > limit:
        raise BodyTooLarge
    try:
        async with asyncio.timeout(timeout_s):
            return await _read(receive, limit)
    except TimeoutError:
        raise BodyTimeout from None


def content_length(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the text of the Content-Length header; empty if there is none."""
    for name, value in headers:
        if name == b"content-length":
            return value.decode("latin-1")
    return ""


async def _read(receive: Receive, limit: int) -> bytes:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise BodyReadError
    first: bytes = message.get("body", b"")
    if len(first) > limit:
        raise BodyTooLarge
    if not message.get("more_body", False):
        return first
    parts, size = [first], len(first)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyReadError
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
