"""What providers answer, good and bad, and who may be asked (KD-144)."""

import json

import pytest

from perilune.services.ai import AIConfigError, ChatClient, Usage
from perilune.services.env import Env
from perilune.services.http import AiohttpClient, EgressPolicy
from tests.services.ai.conftest import KEY, asking, failure
from tests.services.conftest import BrokenRows
from tests.upstream.ai_provider import (
    ANTHROPIC_ANSWER,
    OPENAI_ANSWER,
    Page,
    open_ai_provider,
)


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
async def test_missing_configuration(client, provider, function_id, request_, text):
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
async def test_an_invalid_key_is_refused(client, env, provider, value, text):
    await env.set("f_ours", "OPENAI_API_KEY", value)

    error = await failure(client, asking())

    assert isinstance(error, AIConfigError) and str(error) == text
    assert provider.received == []


async def test_an_environment_that_cannot_be_read_is_not_a_missing_key(http):
    client = ChatClient(http, Env(BrokenRows()))

    error = await failure(client, asking())

    assert str(error) == "failed to get value: database is locked"
    assert not isinstance(error, AIConfigError)


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
    async with AiohttpClient(EgressPolicy()) as http:
        error = await failure(ChatClient(http, env), asking())

    assert str(error).startswith("HTTP request failed: ")
    assert "allow" in str(error)
    assert provider.received == []
