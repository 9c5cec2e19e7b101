"""Calls of guarded functions: who may, how, how often; and what a refusal leaves behind."""

import asyncio
import base64
import time
from typing import Any, cast

import httpx
import pytest

from perilune.api.calls.guards import Guards
from perilune.api.connections.request import Request
from perilune.api.errors import SignatureRefused
from perilune.events import HTTPResponse
from perilune.store import Function

from .conftest import KEY
from .signed import (
    GITHUB,
    GITHUB_SECRET,
    STANDARD_SECRET,
    STRIPE_SECRET,
    standard,
    stripe,
)


class NoTokens:
    async def authenticate_bearer(self, request):
        raise AssertionError("nobody asked for a token")


class FixedSecrets:
    def __init__(self, *values: str) -> None:
        self._values = values

    async def values(self, function_id: str) -> tuple[str, ...]:
        return self._values


KEY_BYTES = base64.b64decode(STANDARD_SECRET[6:])


async def guarded(site, *secrets, **settings) -> str:
    function_id = await site.answering(body="ok")
    await change(site, function_id, **settings)
    for number, value in enumerate(secrets):
        await site.server.store.signing_secrets.add(function_id, f"s{number}", value)
    return function_id


async def change(site, function_id, **settings):
    answer = await site.client.put(f"/api/functions/{function_id}", json=settings)
    assert answer.status_code == 200, answer.text


async def token(site, *scopes) -> str:
    answer = await site.client.post("/api/tokens", json={"name": scopes[0], "scopes": scopes})
    return answer.json()["token"]


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


def another(token: str) -> str:
    """Return a token that differs from this one in its last character."""
    return token[:-1] + ("x" if token[-1] != "x" else "y")


async def test_a_function_for_tokens_is_called_with_the_right_one(site, stranger):
    function_id = await guarded(site, access="token")
    invoke, read = await token(site, "invoke"), await token(site, "read")

    right = await stranger.get(f"/fn/{function_id}", headers=bearer(invoke))
    refused = [
        await stranger.get(f"/fn/{function_id}"),
        await stranger.get(f"/fn/{function_id}", headers=bearer(another(invoke))),
        await stranger.get(f"/fn/{function_id}", headers={"Authorization": "Basic eDp5"}),
    ]
    insufficient = await stranger.get(f"/fn/{function_id}", headers=bearer(read))

    assert (right.status_code, right.text) == (200, "ok")
    for answer in refused:
        assert (answer.status_code, answer.json()) == (401, {"error": "Authentication required"})
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "X-Execution-Id" not in answer.headers
    assert insufficient.status_code == 403
    assert len(await site.executions(function_id)) == 1
    assert invoke not in repr(site.runtime.requests) + str(await site.executions(function_id))


async def test_the_management_key_calls_everything(site):
    function_id = await guarded(site, access="token")

    answer = await site.client.get(f"/fn/{function_id}")

    assert answer.status_code == 200
    assert KEY not in repr(site.runtime.requests)


async def test_protection_can_be_taken_away_again(site, stranger):
    function_id = await guarded(site, access="token")
    assert (await stranger.get(f"/fn/{function_id}")).status_code == 401

    await change(site, function_id, access="public")

    assert (await stranger.get(f"/fn/{function_id}")).status_code == 200


SIGNED = [
    pytest.param("standard", STANDARD_SECRET, lambda b, t: standard(b, KEY_BYTES, time=t), id="s"),
    pytest.param("stripe", STRIPE_SECRET, lambda b, t: stripe(b, STRIPE_SECRET, time=t), id="p"),
    pytest.param("github", GITHUB_SECRET, lambda _, __: GITHUB, id="g"),
]


@pytest.mark.parametrize(("scheme", "secret", "sign"), SIGNED)
async def test_a_function_for_signed_calls(site, stranger, scheme, secret, sign, caplog):
    function_id = await guarded(site, secret, access="signature", signature_scheme=scheme)
    body, now = b"Hello, World!", int(time.time())
    caplog.set_level("INFO")

    right = await stranger.post(f"/fn/{function_id}", content=body, headers=sign(body, now))
    refused = [
        await stranger.post(f"/fn/{function_id}", content=body),
        await stranger.post(f"/fn/{function_id}", content=b"other", headers=sign(body, now)),
        await stranger.post(f"/fn/{function_id}", content=body, headers=bearer(secret)),
        await site.client.post(f"/fn/{function_id}", content=body),
    ]

    assert (right.status_code, right.text) == (200, "ok")
    assert site.runtime.event.body == body
    assert not [name for name in site.runtime.event.headers if name.endswith("Signature")]
    assert "X-Hub-Signature-256" not in site.runtime.event.headers
    for answer in refused:
        assert (answer.status_code, answer.json()) == (401, {"error": "Invalid signature"})
        assert "X-Execution-Id" not in answer.headers
    assert len(await site.executions(function_id)) == 1
    assert "invalid_signature" in caplog.text and secret not in caplog.text


async def test_a_signed_message_is_taken_once(site, stranger):
    """The same message again is a replay; another attempt of its sender has another time."""
    function_id = await guarded(site, STANDARD_SECRET, access="signature")
    now = int(time.time())
    first, again = standard(b"x", KEY_BYTES, time=now), standard(b"x", KEY_BYTES, time=now - 1)

    answers = [
        await stranger.post(f"/fn/{function_id}", content=b"x", headers=headers)
        for headers in (first, first, again, again)
    ]

    assert [one.status_code for one in answers] == [200, 401, 200, 401]
    assert site.runtime.event.headers["Webhook-Id"] == "msg_1"


async def test_a_replay_cannot_wait_with_its_body_until_the_message_is_forgotten():
    """The time of a message is looked at again when its body has arrived."""
    start = 1_800_000_000
    now = [start]
    guards = Guards(NoTokens(), cast(Any, FixedSecrets(STANDARD_SECRET)), clock=lambda: now[0])
    function = Function(id="f", name="f", access="signature")

    async def at_once() -> bytes:
        return b"x"

    async def late() -> bytes:
        now[0] += 20
        # Remembering one message is when others are forgotten.
        await authorize("msg_2", start + 300, at_once)
        return b"x"

    async def authorize(message: str, time: int, read_body) -> None:
        headers = standard(b"x", KEY_BYTES, message=message, time=time)
        received = [(name.encode(), value.encode()) for name, value in headers.items()]
        request = Request((("", 0), None, "http"), "1.0", "POST", b"/fn/f", received)
        await guards.authorize(function, request, read_body)

    await authorize("msg_1", start, at_once)
    now[0] += 299
    with pytest.raises(SignatureRefused) as refused:
        await authorize("msg_1", start, late)

    assert "its time was over" in refused.value.reason


async def test_the_other_signature_of_a_message_is_a_replay_too(site, stranger):
    """Signed with two secrets while one is replaced, a message is still the same."""
    other = "whsec_" + "QUFB" * 8
    function_id = await guarded(site, STANDARD_SECRET, other, access="signature")
    other_key = base64.b64decode(other[6:])
    now = int(time.time())

    answers = [
        await stranger.post(f"/fn/{function_id}", content=b"x", headers=standard(b"x", k, time=now))
        for k in (KEY_BYTES, other_key)
    ]

    assert [one.status_code for one in answers] == [200, 401]


async def test_a_function_for_signed_calls_without_secrets_takes_none(site, stranger):
    function_id = await guarded(site, access="signature")

    answer = await stranger.post(f"/fn/{function_id}", headers=standard(b"", KEY_BYTES))

    assert answer.status_code == 401
    assert site.runtime.requests == []


async def test_a_large_signed_body(site, stranger):
    function_id = await guarded(site, STANDARD_SECRET, access="signature")
    body = b"x" * 1_000_000
    headers = standard(body, KEY_BYTES, time=int(time.time()))

    answer = await stranger.post(f"/fn/{function_id}", content=body, headers=headers)

    assert answer.status_code == 200


async def test_a_body_is_not_read_for_a_call_that_cannot_be_right(site):
    function_id = await guarded(site, STANDARD_SECRET, access="signature")

    received = await site.raw(
        f"POST /fn/{function_id} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        "Content-Length: 1000000\r\n\r\n".encode()
    )

    assert received.startswith(b"HTTP/1.1 401 ")
    assert b"100 Continue" not in received


async def test_only_the_allowed_methods_reach_a_function(site, stranger):
    function_id = await guarded(site, allowed_methods="post, get")

    answers = {
        method: await stranger.request(method, f"/fn/{function_id}")
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    }

    status = {method: answer.status_code for method, answer in answers.items()}
    assert status == {"GET": 200, "HEAD": 200, "POST": 200, "PUT": 405, "PATCH": 405, "DELETE": 405}
    assert answers["PUT"].headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert answers["PUT"].json() == {"error": "Method not allowed"}
    preflight = await stranger.options(f"/fn/{function_id}")
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS, POST"
    assert len(await site.executions(function_id)) == 3


async def test_calls_above_the_rate_are_refused(site, stranger):
    function_id = await guarded(site, rate_limit=2, rate_window_s=3600)

    answers = [await stranger.get(f"/fn/{function_id}") for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["RateLimit-Policy"] for one in answers] == ['"default";q=2;w=3600'] * 3
    assert answers[0].headers["RateLimit"] == '"default";r=1;t=1800'
    assert answers[2].json() == {"error": "Too many requests"}
    assert 1790 <= int(answers[2].headers["Retry-After"]) <= 1800
    assert len(await site.executions(function_id)) == 2


async def test_strangers_do_not_use_up_the_rate(site, stranger):
    function_id = await guarded(site, access="token", rate_limit=1)

    refused = [await stranger.get(f"/fn/{function_id}") for _ in range(5)]
    answer = await site.client.get(f"/fn/{function_id}")

    assert {one.status_code for one in refused} == {401}
    assert answer.status_code == 200
    assert answer.headers["RateLimit-Policy"] == '"default";q=1;w=60'


async def test_a_function_cannot_forge_the_servers_rate_headers(site, stranger):
    function_id = await site.answering(headers={"RateLimit": "mine", "X-Own": "1"})
    assert (await stranger.get(f"/fn/{function_id}")).headers["RateLimit"] == "mine"
    await change(site, function_id, rate_limit=9)

    answer = await stranger.get(f"/fn/{function_id}")

    assert answer.headers.get_list("RateLimit") == ['"default";r=8;t=7']
    assert answer.headers["X-Own"] == "1"


async def test_no_more_executions_at_a_time_than_allowed(site, stranger):
    begun, may_end = asyncio.Semaphore(0), asyncio.Event()

    async def wait(_) -> HTTPResponse:
        begun.release()
        await may_end.wait()
        return HTTPResponse(body="done")

    function_id = await site.create(wait, max_concurrency=2)
    async with httpx.AsyncClient(base_url=stranger.base_url, trust_env=False, timeout=30) as client:
        running = [asyncio.create_task(client.get(f"/fn/{function_id}")) for _ in range(2)]
        await begun.acquire()
        await begun.acquire()

        refused = await stranger.get(f"/fn/{function_id}")
        may_end.set()
        finished = await asyncio.gather(*running)

    assert refused.status_code == 429
    assert refused.json() == {"error": "Too many executions of this function"}
    assert refused.headers["Retry-After"] == "1"
    assert [one.status_code for one in finished] == [200, 200]
    assert (await stranger.get(f"/fn/{function_id}")).status_code == 200
    assert len(await site.executions(function_id)) == 3


async def test_a_function_may_answer_options_itself(site, stranger):
    function_id = await site.answering(
        status_code=204, headers={"Access-Control-Allow-Origin": "https://one.example"}
    )
    before = await stranger.options(f"/fn/{function_id}")
    await change(site, function_id, handles_options=True, allowed_methods="POST")

    answer = await stranger.options(f"/fn/{function_id}", headers={"Origin": "https://x.example"})

    assert before.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.status_code == 204
    assert answer.headers.get_list("Access-Control-Allow-Origin") == ["https://one.example"]
    assert site.runtime.event.method == "OPTIONS"
    assert len(await site.executions(function_id)) == 1


async def test_html_runs_on_the_servers_origin_only_where_that_is_wanted(site, stranger):
    function_id = await site.answering(body="<p>", headers={"Content-Type": "text/html"})
    before = await stranger.get(f"/fn/{function_id}")

    await change(site, function_id, unsandboxed_html=True)

    after = await stranger.get(f"/fn/{function_id}")
    assert before.headers["Content-Security-Policy"] == "sandbox allow-scripts allow-forms"
    assert "Content-Security-Policy" not in after.headers


async def test_a_functions_own_time_limit(site, stranger):
    async def forever(_) -> HTTPResponse:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    function_id = await site.create(forever, timeout_s=1)

    answer = await stranger.get(f"/fn/{function_id}")

    assert answer.status_code == 504
    (execution,) = await site.executions(function_id)
    assert execution["error_kind"] == "timeout"
    assert "timed out after 1s" in execution["error_message"]


async def test_unknown_functions_are_unknown_before_their_body_is_read(site):
    received = await site.raw(
        b"POST /fn/nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
    )

    assert received.startswith(b"HTTP/1.1 404 ")
    assert received.endswith(b'{"error":"Function not found"}\n')
