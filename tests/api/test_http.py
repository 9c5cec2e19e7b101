"""What goes over the wire, byte by byte, and what a connection may do."""

import asyncio
import logging

import pytest

from perilune.api.connections.protocol import MAX_OVERHEAD_BYTES, MAX_PIPELINED
from perilune.api.connections.request import MAX_HEAD_BYTES
from perilune.events import HTTPResponse

from .conftest import KEY, open_site


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    head = "\r\n".join((line + " HTTP/1.1", "Host: h", *headers))
    return head.encode() + b"\r\n\r\n" + body


CLOSE = "Connection: close"


async def test_double_slashes_and_dots_pass_through(site):
    function_id = await site.answering(body="ok")

    received = await site.raw(request(f"POST /fn/{function_id}//a/../b/.", CLOSE))

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert site.runtime.event.relative_path == "//a/../b/."
    assert site.runtime.event.method == "POST"


async def test_line_breaks_cannot_split_an_answer(site):
    function_id = await site.answering(headers={"X-A": "v\r\nX-Evil: 1\r\n\r\nbody"}, body="ok")

    received = await site.raw(request(f"GET /fn/{function_id}", CLOSE))

    head, _, body = received.partition(b"\r\n\r\n")
    assert body == b"ok"
    assert b"\r\nX-Evil" not in head and b"x-a: v  X-Evil: 1    body\r\n" in head + b"\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Content-Length": "2"}, id="short length"),
        pytest.param({"Content-Length": "99"}, id="long length"),
        pytest.param({"Transfer-Encoding": "gzip"}, id="encoding"),
        pytest.param({"Connection": "close", "Upgrade": "x"}, id="connection"),
    ],
)
async def test_functions_cannot_break_the_framing(site, headers):
    function_id = await site.answering(headers=headers, body="123456")
    one = request(f"GET /fn/{function_id}")

    received = await site.raw(one + one + request(f"GET /fn/{function_id}", CLOSE))

    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.count(b"content-length: 6\r\n") == 3
    assert received.endswith(b"\r\n\r\n123456")


@pytest.mark.parametrize("status", [204, 304])
async def test_answers_without_a_body_keep_the_connection_usable(site, status):
    function_id = await site.answering(status_code=status, body="dropped")
    path = f"/fn/{function_id}"

    received = await site.raw(request(f"GET {path}") + request(f"GET {path}", CLOSE))

    assert received.count(b"HTTP/1.1 %d" % status) == 2
    assert b"dropped" not in received and b"transfer-encoding" not in received


async def test_no_server_header_but_a_date(site):
    received = await site.raw(request("GET /healthz", CLOSE))

    assert b"\r\ndate: " in received and b"\r\nserver:" not in received


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"nonsense\r\n\r\n", id="no http"),
        pytest.param(b"GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n", id="bytes in the path"),
        pytest.param(b"GET / HTTP/1.1\r\nA B: c\r\n\r\n", id="bad header"),
        pytest.param(
            b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            id="two framings",
        ),
        pytest.param(b"GET /healthz\r\n\r\n", id="HTTP/0.9"),
        pytest.param(b"GET /healthz HTTP/0.9\r\nHost: h\r\n\r\n", id="HTTP/0.9 by name"),
        pytest.param(b"GET /healthz HTTP/2.0\r\nHost: h\r\n\r\n", id="HTTP/2.0"),
    ],
)
async def test_invalid_http_is_answered_and_the_connection_closed(site, data):
    received = await site.raw(data)

    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.endswith(b'{"error":"Invalid HTTP request"}\n')


async def test_a_head_that_does_not_end_is_cut_off(site):
    start = b"GET / HTTP/1.1\r\nX-A: "

    received = await site.raw(start + b"x" * (MAX_HEAD_BYTES + 1 - len(start)))

    assert received.startswith(b"HTTP/1.1 431 ")


async def test_a_large_head_within_the_limit_is_served(site):
    received = await site.raw(request("GET /healthz", CLOSE, "X-A: " + "x" * 60_000))

    assert received.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "data",
    [pytest.param(b"", id="nothing"), pytest.param(b"GET / HTTP/1.1\r\nX-A: 1\r\n", id="a part")],
)
async def test_a_head_that_does_not_come_is_not_waited_for(tmp_path, data):
    async with open_site(tmp_path, header_timeout=0.05) as site:
        assert await site.raw(data) == b""


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path):
    async with open_site(tmp_path, body_timeout=0.05) as site:
        function_id = await site.answering()

        received = await site.raw(
            request(f"POST /fn/{function_id}", CLOSE, "Content-Length: 5", body=b"123")
        )

        assert received.startswith(b"HTTP/1.1 408 ")
        assert site.runtime.requests == []


async def test_an_idle_connection_is_closed(tmp_path):
    async with open_site(tmp_path, keep_alive=1) as site:
        assert (await site.raw(request("GET /healthz"))).startswith(b"HTTP/1.1 200 ")


async def test_connections_above_the_limit_are_closed_at_once(tmp_path):
    async with open_site(tmp_path, max_connections=1) as site:
        assert (await site.client.get("/healthz")).status_code == 200

        assert await site.raw(request("GET /healthz")) == b""
        assert (await site.client.get("/healthz")).status_code == 200


async def test_a_refused_body_leaves_the_connection_usable(tmp_path):
    async with open_site(tmp_path, request_body=10) as site:
        function_id = await site.answering(body="second")

        received = await site.raw(
            request(f"POST /fn/{function_id}", "Content-Length: 100000", body=b"x" * 100_000)
            + request(f"GET /fn/{function_id}", CLOSE)
        )

        assert received.startswith(b"HTTP/1.1 413 ") and received.endswith(b"second")


async def test_a_refused_body_that_was_only_announced_ends_the_connection(tmp_path):
    async with open_site(tmp_path, request_body=10) as site:
        function_id = await site.answering()

        received = await site.raw(
            request(f"POST /fn/{function_id}", "Content-Length: 99", "Expect: 100-continue")
        )

        assert received.startswith(b"HTTP/1.1 413 ") and b"100 Continue" not in received


CHUNKED = ("Transfer-Encoding: chunked", "Content-Type: text/plain")


@pytest.mark.parametrize("pieces", ["one packet", "a packet per line", "a packet per byte"])
async def test_trailer_fields_are_dropped(site, pieces):
    function_id = await site.answering(body="ok")
    data = request(f"POST /fn/{function_id}", CLOSE, *CHUNKED, body=b"3\r\nabc\r\n0\r\n")
    data += b"X-Extra: trailer\r\ncontent-type: text/html\r\nExpect: 100-continue\r\n\r\n"
    split = {"one packet": [data], "a packet per line": data.splitlines(keepends=True)}

    received = await site.raw(*split.get(pieces, [data[at : at + 1] for at in range(len(data))]))

    assert received.startswith(b"HTTP/1.1 200 ")
    event = site.runtime.event
    assert event.body == b"abc"
    assert event.headers["Content-Type"] == "text/plain" and "X-Extra" not in event.headers
    assert event.multi_headers == {}


async def test_credentials_in_a_trailer_open_nothing(site):
    function_id = await site.answering(body="inside")
    await site.client.put(f"/api/functions/{function_id}", json={"access": "token"})
    trailer = f"0\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
    head = ("Transfer-Encoding: chunked", "Content-Type: application/json", CLOSE)

    called = await site.raw(request(f"POST /fn/{function_id}", *head, body=trailer))
    managed = await site.raw(request("POST /api/functions", *head, body=b"2\r\n{}\r\n" + trailer))

    assert called.startswith(b"HTTP/1.1 401 ") and managed.startswith(b"HTTP/1.1 401 ")
    assert site.runtime.requests == []


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"0\r\nX-A: ", id="a trailer field"),
        pytest.param(b"3;extension=", id="a chunk extension"),
    ],
)
async def test_bytes_between_chunks_are_bounded(site, start):
    function_id = await site.answering(body="ok")
    head = request(f"POST /fn/{function_id}", "Transfer-Encoding: chunked")

    received = await site.raw(head + start, b"x" * (MAX_OVERHEAD_BYTES + 1))

    assert received.startswith(b"HTTP/1.1 431 ")
    assert site.runtime.requests == []


@pytest.mark.parametrize(
    ("hosts", "version", "status"),
    [
        pytest.param(["h"], "1.1", 200, id="one"),
        pytest.param(["h.example:8080"], "1.1", 200, id="port"),
        pytest.param(["[::1]:80"], "1.1", 200, id="version 6"),
        pytest.param([""], "1.1", 200, id="empty"),
        pytest.param([], "1.0", 200, id="none, HTTP/1.0"),
        pytest.param([], "1.1", 400, id="none"),
        pytest.param(["h", "h"], "1.1", 400, id="twice"),
        pytest.param(["a", "b"], "1.0", 400, id="two, HTTP/1.0"),
        pytest.param(["a/b"], "1.1", 400, id="a path"),
        pytest.param(["a b"], "1.1", 400, id="a blank"),
        pytest.param(["u@h"], "1.1", 400, id="a user"),
        pytest.param(["h:65536"], "1.1", 400, id="no port"),
    ],
)
@pytest.mark.parametrize("path", ["/healthz", "/api/version", "/fn/"])
async def test_a_request_has_one_host(site, path, hosts, version, status):
    function_id = await site.answering(body="ok")
    path = path + function_id if path == "/fn/" else path
    lines = [f"GET {path} HTTP/{version}", *(f"Host: {host}" for host in hosts)]
    lines += [f"Authorization: Bearer {KEY}", CLOSE]

    received = await site.raw("\r\n".join([*lines, "", ""]).encode())

    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert len(site.runtime.requests) == (status == 200 and path.startswith("/fn/"))


async def test_the_host_of_an_absolute_target_wins(site):
    function_id = await site.answering(body="ok")

    received = await site.raw(request(f"GET http://other.example:81/fn/{function_id}?a=1", CLOSE))

    assert received.startswith(b"HTTP/1.1 200 ")
    assert site.runtime.event.host == "other.example:81"
    assert site.runtime.event.query == {"a": "1"}


@pytest.mark.parametrize("target", ["http://x", "HTTP://x?a=1", "http://x:", "http://x:/?a=1"])
async def test_an_absolute_target_without_a_path_is_for_the_root(site, target):
    received = await site.raw(request(f"GET {target}", CLOSE))

    assert received.startswith(b"HTTP/1.1 200 ") and b"text/html" in received


async def test_the_server_as_a_whole_says_its_methods(site):
    received = await site.raw(request("OPTIONS *", CLOSE))

    assert received.startswith(b"HTTP/1.1 204 ")
    assert b"\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" in received


REFUSED_LINES = [
    *("GET ftp://h/", "GET h:80", "GET fn/x", "GET http:///x", "GET http://x:99999/", "GET *"),
    *("GET http://[::1/", "GET http://u@x/", "CONNECT x:443", "CONNECT /fn/x", "GET http://a b/"),
]


@pytest.mark.parametrize("line", REFUSED_LINES)
async def test_other_targets_are_refused_without_a_word_in_the_log(site, line, caplog):
    received = await site.raw(request(line, CLOSE))

    assert received.startswith(b"HTTP/1.1 400 ")
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("line", [*REFUSED_LINES, "GET /" + "x" * MAX_HEAD_BYTES])
@pytest.mark.parametrize("is_half_closed", [False, True])
async def test_a_refused_head_is_answered_after_the_requests_before_it(
    site, line, is_half_closed, caplog
):
    async def wait_and_answer(_):
        await is_refused.wait()
        return HTTPResponse(body="good")

    is_refused = asyncio.Event()
    function_id = await site.create(wait_and_answer)
    good = request(f"GET /fn/{function_id}")
    reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
    writer.write(good + good + request(line))
    if is_half_closed:
        writer.write_eof()
    assert (await site.client.get("/healthz")).status_code == 200
    is_refused.set()

    received = await asyncio.wait_for(reader.read(), 30)
    writer.close()

    answers = received.split(b"HTTP/1.1 ")[1:]
    assert [one[:3] for one in answers] == [b"200", b"200", b"414" if len(line) > 99 else b"400"]
    assert b"\r\nconnection: close\r\n" not in answers[0] + answers[1]
    assert b"\r\nconnection: close\r\n" in answers[2]
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


async def test_a_body_that_goes_wrong_after_its_answer_gets_no_second_one(tmp_path):
    async with open_site(tmp_path, request_body=10) as site:
        function_id = await site.answering()
        head = request(f"POST /fn/{function_id}", "Transfer-Encoding: chunked")

        reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
        writer.write(head + b"20\r\n" + b"x" * 32 + b"\r\n")
        first = await asyncio.wait_for(reader.readuntil(b"}\n"), 30)
        writer.write(b"nonsense\r\n")
        rest = await asyncio.wait_for(reader.read(), 30)
        writer.close()

    assert first.startswith(b"HTTP/1.1 413 ") and rest == b""


@pytest.mark.parametrize("coding", ["gzip, chunked", "identity, chunked", "chunked, chunked"])
async def test_unknown_transfer_codings_are_refused(site, coding):
    function_id = await site.answering()
    head = request(f"POST /fn/{function_id}", f"Transfer-Encoding: {coding}", CLOSE)

    received = await site.raw(head + b"0\r\n\r\n")

    assert received.startswith((b"HTTP/1.1 501 ", b"HTTP/1.1 400 "))
    assert site.runtime.requests == []


@pytest.mark.parametrize("step", [None, 65_536, 4_096])
async def test_limits_of_the_head_do_not_depend_on_packets(site, step):
    long_target = request("GET /" + "a" * MAX_HEAD_BYTES, CLOSE)
    long_field = request("GET /healthz", CLOSE, "X-A: " + "a" * MAX_HEAD_BYTES)
    many_fields = request("GET /healthz", CLOSE, *["X-A: aaaaaaaaaa"] * 5_000)

    for data, status in ((long_target, 414), (long_field, 431), (many_fields, 431)):
        size = step or len(data)
        packets = [data[at : at + size] for at in range(0, len(data), size)]
        assert (await site.raw(*packets)).startswith(b"HTTP/1.1 %d " % status)


async def test_the_outcome_does_not_depend_on_where_packets_are_cut(site):
    function_id = await site.answering(body="ok")
    data = request(f"POST /fn/{function_id}?q=1", "Transfer-Encoding: chunked")
    data += b"5;e=f\r\nhello\r\n0\r\nX-T: 1\r\n\r\n" + request("GET /healthz", CLOSE)

    for cut in range(1, len(data), 3):
        received = await site.raw(data[:cut], data[cut:])

        assert received.count(b"HTTP/1.1 200 ") == 2, cut
        assert site.runtime.event.body == b"hello" and "X-T" not in site.runtime.event.headers


async def test_many_pipelined_requests_end_the_connection_in_order(site):
    received = await site.raw(request("GET /healthz") * (MAX_PIPELINED + 50))

    assert received.count(b"HTTP/1.1 200 ") == MAX_PIPELINED + 1
    assert received.rpartition(b"HTTP/1.1")[2].count(b"connection: close\r\n") == 1


@pytest.mark.parametrize("upgrade", ["websocket", "h2c"])
async def test_a_request_with_upgrade_leaves_the_connection_usable(site, upgrade):
    first = request("GET /healthz", "Connection: Upgrade", f"Upgrade: {upgrade}")

    for packets in (
        [first + request("GET /healthz", CLOSE)],
        [first, request("GET /readyz", CLOSE)],
    ):
        received = await site.raw(*packets)

        assert received.count(b"HTTP/1.1 200 ") == 2


async def test_reset_content_has_no_content(site):
    function_id = await site.answering(status_code=205, body="dropped")
    path = f"/fn/{function_id}"

    received = await site.raw(request(f"GET {path}") + request(f"GET {path}", CLOSE))

    assert received.count(b"HTTP/1.1 205 Reset Content") == 2
    assert received.count(b"content-length: 0\r\n") == 2 and b"dropped" not in received


async def test_an_upgrade_is_not_offered(site):
    function_id = await site.answering(body="plain")
    reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)

    writer.write(request(f"GET /fn/{function_id}", "Connection: Upgrade", "Upgrade: websocket"))

    assert await asyncio.wait_for(reader.readline(), 30) == b"HTTP/1.1 200 OK\r\n"
    writer.close()
    await writer.wait_closed()
