"""Upstreams that send without end: they get an error, and hold nobody up meanwhile."""

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest

from perilune.services.http import (
    AiohttpClient,
    EgressPolicy,
    HTTPClientError,
    HTTPLimits,
    Request,
    wire,
)

MIB = 1024 * 1024
LIMITS = HTTPLimits(timeout_s=30.0, max_bytes=MIB)
LONGEST_TURN_S = 0.06
"""Of the event loop's processor time."""
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = HEAD + b"Content-Encoding: gzip\r\n\r\n"
GZIP_HEAD = gzip.compress(b"")[:10]


def open_client() -> AiohttpClient:
    return AiohttpClient(EgressPolicy(["127.0.0.0/8"]), LIMITS)


@asynccontextmanager
async def endless(head: bytes, block: bytes) -> AsyncIterator[str]:
    """Serve one request in a thread: *head*, and then *block* as often as it is taken."""

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(head)
                while block:
                    connection.sendall(block)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    await asyncio.to_thread(thread.join)  # the client closes its side meanwhile


async def longest_turn(until: asyncio.Future[Any]) -> float:
    """Return the most processor time that passed in this thread between two turns of a task."""
    longest_s, last = 0.0, time.thread_time()
    while not until.done():
        await asyncio.sleep(0.001)
        now = time.thread_time()
        longest_s, last = max(longest_s, now - last), now
    return longest_s


@pytest.mark.parametrize(
    ("head", "block", "reason"),
    [
        pytest.param(
            b"",
            b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
            "malformed HTTP response: more than 10 interim answers",
            id="interim answers",
        ),
        pytest.param(
            CHUNKED,
            b"1\r\nx\r\n" * 40_000,
            "malformed HTTP response: more framing than content",
            id="chunks of one byte",
        ),
        pytest.param(
            CHUNKED + b"1;",
            b"x" * 256 * 1024,
            "malformed HTTP response: more framing than content",
            id="extension of a chunk",
        ),
        pytest.param(
            GZIP,
            gzip.compress(b"") * 10_000,
            "gzip: more than 100 members",
            id="empty members",
        ),
        pytest.param(
            GZIP + GZIP_HEAD,
            b"\x00\x00\x00\xff\xff" * 50_000,
            f"it is longer than the limit of {MIB} bytes",
            id="empty blocks",
        ),
        pytest.param(
            HEAD + b"\r\n",
            b"x" * 256 * 1024,
            f"it is longer than the limit of {MIB} bytes",
            id="content",
        ),
    ],
)
async def test_an_endless_answer_is_an_error_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, head: bytes, block: bytes, reason: str
) -> None:
    monkeypatch.setattr(wire, "FRAMING_BYTES", 64 * 1024)
    async with open_client() as client, endless(head, block) as url:
        asking = asyncio.ensure_future(client.get(Request(url=url)))
        longest_s = await longest_turn(asking)

        with pytest.raises(HTTPClientError) as caught:
            await asking

    assert str(caught.value).endswith(f": {reason}")
    assert longest_s < LONGEST_TURN_S


async def test_many_endless_answers_together_hold_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each waits for its turn, so that they take no more of one round than a single one does."""
    monkeypatch.setattr(wire, "FRAMING_BYTES", 32 * 1024)
    async with open_client() as client, AsyncExitStack() as stack:
        block = b"1\r\nx\r\n" * 40_000
        urls = [await stack.enter_async_context(endless(CHUNKED, block)) for _ in range(12)]
        asking = [asyncio.ensure_future(client.get(Request(url=url))) for url in urls]
        first = asyncio.gather(*asking, return_exceptions=True)
        longest_s = await longest_turn(first)

    assert all(isinstance(one, HTTPClientError) for one in await first)
    assert longest_s < LONGEST_TURN_S


async def test_what_a_closed_connection_has_sent_is_read_in_turns() -> None:
    whole = CHUNKED + b"1\r\nx\r\n" * 40_000 + b"0\r\n\r\n"
    async with open_client() as client, endless(whole, b"") as url:
        asking = asyncio.ensure_future(client.get(Request(url=url)))
        longest_s = await longest_turn(asking)

    assert (await asking).body == b"x" * 40_000
    assert longest_s < LONGEST_TURN_S


@pytest.mark.parametrize(
    "size", [pytest.param(16, id="small chunks"), pytest.param(65536, id="large ones")]
)
async def test_a_long_answer_in_chunks_is_read_whole(size: int) -> None:
    chunk = b"%x\r\n%b\r\n" % (size, b"x" * size)
    whole = CHUNKED + chunk * (MIB // size) + b"0\r\n\r\n"

    async with open_client() as client, endless(whole, b"") as url:
        answer = await client.get(Request(url=url))

    assert answer.body == b"x" * MIB


async def test_ten_interim_answers_are_not_too_many() -> None:
    whole = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10 + HEAD + b"Content-Length: 2\r\n\r\nok"

    async with open_client() as client, endless(whole, b"") as url:
        answer = await client.get(Request(url=url))

    assert (answer.status_code, answer.body) == (200, b"ok")
