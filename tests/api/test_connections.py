"""What connections hold: bodies, answers that nobody reads, places."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from perilune.api.connections import exchange, server
from perilune.api.connections.budget import ByteBudget
from perilune.api.connections.proxies import Proxies
from perilune.api.connections.shared import Shared
from perilune.config import MIB

from .conftest import open_site
from .gate import Gate, soon
from .test_http import CLOSE, request

LARGE = 100_000


@contextlib.asynccontextmanager
async def connection(
    site, receive_buffer: int | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", site.server.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def announced(function_id: str, size: int) -> bytes:
    return request(f"POST /fn/{function_id}", f"Content-Length: {size}", CLOSE)


def shared_of(site) -> Shared:
    assert site.server.http.shared is not None
    return site.server.http.shared


def bodies_of(site) -> list[bytes]:
    return [one.event.body for one in site.runtime.requests]


async def status_of(reader: asyncio.StreamReader) -> int:
    return int((await asyncio.wait_for(reader.readline(), 30)).split()[1])


# --- bodies on their way in -------------------------------------------------------


async def test_large_bodies_beyond_the_budget_wait_for_each_other(tmp_path):
    async with open_site(tmp_path, body_memory=MIB, request_body=MIB) as site:
        function_id = await site.answering(body="ok")
        async with connection(site) as (first, to_first), connection(site) as (second, to_second):
            to_first.write(announced(function_id, MIB) + bytes(200_000))
            await to_first.drain()
            await until(lambda: shared_of(site).incoming.used)
            to_second.write(announced(function_id, MIB) + bytes(MIB))
            to_first.write(bytes(MIB - 200_000))

            assert (await status_of(first), await status_of(second)) == (200, 200)
        assert {len(body) for body in bodies_of(site)} == {MIB}


async def test_a_large_body_that_finds_no_place_gets_503(tmp_path, monkeypatch):
    monkeypatch.setattr(exchange, "MAX_WAIT_S", 0.05)
    async with open_site(tmp_path, body_memory=MIB, request_body=MIB) as site:
        function_id = await site.answering(body="ok")
        async with connection(site) as (_, to_first), connection(site) as (second, to_second):
            to_first.write(announced(function_id, MIB) + bytes(LARGE))
            await until(lambda: shared_of(site).incoming.used)
            to_second.write(announced(function_id, MIB) + bytes(MIB))

            assert await status_of(second) == 503
            assert b"retry-after: 1\r\n" in await asyncio.wait_for(
                second.readuntil(b"\r\n\r\n"), 30
            )
            small = await site.raw(announced(function_id, 3) + b"abc")

        assert small.startswith(b"HTTP/1.1 200 ")
        assert bodies_of(site) == [b"abc"]


async def test_a_body_keeps_its_place_as_long_as_its_execution_waits_or_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(exchange, "MAX_WAIT_S", 0.05)
    gate = Gate()
    async with open_site(tmp_path, body_memory=MIB, request_body=MIB) as site:
        function_id = await site.create(gate)
        async with connection(site) as (first, to_first), connection(site) as (second, to_second):
            to_first.write(announced(function_id, MIB) + bytes(MIB))
            await soon(gate.entered.wait())
            to_second.write(announced(function_id, MIB) + bytes(MIB))

            assert await status_of(second) == 503
            gate.go_on.set()
            assert await status_of(first) == 200
        assert len(site.runtime.requests) == 1


async def test_places_are_given_back(tmp_path):
    async with open_site(tmp_path, body_memory=MIB, request_body=MIB) as site:
        function_id = await site.answering(body="ok")
        shared = shared_of(site)
        for _ in range(3):
            answer = await site.raw(announced(function_id, MIB) + bytes(MIB))
            assert answer.startswith(b"HTTP/1.1 200 ")
        async with connection(site) as (_, writer):
            writer.write(announced(function_id, MIB) + bytes(LARGE))
            await until(lambda: shared.incoming.used)

        await until(lambda: not (shared.incoming.used or shared.small.used))


# --- answers on their way out -----------------------------------------------------


async def test_an_answer_that_nobody_reads_is_cut_off(tmp_path):
    async with open_site(tmp_path, keep_alive=1) as site:
        function_id = await site.answering(body="x" * (6 * MIB))
        async with connection(site, 4096) as (reader, writer):
            writer.write(request(f"GET /fn/{function_id}"))
            await until(lambda: shared_of(site).outgoing.used)

            await until(lambda: not shared_of(site).connections)

            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(6 * MIB), 30)
        assert shared_of(site).outgoing.used == 0


async def test_answers_beyond_the_budget_get_503(tmp_path):
    async with open_site(tmp_path, body_memory=MIB, request_body=MIB) as site:
        function_id = await site.answering(body="x" * MIB)
        async with connection(site, 4096) as (_, writer):
            writer.write(request(f"GET /fn/{function_id}"))
            await until(lambda: shared_of(site).outgoing.used)

            refused = await site.raw(request(f"GET /fn/{function_id}", CLOSE))
            small = await site.raw(request("GET /healthz", CLOSE))

        assert refused.startswith(b"HTTP/1.1 503 ") and b"x" * 100 not in refused
        assert small.startswith(b"HTTP/1.1 200 ")
        await until(lambda: not shared_of(site).outgoing.used)
        again = await site.raw(request(f"GET /fn/{function_id}", CLOSE))
        assert again.endswith(b"x" * MIB)


async def test_stopping_lets_clients_take_their_answers(tmp_path):
    async with open_site(tmp_path, shutdown_grace=20) as site:
        function_id = await site.answering(body="x" * (6 * MIB))
        async with connection(site, 4096) as (reader, writer):
            writer.write(request(f"GET /fn/{function_id}"))
            await until(lambda: shared_of(site).outgoing.used)

            stopping = asyncio.ensure_future(site.server.stop())
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
            body = await asyncio.wait_for(reader.read(-1), 30)

        assert body == b"x" * (6 * MIB)
        assert await asyncio.wait_for(stopping, 30) is True


async def test_stopping_cuts_off_answers_that_nobody_takes(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(server, "SEND_LEAST_S", 0.05)
    async with open_site(tmp_path, shutdown_grace=0) as site:
        function_id = await site.answering(body="x" * (6 * MIB))
        shared = shared_of(site)
        async with connection(site, 4096) as (reader, writer):
            writer.write(request(f"GET /fn/{function_id}"))
            await until(lambda: shared.outgoing.used)

            assert await asyncio.wait_for(site.server.stop(), 30) is False

            await until(lambda: not shared.connections)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(6 * MIB), 30)
    assert "1 answers were not taken by their clients and are cut off" in caplog.text


# --- clients that close their side ------------------------------------------------


async def test_a_client_that_closes_its_sending_side_gets_its_answer(site):
    release = asyncio.Event()

    async def behaviour(_):
        await release.wait()
        return

    function_id = await site.create(behaviour)
    async with connection(site) as (reader, writer):
        writer.write(request(f"GET /fn/{function_id}"))
        writer.write_eof()
        await until(lambda: site.runtime.requests)
        release.set()

        assert await status_of(reader) == 500  # it answered nothing, and was not cancelled
        await asyncio.wait_for(reader.read(), 30)
    (execution,) = await site.executions(function_id)
    assert execution.get("error_kind") != "cancelled"


async def test_a_client_that_has_gone_cancels_its_execution(quick_probes, site):
    async def behaviour(_):
        await asyncio.Event().wait()

    function_id = await site.create(behaviour)
    _, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
    writer.write(request(f"GET /fn/{function_id}"))
    await until(lambda: site.runtime.requests)

    writer.close()
    await writer.wait_closed()

    async with asyncio.timeout(30):
        while [one["status"] for one in await site.executions(function_id)] != ["error"]:
            await asyncio.sleep(0.01)
    (execution,) = await site.executions(function_id)
    assert execution["error_kind"] == "cancelled"


# --- places -----------------------------------------------------------------------


async def test_one_address_does_not_get_all_connections(tmp_path):
    async with open_site(tmp_path, max_connections=4) as site:
        async with connection(site) as (_, first), connection(site) as (_, second):
            for writer in (first, second):
                writer.write(b"GET ")

            assert await site.raw(request("GET /healthz", CLOSE)) == b""
        await until(lambda: not shared_of(site).per_address)
        assert (await site.raw(request("GET /healthz", CLOSE))).startswith(b"HTTP/1.1 200 ")


async def test_a_trusted_proxy_gets_all_connections(tmp_path):
    proxies = ("127.0.0.0/8",)
    async with (
        open_site(tmp_path, max_connections=4, trusted_proxies=proxies) as site,
        connection(site),
        connection(site),
    ):
        answer = await site.raw(request("GET /healthz", CLOSE))

    assert answer.startswith(b"HTTP/1.1 200 ")


# --- the parts --------------------------------------------------------------------


async def test_a_budget_serves_in_the_order_of_asking():
    budget = ByteBudget(10)
    served: list[int] = []

    async def ask(size: int) -> None:
        assert await budget.reserve(size, 30)
        served.append(size)

    assert budget.take(10)
    waiting = [asyncio.create_task(ask(size)) for size in (8, 1, 7)]
    await asyncio.sleep(0)
    assert not budget.take(1)
    budget.give_back(10)
    await asyncio.sleep(0)
    assert served == [8, 1] and not budget.take(1)
    budget.give_back(8)
    await asyncio.gather(*waiting)

    assert served == [8, 1, 7]


async def test_a_budget_forgets_who_no_longer_waits():
    budget = ByteBudget(10)
    assert budget.take(10)
    cancelled = asyncio.create_task(budget.reserve(5, 30))
    await asyncio.sleep(0)
    cancelled.cancel()
    late = await budget.reserve(5, 0.001)
    await asyncio.wait({cancelled})
    budget.give_back(10)

    assert not late
    assert budget.take(10)


async def test_a_budget_never_serves_more_than_there_is():
    assert not await ByteBudget(10).reserve(11, 0.001)


@pytest.mark.parametrize(
    ("fields", "client", "scheme"),
    [
        pytest.param({}, "10.0.0.1", "http", id="nothing"),
        pytest.param({"for": "192.0.2.7"}, "192.0.2.7", "http", id="one"),
        pytest.param({"for": "1.1.1.1, 192.0.2.7"}, "192.0.2.7", "http", id="a forged first"),
        pytest.param({"for": "192.0.2.7, 10.0.0.9"}, "192.0.2.7", "http", id="two proxies"),
        pytest.param({"for": "10.0.0.8, 10.0.0.9"}, "10.0.0.8", "http", id="only proxies"),
        pytest.param({"for": "[2001:db8::1]:443"}, "2001:db8::1", "http", id="version 6, port"),
        pytest.param({"for": "192.0.2.7:99"}, "192.0.2.7", "http", id="a port"),
        pytest.param({"for": "unknown"}, "unknown", "http", id="a word"),
        pytest.param({"for": " , "}, "10.0.0.1", "http", id="blanks"),
        pytest.param({"proto": "https"}, "10.0.0.1", "https", id="scheme"),
        pytest.param({"proto": "gopher"}, "10.0.0.1", "http", id="another scheme"),
    ],
)
def test_a_trusted_proxy_names_client_and_scheme(fields, client, scheme):
    headers = [(f"X-Forwarded-{name}".encode(), text.encode()) for name, text in fields.items()]
    proxies = Proxies(["10.0.0.0/8"])

    (host, _), seen = proxies.forwarded(headers, ("10.0.0.1", 1), "http")

    assert (host, seen) == (client, scheme)


def test_nobody_else_names_client_and_scheme():
    headers = [(b"x-forwarded-for", b"192.0.2.7"), (b"x-forwarded-proto", b"https")]
    for proxies in (Proxies(), Proxies(["192.0.2.0/24"])):
        assert proxies.forwarded(headers, ("10.0.0.1", 1), "http") == (("10.0.0.1", 1), "http")
    assert Proxies(["10.0.0.0/8"]).trusts("::ffff:10.0.0.1")


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)
