"""E-mail through Resend, with the real HTTP client and a stand-in on loopback."""

import asyncio
import base64
import dataclasses

import pytest

from perilune.services.email import (
    Attachment,
    EmailConfigError,
    EmailError,
    EmailValidationError,
    ResendClient,
    SendRequest,
    Tag,
)
from perilune.services.env import Env
from perilune.services.http import AiohttpClient, EgressPolicy
from tests.store.memory import store_with
from tests.upstream import open_upstream
from tests.upstream.resend import open_resend

KEY = "re_0123456789"
EMAIL = SendRequest(from_="a@x.example", to=("b@y.example",), subject="S", text="T")
REQUEST_JSON = '{"from":"a@x.example","subject":"S","text":"T","to":["b@y.example"]}'


@pytest.fixture
async def resend():
    async with open_resend() as opened:
        yield opened


async def send(base_url, request=EMAIL, *, key=KEY, allow=("127.0.0.0/8",)):
    async with store_with("f") as store, AiohttpClient(EgressPolicy(allow)) as http:
        env = Env(store.env)
        await env.replace("f", {"RESEND_API_KEY": key, "RESEND_BASE_URL": base_url})
        return await ResendClient(http, env).send("f", request)


async def failure_of(base_url, request=EMAIL, **settings):
    with pytest.raises(EmailError) as caught:
        await send(base_url, request, **settings)
    assert KEY not in str(caught.value)
    return caught.value


async def test_a_plain_email(resend):
    response = await send(resend.url)

    assert response.id == "email_fake_123"
    assert response.request_json == REQUEST_JSON
    assert resend.paths == ["POST /emails"]
    assert resend.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert resend.headers[0]["Content-Type"] == "application/json"
    assert resend.headers[0]["Accept"] == "application/json"
    assert resend.bodies == [
        {"from": "a@x.example", "to": ["b@y.example"], "subject": "S", "text": "T"}
    ]


async def test_everything_an_email_may_have(resend):
    request = SendRequest(
        from_="A <a@x.example>",
        to=("b@y.example", "c@y.example"),
        subject="Sé",
        html="<b>x</b>",
        text="t",
        cc=("cc@y.example",),
        bcc=("b1@y.example", "b2@y.example"),
        reply_to=("r@y.example",),
        headers={"X-Custom": "v"},
        tags=(Tag("n", "v"), Tag("n2", "")),
        scheduled_at="2023-11-14T22:13:20Z",
        attachments=(
            Attachment(filename="a.bin", content=b"\0\xff", content_type="application/x-a"),
            Attachment(filename="b.txt", content=b""),
        ),
    )

    response = await send(resend.url, request)

    assert resend.bodies == [
        {
            "from": "A <a@x.example>",
            "to": ["b@y.example", "c@y.example"],
            "subject": "Sé",
            "html": "<b>x</b>",
            "text": "t",
            "cc": ["cc@y.example"],
            "bcc": ["b1@y.example", "b2@y.example"],
            "reply_to": "r@y.example",
            "headers": {"X-Custom": "v"},
            "tags": [{"name": "n", "value": "v"}, {"name": "n2", "value": ""}],
            "scheduled_at": "2023-11-14T22:13:20Z",
            "attachments": [
                {
                    "filename": "a.bin",
                    "content": base64.b64encode(b"\0\xff").decode(),
                    "content_type": "application/x-a",
                },
                {"filename": "b.txt", "content": ""},
            ],
        }
    ]
    assert response.request_json == (
        '{"attachments":[{"filename":"a.bin","size":2},{"filename":"b.txt","size":0}],'
        '"bcc":["b1@y.example","b2@y.example"],"cc":["cc@y.example"],"from":"A <a@x.example>",'
        '"headers":{"X-Custom":"v"},"html":"<b>x</b>","reply_to":"r@y.example",'
        '"scheduled_at":"2023-11-14T22:13:20Z","subject":"Sé",'
        '"tags":[{"name":"n","value":"v"},{"name":"n2","value":""}],"text":"t",'
        '"to":["b@y.example","c@y.example"]}'
    )


async def test_several_addresses_to_reply_to_are_a_list(resend):
    await send(resend.url, dataclasses.replace(EMAIL, reply_to=("r@y.example", "s@y.example")))

    assert resend.bodies[0]["reply_to"] == ["r@y.example", "s@y.example"]


@pytest.mark.parametrize(
    ("suffix", "path"),
    [("", "/emails"), ("/", "/emails"), ("/v", "/v/emails"), ("/v/", "/v/emails")],
)
async def test_the_base_url_is_joined_with_or_without_slash(resend, suffix, path):
    await send(resend.url + suffix)  # KD-146

    assert resend.paths == [f"POST {path}"]


async def test_blanks_and_quotes_around_the_key_are_removed(resend):
    await send(f" {resend.url} ", key=f" '{KEY}'\n")

    assert resend.headers[0]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "base_url",
    [
        "x",
        "ftp://127.0.0.1",
        "http://",
        "http://[::1",
        "http://127.0.0.1:port",
        "http://user:hunter22@127.0.0.1/",
        "http://127.0.0.1/?a=b",
        "http://127.0.0.1/#a",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\x00",
    ],
)
async def test_an_invalid_base_url_is_an_error(base_url):
    error = await failure_of(base_url)

    assert isinstance(error, EmailConfigError)
    assert str(error) == "RESEND_BASE_URL is not an http(s) URL without user and query"


@pytest.mark.parametrize("key", ["", " ", "''"])
async def test_no_key(resend, key):
    error = await failure_of(resend.url, key=key)

    assert isinstance(error, EmailConfigError)
    assert str(error) == "RESEND_API_KEY not set in function environment"
    assert error.request_json == ""
    assert resend.paths == []


@pytest.mark.parametrize("key", [f"{KEY}\r\nX: y", f"{KEY}é"])
async def test_an_invalid_key_is_refused(resend, key):
    error = await failure_of(resend.url, key=key)

    assert str(error) == "RESEND_API_KEY contains characters that no key has"
    assert resend.paths == []


LIMITS = {"RateLimit-Limit": "2", "ratelimit-remaining": "0", "ratelimit-reset": "7"}


@pytest.mark.parametrize(
    ("status", "body", "headers", "text"),
    [
        pytest.param(
            422,
            {"statusCode": 422, "message": "Invalid `from` field.", "name": "validation_error"},
            {},
            "[ERROR]: Invalid `from` field.",
            id="422",
        ),
        pytest.param(400, {"message": "bad"}, {}, "[ERROR]: bad", id="400"),
        pytest.param(403, {"message": "no"}, {}, "[ERROR]: no", id="403"),
        pytest.param(
            401, {"message": f"key {KEY} is invalid"}, {}, "[ERROR]: key [REDACTED] is invalid",
            id="key repeated",
        ),
        pytest.param(
            429,
            {"message": "Too many requests"},
            LIMITS | {"Retry-After": "1"},
            "rate limit exceeded: Too many requests"
            " (limit: 2, remaining: 0, reset: 7, retry after: 1)",
            id="429",
        ),
        pytest.param(
            429,
            {"message": "Too many requests"},
            {},
            "rate limit exceeded: Too many requests"
            " (limit: , remaining: , reset: , retry after: )",
            id="429 without limits",
        ),
        pytest.param(
            500, b"<html>oops</html>", {}, "[ERROR]: 500 Internal Server Error", id="HTML"
        ),
        pytest.param(500, b"", {}, "[ERROR]: 500 Internal Server Error", id="nothing"),
        pytest.param(
            500, b'{"message":"\xff"}', {}, "[ERROR]: 500 Internal Server Error", id="bytes"
        ),
        pytest.param(599, b"", {}, "[ERROR]: 599", id="unknown status"),
        pytest.param(500, {}, {}, "[ERROR]: Unknown Error", id="no message"),
        pytest.param(500, {"message": ""}, {}, "[ERROR]: Unknown Error", id="empty message"),
        pytest.param(500, None, {}, "[ERROR]: Unknown Error", id="null"),
        pytest.param(500, [1], {}, "[ERROR]: 500 Internal Server Error", id="no object"),
    ],
)  # fmt: skip
async def test_texts_of_errors(resend, status, body, headers, text):
    resend.answer(status, body, headers)

    error = await failure_of(resend.url)

    assert str(error) == text
    assert error.request_json == REQUEST_JSON
    assert len(resend.paths) == 1


async def test_the_key_does_not_follow_a_redirect(resend):
    async with open_resend() as other:
        resend.answer(307, b"", {"Location": f"{other.url}/emails"})
        error = await failure_of(resend.url)

    assert str(error) == "[ERROR]: 307 Temporary Redirect"
    assert other.paths == []


@pytest.mark.parametrize("body", [b"accepted", b"", b'{"id":5}', b'{"id":"\xff"}'])
async def test_an_answer_that_cannot_be_read(resend, body):
    resend.answer(200, body)

    error = await failure_of(resend.url)

    assert str(error).startswith("failed to parse response: ")
    assert error.request_json == REQUEST_JSON


async def test_any_success_counts(resend):
    resend.answer(201, {"object": "email"})

    assert (await send(resend.url)).id == ""


async def test_an_endless_answer_is_cut_off(resend):
    resend.answer(500, b"x" * 100_000)

    assert "failed to read response body" in str(await failure_of(resend.url))


async def test_nobody_listens():
    async with open_resend() as resend:
        pass

    error = await failure_of(resend.url)

    assert str(error).startswith("HTTP request failed: ")
    assert error.request_json == REQUEST_JSON


async def test_a_private_address_is_refused(resend):
    error = await failure_of(resend.url, allow=())

    assert "127.0.0.1" in str(error)
    assert resend.paths == []


async def test_a_slow_server_has_the_time_that_is_left():
    is_over = asyncio.Event()

    async def stall(request):
        await is_over.wait()

    async with open_upstream(stall) as url:
        try:
            error = await failure_of(url, dataclasses.replace(EMAIL, timeout_s=0.2))
        finally:
            is_over.set()

    assert str(error).startswith("HTTP request failed: ")


async def test_nothing_is_sent_of_an_invalid_email(resend):
    error = await failure_of(resend.url, dataclasses.replace(EMAIL, subject="a\r\nb"))

    assert isinstance(error, EmailValidationError)
    assert resend.paths == []
