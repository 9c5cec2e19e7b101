"""The HTTP client and what really goes over the wire: connections, framing, certificates."""

import asyncio
import gzip
import socket
import ssl
import struct

import pytest

from perilune.runtimes import WorkerLimits
from perilune.services.http import AiohttpClient, EgressPolicy, HTTPClientError, HTTPLimits, Request
from perilune.services.http.client import MAX_SOCKETS
from perilune.services.http.wire import MAX_FIELD_BYTES
from tests.upstream.certificate import write_certificate
from tests.upstream.raw import constant, ok, open_raw

MIB = 1024 * 1024
HEAD = b"HTTP/1.1 200 OK\r\n"
LIMITS = HTTPLimits(timeout_s=30.0)


@pytest.fixture
async def client():
    async with AiohttpClient(EgressPolicy(["127.0.0.0/8"]), LIMITS) as opened:
        yield opened


async def failure(client, url, **options):
    with pytest.raises(HTTPClientError) as caught:
        await client.request(Request(url=url, **options))
    return str(caught.value)


# What is sent


async def test_nothing_is_sent_that_nobody_asked_for(client):
    async with open_raw(constant(ok())) as upstream:
        await client.get(Request(url=f"{upstream.url}/a%2Fb/../c?x=%41&&y=\u00fc|{{}}"))
        await client.post(Request(url=upstream.url, headers={"x-key": "1", "X-KEY": "2"}))

    first, second = (request.decode().split("\r\n") for request in upstream.requests)
    assert first[0] == "GET /a%2Fb/../c?x=%41&&y=%C3%BC|{} HTTP/1.1"
    names = {line.partition(":")[0] for line in first[1:] if line}
    assert names == {"Host", "User-Agent", "Accept-Encoding"}
    assert second[0] == "POST / HTTP/1.1"
    assert "Content-Length: 0" in second
    assert [line for line in second if line.lower().startswith("x-key")] == ["X-Key: 2"]


async def test_a_large_body_is_sent_whole(client):
    body = bytes(range(256)) * 8 * 1024

    async with open_raw(constant(ok())) as upstream:
        await client.put(Request(url=upstream.url, body=body))

    assert upstream.requests[0].partition(b"\r\n\r\n")[2] == body


@pytest.mark.parametrize(
    ("headers", "method", "asks"),
    [
        pytest.param({}, "GET", True, id="get"),
        pytest.param({}, "HEAD", False, id="head has no body"),
        pytest.param({"range": "bytes=0-3"}, "GET", False, id="a part can't be unpacked"),
    ],
)
async def test_gzip_is_asked_for_where_it_can_be_unpacked(client, headers, method, asks):
    async with open_raw(constant(ok())) as upstream:
        await client.request(Request(url=upstream.url, method=method, headers=headers))

    assert (b"Accept-Encoding: gzip" in upstream.requests[0]) == asks


# What comes back


_TOO_LARGE = "its headers are larger than 1000 fields of 65536 bytes each"


async def _endless_headers(writer):
    writer.write(HEAD)
    while True:
        writer.write(b"X-A: b\r\n" * 500)
        await writer.drain()


async def _endless_line(writer):
    writer.write(HEAD + b"X-A: ")
    while True:
        writer.write(b"y" * 1024)
        await writer.drain()


async def _reset(writer):
    writer.write(HEAD + b"Content-Length: 9\r\n\r\nabc")
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


@pytest.mark.parametrize(
    ("respond", "text"),
    [
        pytest.param(constant(b"", closes=True), "EOF", id="nothing"),
        pytest.param(constant(b"SSH-2.0-x\r\n\r\n"), "malformed HTTP response: Bad", id="no http"),
        pytest.param(_endless_headers, f"malformed HTTP response: {_TOO_LARGE}", id="headers"),
        pytest.param(_endless_line, f"malformed HTTP response: {_TOO_LARGE}", id="header line"),
        pytest.param(
            constant(HEAD + b"X-A: " + b"y" * (MAX_FIELD_BYTES + 9) + b"\r\n\r\n"),
            f"malformed HTTP response: {_TOO_LARGE}",
            id="a field too large",
        ),
        pytest.param(
            constant(HEAD + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"),
            "malformed HTTP response: Duplicate Content-Length",
            id="two lengths",
        ),
        pytest.param(
            constant(HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "malformed HTTP response: Transfer-Encoding can't be",
            id="length and chunks",
        ),
    ],
)
async def test_a_head_that_breaks_the_rules_is_an_error(client, respond, text):
    async with open_raw(respond) as upstream:
        message = await failure(client, upstream.url)

    assert message.startswith(f'HTTP request failed: Get "{upstream.url}": {text}')
    assert "\n" not in message


@pytest.mark.parametrize(
    ("respond", "text"),
    [
        pytest.param(
            constant(HEAD + b"Content-Length: 9\r\n\r\nabc", closes=True),
            "unexpected EOF",
            id="short",
        ),
        pytest.param(_reset, "unexpected EOF", id="reset"),
        pytest.param(
            constant(ok(b"no gzip", b"Content-Encoding: gzip\r\n")),
            "gzip: invalid data",
            id="no gzip",
        ),
        pytest.param(
            constant(ok(gzip.compress(b"x" * 999)[:-1], b"Content-Encoding: gzip\r\n")),
            "unexpected EOF",
            id="short gzip",
        ),
    ],
)
async def test_a_body_that_breaks_the_rules_is_an_error(client, respond, text):
    async with open_raw(respond) as upstream:
        message = await failure(client, upstream.url)

    assert message == f"failed to read response body: {text}"


@pytest.mark.parametrize("length", [0, 1, 65535, 65536, 65537, 131072, 300_000])
@pytest.mark.parametrize("members", [1, 2])
async def test_gzip_of_any_length_is_unpacked(client, length, members):
    packed = gzip.compress(b"0" * length) * members

    async with open_raw(constant(ok(packed, b"Content-Encoding: GZIP\r\n"))) as upstream:
        response = await client.get(Request(url=upstream.url))

    assert response.body == b"0" * length * members


async def test_headers_may_hold_any_bytes(client):
    async with open_raw(constant(ok(headers=b"x-name: \xfc\r\n"))) as upstream:
        response = await client.get(Request(url=upstream.url))

    assert response.headers["X-Name"].encode("utf-8", "surrogateescape") == b"\xfc"


@pytest.mark.parametrize("location", [b"/\xfc", b"http://h:x/\xfc", b"ftp://me:s3cret@h/\xfc"])
async def test_every_message_can_be_written_and_keeps_secrets(client, location):
    redirect = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n" % location

    async with open_raw(constant(redirect)) as upstream:
        message = await failure(client, upstream.url)

    assert message.encode("ascii").startswith(b"HTTP request failed: Get ")
    assert "s3cret" not in message


# Connections


async def test_one_connection_serves_many_requests(client):
    async with open_raw(constant(ok(b"x"))) as upstream:
        for _ in range(3):
            await client.get(Request(url=upstream.url))
        await client.with_limits(HTTPLimits()).get(Request(url=upstream.url))

        assert len(upstream.addresses) == 1
        assert len(upstream.requests) == 4


@pytest.mark.parametrize(
    "start", [b"", HEAD + b"Content-Length: 9\r\n\r\nabc"], ids=["head", "body"]
)
async def test_a_cancelled_request_closes_its_connection(client, start):
    is_asked = asyncio.Event()

    async def respond(writer):
        writer.write(start)
        is_asked.set()
        await asyncio.Event().wait()

    async with open_raw(respond) as upstream:
        task = asyncio.create_task(client.get(Request(url=upstream.url)))
        await is_asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        await asyncio.wait_for(upstream.all_closed.wait(), 30)


async def test_a_request_that_took_too_long_closes_its_connection(client):
    async with open_raw(constant(HEAD)) as upstream:
        message = await failure(client, upstream.url, timeout_s=0.1)

        await asyncio.wait_for(upstream.all_closed.wait(), 30)
    assert "deadline exceeded" in message


async def test_a_request_cannot_ask_for_more_time_than_there_is(client):
    short = client.with_limits(HTTPLimits(timeout_s=0.1))

    async with open_raw(constant(HEAD)) as upstream:
        messages = [await failure(short, upstream.url, timeout_s=one) for one in (9.0, None)]

    assert all("(time limit of 0.1 s)" in message for message in messages)


async def test_idle_connections_do_not_pile_up(client):
    async with open_raw(constant(ok()), host="0.0.0.0") as upstream:
        for number in range(MAX_SOCKETS + 20):
            url = f"http://127.0.{number // 250}.{number % 250 + 1}:{upstream.port}/"
            await client.get(Request(url=url))

        assert len(upstream.addresses) == MAX_SOCKETS + 20
        assert sum(b"Connection: close" in request for request in upstream.requests) == 20


async def test_few_large_bodies_are_read_at_a_time():
    """Those that wait for their turn do so on their own time, and small ones pass."""
    may_end = asyncio.Event()
    are_large = asyncio.Semaphore(0)

    async def respond(writer):
        path = upstream.requests[-1].split()[1]
        if path != b"/slow":
            writer.write(ok(b"x" if path == b"/small" else bytes(MIB)))
            return
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % (16 * MIB + 1) + bytes(16 * MIB))
        # That so much has left shows that the other side is reading.
        await writer.drain()
        are_large.release()
        await may_end.wait()
        writer.write(b"x")

    limits = HTTPLimits(max_bytes=20 * MIB)
    policy = EgressPolicy(["127.0.0.1"])
    async with (
        open_raw(respond) as upstream,
        AiohttpClient(policy, limits, large_bodies=2) as large,
    ):
        running = []
        for _ in range(2):
            running.append(asyncio.create_task(large.get(Request(url=f"{upstream.url}/slow"))))
            await are_large.acquire()
        one_more = await failure(large, f"{upstream.url}/large", timeout_s=1.0)
        small = await large.get(Request(url=f"{upstream.url}/small"))
        may_end.set()
        *slow, last = await asyncio.gather(
            *running, large.get(Request(url=f"{upstream.url}/large"))
        )

    assert one_more.startswith("failed to read response body: context deadline exceeded")
    assert small.body == b"x"
    assert {len(response.body) for response in slow} == {16 * MIB + 1}
    assert len(last.body) == MIB


async def test_senders_that_dawdle_keep_no_function_from_reading(client):
    """One function may have twelve executions at a time; the next one still gets its body."""
    may_end = asyncio.Event()
    begun = asyncio.Semaphore(0)

    async def respond(writer):
        if upstream.requests[-1].split()[1] == b"/quick":
            writer.write(ok(bytes(MIB)))
            return
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % MIB + bytes(MIB // 2))
        begun.release()
        await may_end.wait()

    async with open_raw(respond) as upstream:
        running = []
        for _ in range(WorkerLimits().per_function):
            running.append(asyncio.create_task(client.get(Request(url=f"{upstream.url}/slow"))))
            await begun.acquire()
        answer = await client.get(Request(url=f"{upstream.url}/quick"))
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        may_end.set()

    assert len(answer.body) == MIB


async def test_a_closed_client_says_so():
    async with open_raw(constant(ok())) as upstream:
        async with AiohttpClient(EgressPolicy(["127.0.0.1"])) as client:
            sibling = client.with_limits(LIMITS)

        messages = [await failure(client, upstream.url), await failure(sibling, upstream.url)]

    assert all(message.endswith("the client is closed") for message in messages)
    assert upstream.requests == []


# Whom it talks to


async def test_a_certificate_nobody_vouches_for_is_refused(client, tmp_path):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*write_certificate(tmp_path))

    async with open_raw(constant(ok()), tls=tls) as upstream:
        message = await failure(client, upstream.url)

    assert message.endswith(": tls: failed to verify certificate: self-signed certificate")
    assert upstream.requests == []


async def test_large_heads_within_the_limits_are_taken(client):
    many = b"".join(b"X-%d: 1\r\n" % n for n in range(900))
    large = b"".join(b"X-L%d: " % n + b"y" * 60_000 + b"\r\n" for n in range(10))
    head = HEAD + b"Content-Length: 2\r\n"

    for fields, count in ((many, 900), (large, 10)):
        async with open_raw(constant(head + fields + b"\r\nok")) as upstream:
            answer = await client.get(Request(url=upstream.url))

        assert answer.body == b"ok"
        assert sum(name.startswith("X-") for name in answer.headers) == count
