"""The HTTP client of guest code, over real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.services.http import (
    AiohttpClient,
    EgressPolicy,
    HTTPClientError,
    HTTPLimits,
    Request,
    Response,
)
from perilune.services.http.target import parse_target
from tests.upstream import open_upstream
from tests.upstream.http_pages import answer

LIMITS = HTTPLimits(timeout_s=30.0, max_bytes=100_000)


@pytest.fixture
async def upstream() -> AsyncIterator[str]:
    async with open_upstream(answer) as url:
        yield url


@pytest.fixture
async def client() -> AsyncIterator[AiohttpClient]:
    async with AiohttpClient(EgressPolicy(["127.0.0.1"]), LIMITS) as one:
        yield one


def seen(response: Response) -> dict[str, Any]:
    """What the server says it was asked, header names in lower case."""
    document: dict[str, Any] = json.loads(response.body)
    document["headers"] = {name.lower(): value for name, value in document["headers"].items()}
    return document


async def failure(client: AiohttpClient, request: Request) -> str:
    with pytest.raises(HTTPClientError) as caught:
        await client.request(request)
    return str(caught.value)


async def test_a_request_arrives_as_it_was_meant(client, upstream):
    response = await client.put(
        Request(
            url=f"{upstream}/echo/%C3%A9?z=1",
            headers={"X-A": "1", "Host": "evil", "Content-Length": "99"},
            query={"q": "a b&c", "z": "2"},
            body="caf\u00e9",
        )
    )

    document = seen(response)
    assert document["method"] == "PUT"
    assert document["path"] == "/echo/%C3%A9?q=a+b%26c&z=1&z=2"
    assert document["body"] == "caf\u00e9"
    assert document["headers"]["x-a"] == "1"
    assert document["headers"]["host"] == upstream.removeprefix("http://")
    assert document["headers"]["user-agent"].startswith("Perilune/")
    assert "content-type" not in document["headers"]
    assert response.headers["X-Multi"] == "a"
    assert response.multi_headers["X-Multi"] == ["a", "b"]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
async def test_each_method_is_its_own(client, upstream, method):
    response = await getattr(client, method)(Request(url=f"{upstream}/echo"))

    assert seen(response)["method"] == method.upper()
    assert seen(response)["body"] == ""


async def test_head_has_no_body_and_any_status_is_a_response(client, upstream):
    head = await client.request(Request(url=f"{upstream}/echo", method="HEAD"))
    missing = await client.get(Request(url=f"{upstream}/status/404"))

    assert (head.status_code, head.body) == (200, b"")
    assert (missing.status_code, missing.body, missing.is_error) == (404, b"nope", True)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        pytest.param(
            "::bad", 'failed to parse URL: parse "::bad": missing protocol scheme', id="1"
        ),
        pytest.param(
            "127.0.0.1:80/x",
            'failed to parse URL: parse "127.0.0.1:80/x": '
            "first path segment in URL cannot contain colon",
            id="no scheme",
        ),
        pytest.param(
            "http://h:abc/",
            'failed to parse URL: parse "http://h:abc/": invalid port ":abc" after host',
            id="port",
        ),
        pytest.param(
            "http://h/%zz",
            'failed to parse URL: parse "http://h/%zz": invalid URL escape "%zz"',
            id="escape",
        ),
        pytest.param(
            "http://a b/",
            'failed to parse URL: parse "http://a b/": invalid character " " in host name',
            id="host",
        ),
        pytest.param(
            "http://h/\n",
            'failed to parse URL: parse "http://h/\\n": net/url: invalid control character in URL',
            id="control character",
        ),
        pytest.param(
            "ftp://x/",
            'HTTP request failed: Get "ftp://x/": unsupported protocol scheme "ftp"',
            id="scheme",
        ),
        pytest.param(
            "", 'HTTP request failed: Get "": unsupported protocol scheme ""', id="nothing"
        ),
        pytest.param(
            "http:", 'HTTP request failed: Get "http:": http: no Host in request URL', id="no host"
        ),
        pytest.param(
            "http://127.0.0.1:1/",
            'HTTP request failed: Get "http://127.0.0.1:1/": '
            "dial tcp 127.0.0.1:1: connect: connection refused",
            id="refused",
        ),
        pytest.param(
            "http://name.invalid/",
            'HTTP request failed: Get "http://name.invalid/": '
            "dial tcp: lookup name.invalid: no such host",
            id="unknown host",
        ),
    ],
)
async def test_a_request_that_cannot_be_sent_says_why(client, url, text):
    assert await failure(client, Request(url=url, method="GET")) == text


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        pytest.param({"Bad Header": "x"}, 'invalid header field name "Bad Header"', id="name"),
        pytest.param({"X": "a\r\nY: b"}, 'invalid header field value for "X"', id="value"),
        pytest.param({"X": "\udcff"}, "not UTF-8", id="bytes"),
    ],
)
async def test_headers_cannot_break_the_framing(client, upstream, headers, text):
    message = await failure(client, Request(url=f"{upstream}/echo", method="GET", headers=headers))

    assert message.startswith(f'HTTP request failed: Get "{upstream}/echo": ')
    assert text in message


async def test_credentials_of_a_url_are_sent_and_never_shown(client, upstream):
    where = upstream.removeprefix("http://")
    response = await client.get(Request(url=f"http://me:s3cret@{where}/echo"))
    message = await failure(client, Request(url="http://me:s3cret@127.0.0.1:1/", method="GET"))
    unparsable = await failure(client, Request(url="http://me:s3cret@h:x/", method="GET"))

    assert seen(response)["headers"]["authorization"] == "Basic bWU6czNjcmV0"
    assert "s3cret" not in message + unparsable + response.url


# Redirects


@pytest.mark.parametrize(
    ("status", "method", "then", "keeps_body"),
    [
        (301, "POST", "GET", False),
        (302, "PUT", "GET", False),
        (303, "DELETE", "GET", False),
        (302, "HEAD", "HEAD", False),
        (307, "POST", "POST", True),
        (308, "PUT", "PUT", True),
    ],
)
async def test_redirects_are_followed_as_browsers_do(
    client, upstream, status, method, then, keeps_body
):
    url = f"{upstream}/to?status={status}&url=/echo"
    response = await client.request(
        Request(url=url, method=method, body="data", headers={"Content-Type": "text/plain"})
    )

    assert response.url == f"{upstream}/echo"
    if then != "HEAD":
        document = seen(response)
        assert document["method"] == then
        assert document["headers"]["referer"] == url
        assert (document["body"] == "data") == keeps_body
        assert ("content-type" in document["headers"]) == keeps_body


async def test_redirects_can_be_left_alone(client, upstream):
    response = await client.get(Request(url=f"{upstream}/loop", follow_redirects=False))

    assert (response.status_code, response.headers["Location"]) == (302, "/loop")


async def test_a_loop_of_redirects_ends(client, upstream):
    message = await failure(client, Request(url=f"{upstream}/loop", method="GET"))

    assert message == 'HTTP request failed: Get "/loop": stopped after 10 redirects'


async def test_secrets_stay_with_the_host_they_were_meant_for(client, upstream):
    async with open_upstream(answer) as other:
        secrets = {"Authorization": "Bearer x", "Cookie": "a=b", "X-Other": "y"}
        away = await client.get(Request(url=f"{upstream}/to?url={other}/echo", headers=secrets))
        same = await client.get(Request(url=f"{upstream}/to?url=/echo", headers=secrets))

    assert {"authorization", "cookie"}.isdisjoint(seen(away)["headers"])
    assert seen(away)["headers"]["x-other"] == "y"
    assert seen(same)["headers"]["authorization"] == "Bearer x"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("http://127.0.0.2/", "127.0.0.2 is not a public address"),
        ("http://[::1]/", "::1 is not a public address"),
        ("http://169.254.169.254/latest", "169.254.169.254 is not a public address"),
        ("http://0x7f.2/", "which is not public"),
        ("ftp://127.0.0.1/", "unsupported protocol scheme"),
        ("file:///etc/passwd", "unsupported protocol scheme"),
    ],
)
async def test_a_redirect_does_not_lead_past_the_policy(client, upstream, target, text):
    request = Request(url=f"{upstream}/to?url={quote(target, safe='')}", method="GET")

    assert text in await failure(client, request)


# Whom it talks to


@asynccontextmanager
async def _changing_name(monkeypatch, answers):
    """Let every look-up of a name take the next of *answers*."""
    left = list(answers)
    asked = []

    def getaddrinfo(host, port, *_options):
        address = left.pop(0) if left else answers[-1]
        asked.append(address)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield asked


async def test_the_address_that_was_checked_is_the_one_connected_to(upstream, monkeypatch):
    """A name that is harmless when it is checked and private when it is used gains nothing."""
    port = upstream.rpartition(":")[2]
    async with (
        AiohttpClient(EgressPolicy(), LIMITS) as strict,
        _changing_name(monkeypatch, ["127.0.0.1", "8.8.8.8"]) as asked,
    ):
        message = await failure(
            strict, Request(url=f"http://rebind.example:{port}/echo", method="GET")
        )

    assert "rebind.example has the address 127.0.0.1, which is not public" in message
    assert asked == ["127.0.0.1"]


async def test_cookies_are_not_kept(client, upstream):
    named = upstream.replace("127.0.0.1", "localhost")
    await client.get(Request(url=f"{named}/cookie"))
    response = await client.get(Request(url=f"{named}/echo"))

    assert "cookie" not in seen(response)["headers"]


async def test_a_certificate_that_cannot_be_verified_is_refused(client, upstream):
    url = upstream.replace("http://", "https://")

    assert "tls: " in await failure(client, Request(url=f"{url}/", method="GET"))


# Bodies and limits


async def test_gzip_is_unpacked_unless_the_caller_asked_for_it(client, upstream):
    plain = await client.get(Request(url=f"{upstream}/gzip"))
    packed = await client.get(Request(url=f"{upstream}/gzip", headers={"accept-encoding": "gzip"}))

    assert plain.body == b"compressed text"
    assert {"Content-Encoding", "Content-Length"}.isdisjoint(plain.headers)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.body != plain.body


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/bomb", "failed to read response body: it is longer than the limit of 100000 bytes"),
        ("/endless", "failed to read response body: it is longer than the limit of 100000 bytes"),
        ("/torn", "failed to read response body: unexpected EOF"),
    ],
)
async def test_a_body_that_is_too_long_or_torn_is_an_error(client, upstream, path, text):
    assert await failure(client, Request(url=upstream + path, method="GET")) == text


async def test_a_request_may_ask_for_less_but_not_for_more(client, upstream):
    less = await failure(client, Request(url=f"{upstream}/endless", method="GET", max_bytes=10))
    more = await failure(client, Request(url=f"{upstream}/endless", method="GET", max_bytes=10**9))

    assert "limit of 10 bytes" in less
    assert "limit of 100000 bytes" in more


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/slow", 'HTTP request failed: Get "{}/slow": '),
        ("/drip", "failed to read response body: "),
    ],
)
async def test_the_time_limit_holds_for_head_and_body(client, upstream, path, text):
    request = Request(url=upstream + path, method="GET", timeout_s=1.0)

    assert await failure(client, request) == (
        f"{text.format(upstream)}context deadline exceeded (time limit of 1 s)"
    )


async def test_a_cancelled_request_gives_its_connection_back(upstream):
    async with AiohttpClient(EgressPolicy(["127.0.0.1"]), LIMITS) as client:
        waiting = [
            asyncio.create_task(client.get(Request(url=f"{upstream}/drip"))) for _ in range(100)
        ]
        await asyncio.wait(waiting, timeout=0.2)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

        response = await client.get(Request(url=f"{upstream}/echo"))

    assert response.status_code == 200


async def test_siblings_share_connections_but_not_limits(client, upstream):
    sibling = client.with_limits(HTTPLimits(max_bytes=10))

    assert "limit of 10 bytes" in await failure(
        sibling, Request(url=f"{upstream}/echo", method="GET")
    )
    assert (await client.get(Request(url=f"{upstream}/echo"))).status_code == 200


PAIRS = st.dictionaries(
    st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))
)


@given(PAIRS, PAIRS)
def test_a_merged_query_holds_all_entries_in_order_of_their_names(own, added):
    text = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in own.items()
    )

    target = parse_target(f"http://h/p?{text}").with_query(added)

    query = target.rest.partition("?")[2]
    pairs = parse_qsl(query, keep_blank_values=True)
    if added:
        wanted = [*own.items(), *added.items()]
        assert sorted(pairs) == sorted(wanted)
        assert [name for name, _ in pairs] == sorted(name for name, _ in wanted)
    else:
        assert query == text
