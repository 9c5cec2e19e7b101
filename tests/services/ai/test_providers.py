"""How each provider is asked and how its answer is read (`engine` 8.5, KD-144)."""

import json

import pytest

from perilune.services.ai import AIError, ChatRequest, Message, Usage
from perilune.services.ai.providers import (
    EXCERPT_CHARS,
    PROVIDERS,
    ProviderAnswer,
    ProviderFailure,
    build_request,
    read_answer,
    unreadable,
)
from tests.upstream.ai_provider import ANTHROPIC_ANSWER, OPENAI_ANSWER

OPENAI, ANTHROPIC = PROVIDERS["openai"], PROVIDERS["anthropic"]
BASE = "https://api.example.net"


def chat(*messages: tuple[str, str], **members) -> ChatRequest:
    said = messages or (("user", "hi"),)
    return ChatRequest(
        **{
            "provider": "openai",
            "model": "m",
            "messages": tuple(Message(role, content) for role, content in said),
            **members,
        }
    )


def body_of(provider, request: ChatRequest) -> dict:
    return json.loads(build_request(provider, request, key="k", endpoint=BASE).body)


def test_an_openai_request():
    request = build_request(
        OPENAI,
        chat(("system", "be <brief>"), ("user", "ø"), max_tokens=50, temperature=0.5),
        key="sk-1",
        endpoint=BASE + "/v1",
    )

    assert request.url == "https://api.example.net/v1/chat/completions"
    assert request.headers == {"Content-Type": "application/json", "Authorization": "Bearer sk-1"}
    assert request.body == (
        '{"max_tokens":50,"messages":[{"content":"be <brief>","role":"system"},'
        '{"content":"ø","role":"user"}],"model":"m","temperature":0.5}'
    )
    assert not request.follow_redirects


def test_an_anthropic_request():
    request = build_request(
        ANTHROPIC,
        chat(("system", "sys"), ("user", "hi"), ("assistant", "yes?"), max_tokens=50),
        key="ak-1",
        endpoint=BASE,
    )

    assert request.url == "https://api.example.net/v1/messages"
    assert request.headers == {
        "Content-Type": "application/json",
        "x-api-key": "ak-1",
        "anthropic-version": "2023-06-01",
    }
    assert request.body == (
        '{"max_tokens":50,"messages":[{"content":"hi","role":"user"},'
        '{"content":"yes?","role":"assistant"}],"model":"m","system":"sys"}'
    )
    assert not request.follow_redirects


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        pytest.param(BASE, BASE + "/chat/completions", id="plain"),
        pytest.param(BASE + "/v1/", BASE + "/v1/chat/completions", id="slash"),
        pytest.param(BASE + "/v1//", BASE + "/v1/chat/completions", id="slashes"),
        pytest.param(BASE + "/v1?a=b", BASE + "/v1/chat/completions?a=b", id="query"),
        pytest.param(
            "http://127.0.0.1:11434/v1",
            "http://127.0.0.1:11434/v1/chat/completions",
            id="local",
        ),
    ],
)
def test_the_path_is_joined_without_double_slashes(endpoint, url):
    assert build_request(OPENAI, chat(), key="k", endpoint=endpoint).url == url


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
@pytest.mark.parametrize("temperature", [0.0, 0.3, -1.0])
def test_a_given_temperature_is_sent(provider, temperature):
    assert body_of(provider, chat(temperature=temperature))["temperature"] == temperature


def test_missing_options_are_not_sent():
    assert set(body_of(OPENAI, chat())) == {"model", "messages"}
    assert set(body_of(ANTHROPIC, chat())) == {"model", "messages", "max_tokens"}


def test_several_system_messages_for_anthropic_are_joined():
    body = body_of(ANTHROPIC, chat(("system", "one"), ("user", "u"), ("system", "two")))

    assert body["system"] == "one\n\ntwo"
    assert body["messages"] == [{"role": "user", "content": "u"}]


def test_only_system_messages_for_anthropic():
    assert body_of(ANTHROPIC, chat(("system", "one")))["messages"] == []


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"model": "\ud800"}, id="bytes-that-are-no-text"),
        pytest.param({"temperature": float("nan")}, id="not-a-number"),
    ],
)
def test_values_without_a_json_form_cannot_be_sent(members):
    with pytest.raises(AIError, match="^failed to marshal request: ") as caught:
        build_request(OPENAI, chat(**members), key="sk-test-123", endpoint=BASE)

    assert caught.value.partial is None


def test_an_endpoint_must_be_a_url():
    with pytest.raises(AIError, match="^failed to build request: the endpoint is not a URL$"):
        build_request(OPENAI, chat(), key="k", endpoint="http://[::1")


# --- answers ------------------------------------------------------------------


def test_an_openai_answer():
    assert read_answer(OPENAI, 200, json.dumps(OPENAI_ANSWER)) == ProviderAnswer(
        'Hi <there> & "you"', "gpt-small-2025", Usage(11, 7)
    )


def test_an_anthropic_answer_is_all_its_text():
    assert read_answer(ANTHROPIC, 200, json.dumps(ANTHROPIC_ANSWER)) == ProviderAnswer(
        "Hello second block", "claude-x", Usage(15, 8)
    )


@pytest.mark.parametrize(
    ("provider", "text"),
    [
        pytest.param(OPENAI, '{"choices":[{"message":{"content":null}}]}', id="openai"),
        pytest.param(OPENAI, '{"choices":[{}],"usage":null,"error":null}', id="openai-nulls"),
        pytest.param(ANTHROPIC, '{"content":[{"type":"tool_use"}]}', id="anthropic"),
    ],
)
def test_an_answer_may_leave_out_nearly_everything(provider, text):
    assert read_answer(provider, 200, text) == ProviderAnswer("", "", Usage(0, 0))


@pytest.mark.parametrize(
    ("provider", "status", "text", "failure"),
    [
        pytest.param(
            OPENAI,
            429,
            '{"error":{"message":"Rate limit exceeded","type":"requests","code":"rate_limit"}}',
            ProviderFailure("OpenAI API error: Rate limit exceeded", "rate_limit"),
            id="openai",
        ),
        pytest.param(
            ANTHROPIC,
            401,
            '{"type":"error","error":{"type":"authentication_error","message":"invalid key"}}',
            ProviderFailure("anthropic API error: invalid key", "authentication_error"),
            id="anthropic",
        ),
        pytest.param(
            OPENAI,
            200,
            json.dumps({**OPENAI_ANSWER, "error": {"message": "no", "code": 7}}),
            ProviderFailure("OpenAI API error: no", "7"),
            id="wins-over-content",
        ),
        pytest.param(
            OPENAI,
            404,
            '{"error":"model not found"}',
            ProviderFailure("OpenAI API error: model not found"),
            id="text",
        ),
        pytest.param(
            OPENAI,
            400,
            '{"error":{"code":"bad"}}',
            ProviderFailure("OpenAI API error: HTTP 400: bad", "bad"),
            id="code-only",
        ),
        pytest.param(
            ANTHROPIC,
            529,
            '{"error":{}}',
            ProviderFailure("anthropic API error: HTTP 529: no message"),
            id="nothing",
        ),
        pytest.param(
            OPENAI,
            200,
            '{"choices":[]}',
            ProviderFailure("no response from OpenAI"),
            id="no-choices",
        ),
        pytest.param(OPENAI, 200, "{}", ProviderFailure("no response from OpenAI"), id="no-member"),
        pytest.param(
            ANTHROPIC,
            200,
            '{"content":[]}',
            ProviderFailure("no response from Anthropic"),
            id="no-content",
        ),
    ],
)
def test_answers_that_are_failures(provider, status, text, failure):
    assert read_answer(provider, status, text) == failure


@pytest.mark.parametrize(
    ("status", "text", "shown"),
    [
        pytest.param(
            502,
            "<html>\n <h1>bad   gateway</h1></html>",
            "HTTP 502: <html> <h1>bad gateway</h1></html>",
            id="html",
        ),
        pytest.param(200, "hello", "HTTP 200: hello", id="no-json"),
        pytest.param(503, "", "HTTP 503: no text", id="empty"),
        pytest.param(400, '{"detail":"no"}', 'HTTP 400: {"detail":"no"}', id="foreign-error"),
        pytest.param(500, json.dumps(OPENAI_ANSWER)[:60], None, id="cut-off"),
        pytest.param(500, json.dumps(OPENAI_ANSWER), None, id="content-of-an-error"),
        pytest.param(200, '{"choices":{}}', 'HTTP 200: {"choices":{}}', id="wrong-shape"),
        pytest.param(
            200, '{"choices":[{}],"usage":{"prompt_tokens":-1}}', None, id="impossible-count"
        ),
        pytest.param(200, '{"model":"\\ud800"}', None, id="no-text"),
        pytest.param(200, "[" * 100_000, None, id="too-deep"),
        pytest.param(302, "x", "HTTP 302: redirects are not followed", id="redirect"),
    ],
)
def test_answers_that_cannot_be_understood_say_their_status(status, text, shown):
    assert read_answer(OPENAI, status, text) is None

    message = unreadable(status, text).message

    assert message.startswith(f"failed to parse response: HTTP {status}: ")
    assert len(message) <= EXCERPT_CHARS + 50
    if shown is not None:
        assert message == f"failed to parse response: {shown}"
