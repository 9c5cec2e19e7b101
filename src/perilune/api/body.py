"""Reading a request's body, bounded in size and in time, and decoding it."""

import asyncio
from typing import TypeVar

import msgspec
from starlette.types import Receive

from perilune.api.errors import BodyReadError, BodyTimeout, BodyTooLarge, InvalidBody

Body = TypeVar("Body")


async def read_body_in_time(
    receive: Receive, *, limit: int, declared: str, timeout_s: float
) -> bytes:
    """Return the whole body; see `read_body`.

    Raises:
        BodyTimeout: it did not arrive in time.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await read_body(receive, limit=limit, declared=declared)
    except TimeoutError:
        raise BodyTimeout from None


async def read_body(receive: Receive, *, limit: int, declared: str) -> bytes:
    """Return the whole body, however long it takes.

    Args:
        receive: the request's ASGI channel.
        limit: most bytes accepted.
        declared: the text of the Content-Length header; empty if there is none.

    Raises:
        BodyTooLarge: it is, or says that it is, larger than *limit*.
        BodyReadError: the client went away.
    """
    if declared.isdecimal() and int(declared) > limit:
        raise BodyTooLarge
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


def decode_body(data: bytes, kind: type[Body]) -> Body:
    """Return the JSON in *data* as *kind*; unknown members are ignored.

    Raises:
        InvalidBody: it is malformed, has a wrong type, or something follows it.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as problem:
        raise InvalidBody from problem
