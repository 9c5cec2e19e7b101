"""What the protocol makes of an application: any one that speaks ASGI, well or badly."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from perilune.api.connections.asgi import answered_by
from perilune.api.connections.exchange import SMALL_BYTES
from perilune.api.connections.server import HttpServer, bind_sockets
from perilune.api.connections.shared import ConnectionLimits

App = Callable[[Any, Any, Any], Any]
Parts = list[dict[str, Any]]

LARGE = SMALL_BYTES + 1
LENGTH_2 = (b"content-length", b"2")


def head(status: int = 200, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(part: bytes = b"", *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": part, "more_body": more}


def sending(*messages: dict[str, Any]) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


@contextlib.asynccontextmanager
async def served(app: App, **limits: Any) -> AsyncIterator[HttpServer]:
    server = HttpServer(answered_by(app), bind_sockets("127.0.0.1", 0), ConnectionLimits(**limits))
    await server.start()
    try:
        yield server
    finally:
        await server.stop(1)


async def exchange(server: HttpServer, sent: bytes) -> bytes:
    """Send *sent* and return all that comes until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()


def request(method: str = "GET", version: str = "1.1", *fields: str, close: bool = True) -> bytes:
    closing = ("Connection: close",) if close else ()
    lines = [f"{method} / HTTP/{version}", "Host: x", *fields, *closing]
    return "\r\n".join([*lines, "", ""]).encode()


def split(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    top, _, rest = answer.partition(b"\r\n\r\n")
    status, *lines = top.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    return int(status.split()[1]), {name.lower(): value for name, value in fields.items()}, rest


STREAM = [head(), body(b"ab", more=True), body(b"", more=True), body(b"cd", more=True), body()]


@pytest.mark.parametrize(
    ("sent", "messages", "framing", "received"),
    [
        (request(), STREAM, ("transfer-encoding", "chunked"), b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"),
        (request("GET", "1.0"), STREAM, ("connection", "close"), b"abcd"),
        (request("HEAD"), STREAM, ("connection", "close"), b""),
        (request(), [head(200, LENGTH_2), body(b"ab")], ("content-length", "2"), b"ab"),
        (request("HEAD"), [head(200, LENGTH_2), body(b"ab")], ("content-length", "2"), b""),
        (request(), [head(204), body()], ("connection", "close"), b""),
        (request(), [head(304), body()], ("connection", "close"), b""),
    ],
    ids=["stream", "HTTP/1.0", "HEAD of a stream", "length", "HEAD of a length", "204", "304"],
)
async def test_an_answer_is_framed_as_its_request_and_status_want(
    sent, messages, framing, received
):
    async with served(sending(*messages)) as server:
        _, headers, rest = split(await exchange(server, sent))

    assert framing in headers.items()
    assert ("transfer-encoding" in headers) is (framing[0] == "transfer-encoding")
    assert rest == received


async def test_a_stream_is_sent_as_it_is_made_its_head_too():
    steps = [asyncio.Event() for _ in range(2)]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(head())
        await steps[0].wait()
        await send(body(b"one", more=True))
        await steps[1].wait()
        await send(body(b"two"))

    async with served(app) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(close=False))
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)).startswith(
            b"HTTP/1.1 200"
        )
        steps[0].set()
        assert await asyncio.wait_for(reader.readexactly(8), 30) == b"3\r\none\r\n"
        steps[1].set()
        assert await asyncio.wait_for(reader.readexactly(13), 30) == b"3\r\ntwo\r\n0\r\n\r\n"
        writer.close()


def failing(*messages: dict[str, Any]) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)
        raise LookupError("the application has a fault")

    return app


@pytest.mark.parametrize(
    ("app", "said"),
    [
        (sending(), "before its answer was complete"),
        (sending(head()), "before its answer was complete"),
        (sending(body(b"ab")), "http.response.body does not fit here"),
        (sending(head(), head()), "an answer has one head"),
        (sending(head(200, (b"bad name", b"x")), body()), "invalid header b'bad name'"),
        (sending(head(200, (b"name", b"x\r\nset-cookie: y")), body()), "invalid header b'name'"),
        (failing(), "the application has a fault"),
    ],
    ids=["nothing", "a head alone", "no head", "two heads", "name", "value", "error"],
)
async def test_an_application_with_a_fault_is_500_and_logged(app, said, caplog):
    async with served(app) as server:
        status, headers, rest = split(await exchange(server, request()))

    assert (status, headers["connection"]) == (500, "close")
    assert b"fault" not in rest
    assert said in caplog.text


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([head(200, LENGTH_2), body(b"a")], "the body is shorter than its Content-Length"),
        ([head(200, LENGTH_2), body(b"abc")], "the body is longer than its Content-Length"),
        ([head(), body(b"ab", more=True)], "before its answer was complete"),
        ([head(), body(b"ab"), body(b"cd")], "http.response.body does not fit here"),
    ],
    ids=["too short", "too long", "not finished", "more than all"],
)
async def test_nobody_takes_an_answer_with_a_fault_for_a_whole_one(messages, said, caplog):
    async with served(sending(*messages)) as server:
        answer = await exchange(server, request() + request())

    assert answer.count(b"HTTP/1.1") <= 1, "nothing follows on the connection"
    assert said in caplog.text


async def test_a_body_arrives_in_parts_and_then_the_end_of_the_connection():
    seen: list[Any] = []
    gone = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            seen.append(message)
            if not message["more_body"]:
                await send(head(204))
                await send(body())
        seen.append(message)
        gone.set()

    async with served(app) as server:
        answer = await exchange(server, request("POST", "1.1", "Content-Length: 3") + b"abc")
        await asyncio.wait_for(gone.wait(), 30)

    assert answer.startswith(b"HTTP/1.1 204")
    assert b"".join(one["body"] for one in seen[:-1]) == b"abc"
    assert seen[-1] == {"type": "http.disconnect"}


@pytest.mark.parametrize("is_declared", [True, False])
async def test_a_large_body_without_a_place_is_503(monkeypatch, is_declared):
    monkeypatch.setattr("perilune.api.connections.exchange.MAX_WAIT_S", 0.01)
    reads: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass
        reads.append(message["type"])

    field = f"Content-Length: {LARGE}" if is_declared else "Transfer-Encoding: chunked"
    # All but its end, since what has arrived whole need not wait for a place.
    sent = b"x" * SMALL_BYTES if is_declared else b"%x\r\n%b\r\n" % (LARGE, b"x" * LARGE)
    async with served(app, body_bytes=LARGE, large_bodies_bytes=LARGE) as server:
        assert server.shared is not None
        assert await server.shared.incoming.reserve(LARGE, 1)
        status, headers, _ = split(await exchange(server, request("POST", "1.1", field) + sent))

    assert (status, headers["retry-after"]) == (503, "1")
    assert reads == ["http.disconnect"]


async def test_a_large_answer_without_a_place_is_503(monkeypatch):
    monkeypatch.setattr("perilune.api.connections.exchange.MAX_WAIT_S", 0.01)
    app = sending(head(), body(b"x" * LARGE))

    async with served(app, body_bytes=LARGE, large_bodies_bytes=LARGE) as server:
        assert server.shared is not None
        assert await server.shared.outgoing.reserve(LARGE, 1)
        status, _, rest = split(await exchange(server, request()))

    assert status == 503
    assert b"xx" not in rest


async def test_a_request_that_outlives_the_grace_is_cancelled():
    started = asyncio.Event()
    ends: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    server = HttpServer(answered_by(app), bind_sockets("127.0.0.1", 0))
    await server.start()
    answer = asyncio.ensure_future(exchange(server, request()))
    await asyncio.wait_for(started.wait(), 30)
    has_finished = await server.stop(0.01)

    assert not has_finished
    assert await answer == b""
    assert ends == ["cancelled"]
