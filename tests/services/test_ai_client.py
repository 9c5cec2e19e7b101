"""Chats over real sockets: with stand-ins for the providers, good and bad (KD-13, KD-144)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from perilune.services.ai import AIConfigError, AIError, ChatClient, ChatRequest, Message, Usage
from perilune.services.ai.client import MAX_TIMEOUT_S
from perilune.services.env import Env, MemoryEnv
from perilune.services.http import Client, EgressPolicy
from tests.services.conftest import BrokenRows
from tests.upstream.ai_provider import (
    ANTHROPIC_ANSWER,
    OPENAI_ANSWER,
    AIProvider,
    Page,
    open_ai_provider,
)

KEY = "sk-test-0123456789"
OVERLOADED = {"error": {"message": "Rate limit exceeded", "code": "rate_limit"}}


class Pauses:
    """Sleeps without taking time, and remembers how long."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
async def provider() -> AsyncIterator[AIProvider]:
    async with open_ai_provider() as opened:
        yield opened


@pytest.fixture
async def http() -> AsyncIterator[Client]:
    async with Client(EgressPolicy(["127.0.0.0/8"])) as opened:
        yield opened


@pytest.fixture
async def env(provider) -> MemoryEnv:
    """The environment of `f_ours`, which knows both providers."""
    env = MemoryEnv()
    await env.replace(
        "f_ours",
        {
            "OPENAI_API_KEY": KEY,
            "OPENAI_ENDPOINT": provider.url + "/v1",
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_ENDPOINT": provider.url,
        },
    )
    return env


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def client(http, env, pauses, now) -> ChatClient:
    return ChatClient(http, env, sleep=pauses, clock=now, jitter=lambda: 0.5)


def asking(provider: str = "openai", **members) -> ChatRequest:
    return ChatRequest(
        **{
            "provider": provider,
            "model": "m",
            "messages": (Message("user", "hi"),),
            "max_tokens": 50,
            "timeout_s": 60.0,
            **members,
        }
    )


async def failure(client: ChatClient, request: ChatRequest) -> AIError:
    with pytest.raises(AIError) as caught:
        await client.chat("f_ours", request)
    error = caught.value
    assert KEY not in f"{error!r} {error.partial!r}"
    return error


async def test_an_answer_of_openai(client, provider):
    response = await client.chat("f_ours", asking(temperature=0.0))

    assert (response.content, response.model) == ('Hi <there> & "you"', "gpt-small-2025")
    assert response.usage == Usage(11, 7)
    (received,) = provider.received
    assert (received.method, received.path) == ("POST", "/v1/chat/completions")
    assert received.headers["Authorization"] == f"Bearer {KEY}"
    assert received.headers["Content-Type"] == "application/json"
    assert received.json == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 50,
        "temperature": 0.0,
    }
    assert response.endpoint == provider.url + "/v1/chat/completions"
    assert response.request_json == received.text
    assert json.loads(response.response_json) == OPENAI_ANSWER


async def test_an_answer_of_anthropic(client, provider):
    response = await client.chat("f_ours", asking("anthropic"))

    assert (response.content, response.model) == ("Hello second block", "claude-x")
    assert response.usage == Usage(15, 8)
    (received,) = provider.received
    assert (received.method, received.path) == ("POST", "/v1/messages")
    assert received.headers["X-Api-Key"] == KEY
    assert received.headers["Anthropic-Version"] == "2023-06-01"
    assert "Authorization" not in received.headers
    assert json.loads(response.response_json) == ANTHROPIC_ANSWER


async def test_the_endpoint_of_the_request_wins(client, env, provider):
    await env.set("f_ours", "OPENAI_ENDPOINT", "http://127.0.0.1:1/never")

    await client.chat("f_ours", asking(endpoint=provider.url + "/v1/"))

    assert provider.received[0].path == "/v1/chat/completions"


async def test_a_key_may_be_surrounded_by_white_space(client, env, provider):
    await env.set("f_ours", "OPENAI_API_KEY", f" {KEY}\n")

    await client.chat("f_ours", asking())

    assert provider.received[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("function_id", "request_", "text"),
    [
        pytest.param(
            "f_theirs",
            asking("mistral"),
            "unsupported provider: mistral (use openai or anthropic)",
            id="provider-first",
        ),
        pytest.param(
            "f_theirs",
            asking(endpoint="http://[", model="\ud800"),
            "OPENAI_API_KEY not set in function environment",
            id="then-the-key",
        ),
        pytest.param(
            "f_theirs",
            asking("anthropic"),
            "ANTHROPIC_API_KEY not set in function environment",
            id="key-of-anthropic",
        ),
    ],
)
async def test_what_is_not_configured(client, provider, function_id, request_, text):
    with pytest.raises(AIConfigError) as caught:
        await client.chat(function_id, request_)

    assert str(caught.value) == text
    assert caught.value.partial is None
    assert provider.received == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(" ", "OPENAI_API_KEY not set in function environment", id="blank"),
        pytest.param(
            f"{KEY}\r\nX-Evil: 1", "OPENAI_API_KEY holds characters that no key has", id="two-lines"
        ),
        pytest.param(f"{KEY}ß", "OPENAI_API_KEY holds characters that no key has", id="not-ascii"),
    ],
)
async def test_a_key_that_is_none(client, env, provider, value, text):
    await env.set("f_ours", "OPENAI_API_KEY", value)

    error = await failure(client, asking())

    assert isinstance(error, AIConfigError) and str(error) == text
    assert provider.received == []


async def test_an_environment_that_can_not_be_read_is_not_a_missing_key(http):
    client = ChatClient(http, Env(BrokenRows()))

    error = await failure(client, asking())

    assert str(error) == "failed to get value: database is locked"
    assert not isinstance(error, AIConfigError)


# --- bad answers --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "page", "text", "code"),
    [
        pytest.param(
            "openai",
            Page(status=400, body={"error": {"message": "bad model", "code": "model"}}),
            "OpenAI API error: bad model",
            "model",
            id="openai",
        ),
        pytest.param(
            "anthropic",
            Page(status=401, body={"type": "error", "error": {"type": "auth", "message": "no"}}),
            "anthropic API error: no",
            "auth",
            id="anthropic",
        ),
        pytest.param(
            "openai", Page(body={"choices": []}), "no response from OpenAI", None, id="empty-openai"
        ),
        pytest.param(
            "anthropic",
            Page(body={"content": []}),
            "no response from Anthropic",
            None,
            id="empty-anthropic",
        ),
        pytest.param(
            "openai",
            Page(status=404, body="<html>gone</html>"),
            "failed to parse response: HTTP 404: <html>gone</html>",
            None,
            id="html",
        ),
    ],
)
async def test_a_bad_answer_is_told_and_kept(client, provider, pauses, name, page, text, code):
    provider.pages = [page]

    error = await failure(client, asking(name))

    assert str(error) == text
    assert (error.status_code, error.provider_code) == (page.status, code)
    assert error.partial is not None
    assert error.partial.endpoint.startswith(provider.url)
    assert error.partial.request_json == provider.received[0].text
    kept = error.partial.response_json
    assert kept == page.body or json.loads(kept) == page.body
    assert len(provider.received) == 1 and pauses.taken == []


async def test_a_key_that_the_provider_repeats_is_hidden(client, provider):
    provider.pages = [
        Page(status=401, body={"error": {"message": f"Incorrect key: {KEY}."}}),
        Page(status=400, body=("x" * 190) + KEY),
        Page(body={"choices": [{"message": {"content": f"You sent {KEY}"}}]}),
    ]

    told = await failure(client, asking())
    cut = await failure(client, asking())
    answered = await client.chat("f_ours", asking())

    assert str(told) == "OpenAI API error: Incorrect key: [REDACTED]."
    assert KEY[:8] not in str(cut)
    assert answered.content == f"You sent {KEY}", "the function knows its key"
    assert KEY not in answered.response_json + answered.request_json


async def test_a_redirect_does_not_carry_the_key_away(client, provider):
    async with open_ai_provider() as other:
        provider.pages = [
            Page(status=307, headers={"Location": other.url + "/v1/chat/completions"})
        ]

        error = await failure(client, asking())

    assert str(error) == "failed to parse response: HTTP 307: redirects are not followed"
    assert other.received == []


async def test_an_answer_that_is_too_large(client, provider):
    provider.pages = [Page(body="x" * (11 * 1024 * 1024))]

    error = await failure(client, asking())

    assert str(error).startswith("failed to read response body: ")
    assert error.partial is not None and error.partial.response_json == ""


async def test_a_refused_connection_is_not_tried_again(client, pauses):
    error = await failure(client, asking(endpoint="http://127.0.0.1:1/v1"))

    assert str(error).startswith("HTTP request failed: ")
    assert str(error).count("HTTP request failed") == 1
    assert error.status_code is None
    assert error.partial is not None
    assert error.partial.endpoint == "http://127.0.0.1:1/v1/chat/completions"
    assert json.loads(error.partial.request_json)["model"] == "m"
    assert pauses.taken == []


async def test_a_model_on_the_operators_own_network_has_to_be_allowed(env, provider):
    async with Client(EgressPolicy()) as http:
        error = await failure(ChatClient(http, env), asking())

    assert str(error).startswith("HTTP request failed: ")
    assert "allow" in str(error)
    assert provider.received == []


# --- time and attempts --------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_a_busy_provider_is_asked_again(client, provider, pauses, status):
    provider.pages = [Page(status=status, body=OVERLOADED), Page(status=status, body="<html>")]

    response = await client.chat("f_ours", asking())

    assert response.content == 'Hi <there> & "you"'
    assert pauses.taken == [0.25, 0.5]
    assert len({each.text for each in provider.received}) == 1
    assert len(provider.received) == 3


async def test_after_three_attempts_the_last_answer_counts(client, provider):
    provider.pages = [Page(status=500, body="<html>")] * 2 + [Page(status=429, body=OVERLOADED)] * 2

    error = await failure(client, asking())

    assert str(error) == "OpenAI API error: Rate limit exceeded"
    assert error.status_code == 429
    assert len(provider.received) == 3


@pytest.mark.parametrize(
    ("jitter", "expected"),
    [pytest.param(0.0, [0.125, 0.25], id="least"), pytest.param(1.0, [0.375, 0.75], id="most")],
)
async def test_pauses_differ(http, env, provider, pauses, jitter, expected):
    client = ChatClient(http, env, sleep=pauses, jitter=lambda: jitter)
    provider.pages = [Page(status=500)] * 2

    await client.chat("f_ours", asking())

    assert pauses.taken == expected


def in_seconds(now, seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(now.time + seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(lambda _: "3", 3.0, id="seconds"),
        pytest.param(lambda _: "0", 0.0, id="at-once"),
        pytest.param(lambda now: in_seconds(now, 5), 5.0, id="date"),
        pytest.param(lambda now: in_seconds(now, -5), 0.0, id="past"),
        pytest.param(
            lambda now: in_seconds(now, 5).replace("GMT", "-0000"), 5.0, id="date-without-zone"
        ),
        pytest.param(lambda _: "soon", 0.25, id="unreadable"),
        pytest.param(lambda _: "-1", 0.25, id="negative"),
        pytest.param(lambda _: "²", 0.25, id="odd-digit"),
        pytest.param(lambda _: "1 Jan 999999999999 23:59:59 GMT", 0.25, id="absurd-date"),
        pytest.param(lambda _: "Fri, 99 Feb 2024 99:99:99 GMT", 0.25, id="no-such-date"),
    ],
)
async def test_the_provider_says_how_long_to_wait(client, provider, pauses, now, header, expected):
    provider.pages = [Page(status=429, body=OVERLOADED, headers={"Retry-After": header(now)})]

    await client.chat("f_ours", asking())

    assert pauses.taken == [expected]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("16", id="seconds"),
        pytest.param("99999999999999999999", id="for-ever"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", id="date"),
    ],
)
async def test_a_pause_that_takes_too_much_of_the_time_is_not_made(
    client, provider, pauses, header
):
    provider.pages = [Page(status=429, body=OVERLOADED, headers={"Retry-After": header})]

    error = await failure(client, asking(timeout_s=60.0))

    assert str(error) == "OpenAI API error: Rate limit exceeded"
    assert pauses.taken == []
    assert len(provider.received) == 1


async def test_no_request_lasts_longer_than_the_time_of_the_chat(client, provider):
    provider.may_answer.clear()

    error = await failure(client, asking(timeout_s=1.0))

    assert str(error).startswith("HTTP request failed: ")
    assert error.partial is not None and error.partial.request_json == provider.received[0].text
    assert len(provider.received) == 1


async def test_without_time_nothing_is_sent(client, provider):
    error = await failure(client, asking(timeout_s=0.0))

    assert str(error) == "HTTP request failed: no time is left"
    assert error.partial is not None and error.partial.request_json != ""
    assert provider.received == []


@pytest.mark.parametrize(
    ("timeout_s", "expected"),
    [
        pytest.param(None, [MAX_TIMEOUT_S, MAX_TIMEOUT_S - 100], id="own-limit"),
        pytest.param(3600.0, [MAX_TIMEOUT_S, MAX_TIMEOUT_S - 100], id="capped"),
        pytest.param(500.0, [500.0, 400.0], id="given"),
    ],
)
async def test_all_attempts_share_the_time(env, http, provider, now, timeout_s, expected):
    limits: list[float | None] = []

    class Watched:
        """The real client, and what it is told about time."""

        def __getattr__(self, name):
            return getattr(http, name)

        async def post(self, request):
            limits.append(request.timeout_s)
            return await http.post(request)

    async def wait(_seconds: float) -> None:
        now.time += 100

    client = ChatClient(Watched(), env, sleep=wait, monotonic=now)
    provider.pages = [Page(status=500)]

    await client.chat("f_ours", asking(timeout_s=timeout_s))

    assert limits == expected


async def test_a_chat_can_be_cancelled(client, provider):
    provider.may_answer.clear()
    chat = asyncio.create_task(client.chat("f_ours", asking()))
    while not provider.received:
        await asyncio.sleep(0)

    chat.cancel()

    with pytest.raises(asyncio.CancelledError):
        await chat
