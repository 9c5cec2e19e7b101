"""The HTTP client and names: which addresses it connects to, and how it looks them up."""

import asyncio
import socket
import threading

import pytest

from perilune.services.http import AiohttpClient, EgressPolicy, HTTPClientError, HTTPLimits, Request
from tests.upstream.raw import constant, ok, open_raw

LIMITS = HTTPLimits(timeout_s=30.0)


async def failure(client, url, **options):
    with pytest.raises(HTTPClientError) as caught:
        await client.request(Request(url=url, **options))
    return str(caught.value)


async def test_only_allowed_addresses_of_a_name_are_tried(monkeypatch):
    """The name is looked up once: the answer that was checked is the one that is used."""
    answers = [["127.0.0.2", "127.0.0.1"], ["127.0.0.2"]]

    def getaddrinfo(_host, port, *_options):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in answers.pop(0)
        ]

    async with (
        open_raw(constant(ok()), host="0.0.0.0") as upstream,
        AiohttpClient(EgressPolicy(["127.0.0.1"]), LIMITS) as client,
    ):
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        await client.get(Request(url=f"http://rebind.example:{upstream.port}/"))

        assert upstream.addresses == ["127.0.0.1"]
        assert answers == [["127.0.0.2"]]


async def test_names_that_nobody_answers_for_keep_nothing_else_waiting(monkeypatch):
    """A look-up goes on when nobody waits for it any more; many of them are in nobody's way."""
    may_end = threading.Event()
    resolve = socket.getaddrinfo

    def getaddrinfo(host, *options):
        if host.endswith(".silent.example"):
            may_end.wait(60)
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    try:
        async with (
            open_raw(constant(ok(b"x"))) as upstream,
            AiohttpClient(EgressPolicy(["localhost"]), LIMITS) as client,
        ):
            silent = [f"http://{number}.silent.example/" for number in range(40)]
            failures = await asyncio.gather(*(failure(client, u, timeout_s=0.2) for u in silent))
            async with asyncio.timeout(30):
                answer = await client.get(Request(url=f"http://localhost:{upstream.port}/"))
                other = await asyncio.to_thread(int, "7")
    finally:
        may_end.set()

    assert all("deadline exceeded" in message for message in failures)
    assert (answer.body, other) == (b"x", 7)


async def test_a_name_that_is_allowed_does_not_allow_its_address():
    async with (
        open_raw(constant(b"")) as upstream,
        AiohttpClient(EgressPolicy(["localhost"]), LIMITS) as client,
    ):
        redirect = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n"
        upstream.respond_with(constant(redirect % f"{upstream.url}/secret".encode()))

        message = await failure(client, f"http://localhost:{upstream.port}/")

    assert "127.0.0.1 is not a public address; the operator may allow it" in message
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
        *("localhost", "LOCALHOST", "\u2460\u2461\u2466.0.0.1", "127\u30020\u30020\u30021"),
    ],
)
async def test_no_form_of_a_private_address_is_connected_to(host):
    async with (
        open_raw(constant(ok())) as upstream,
        AiohttpClient(EgressPolicy(), LIMITS) as client,
    ):
        message = await failure(client, f"http://{host}:{upstream.port}/")

        assert "PERILUNE_HTTP_ALLOW" in message
        assert upstream.addresses == []
