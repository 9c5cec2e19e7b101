"""The client that has each chat recorded, however it ends."""

import asyncio

import pytest

from perilune.services.ai import (
    AIConfigError,
    AIError,
    ChatClient,
    ChatRequest,
    ChatResponse,
    FakeAIClient,
    Message,
    StoreAITracker,
    TrackedAIClient,
    Usage,
)
from perilune.services.env import Env
from perilune.services.http import FakeClient, HTTPClientError
from tests.services.conftest import SettledRows

REQUEST = ChatRequest(provider="openai", model="m", messages=(Message("user", "hi"),))
ANSWER = ChatResponse(
    content="yes",
    model="m-2025",
    usage=Usage(11, 7),
    endpoint="https://example.net/v1/chat/completions",
    request_json='{"model":"m"}',
    response_json='{"choices":[]}',
)


@pytest.fixture
def tracker(store, now) -> StoreAITracker:
    return StoreAITracker(SettledRows(store, store.ai_requests), clock=now)


class Times:
    """A monotonic clock whose every look takes a quarter of a second."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += 0.25
        return self.now


async def test_a_success_is_recorded_once_with_its_tokens(tracker):
    client = TrackedAIClient(FakeAIClient(ANSWER), tracker, "e_ours", monotonic=Times())

    assert await client.chat("f_ours", REQUEST) is ANSWER

    (row,) = await tracker.requests("e_ours")
    assert (row.provider, row.model) == ("openai", "m"), "the model that was asked for"
    assert row.endpoint == ANSWER.endpoint
    assert (row.request_json, row.response_json) == ('{"model":"m"}', '{"choices":[]}')
    assert (row.status, row.error_message) == ("success", None)
    assert (row.input_tokens, row.output_tokens, row.duration_ms) == (11, 7, 250)


@pytest.mark.parametrize(
    ("partial", "endpoint", "request_json", "response_json"),
    [
        pytest.param(None, "", "", None, id="nothing-sent"),
        pytest.param(
            ChatResponse(endpoint="https://example.net/", request_json="{}"),
            "https://example.net/",
            "{}",
            None,
            id="no-answer",
        ),
        pytest.param(
            ANSWER,
            ANSWER.endpoint,
            ANSWER.request_json,
            ANSWER.response_json,
            id="bad-answer",
        ),
    ],
)
async def test_a_failure_is_raised_and_recorded(
    tracker, partial, endpoint, request_json, response_json
):
    failure = AIError("OpenAI API error: no", partial)
    client = TrackedAIClient(FakeAIClient(failure), tracker, "e_ours")

    with pytest.raises(AIError) as caught:
        await client.chat("f_ours", REQUEST)

    assert caught.value is failure
    (row,) = await tracker.requests("e_ours")
    assert (row.endpoint, row.request_json) == (endpoint, request_json)
    assert row.response_json == response_json
    assert (row.status, row.error_message) == ("error", "OpenAI API error: no")
    assert (row.input_tokens, row.output_tokens) == (None, None)


async def test_the_outcome_comes_with_its_record(tracker):
    failure = AIError("no")
    client = TrackedAIClient(FakeAIClient(ANSWER, failure), tracker, "e_ours")

    good = await client.chat_with_tracking("f_ours", REQUEST)
    bad = await client.chat_with_tracking("f_ours", REQUEST)

    assert (good.response, good.error, good.track_data.status) == (ANSWER, None, "success")
    assert (bad.response, bad.error, bad.track_data.error_message) == (None, failure, "no")
    assert [row.status for row in await tracker.requests("e_ours")] == ["success", "error"]


async def test_nothing_is_recorded_without_a_tracker():
    fake = FakeAIClient(ANSWER)

    result = await TrackedAIClient(fake, None, "e_ours").chat_with_tracking("f_ours", REQUEST)

    assert result.response is ANSWER
    assert fake.requests == [("f_ours", REQUEST)]


async def test_a_cancelled_chat_is_recorded(tracker):
    """The provider may charge for it."""
    asked = asyncio.Event()

    class Silent:
        async def chat(self, _function_id, _request):
            asked.set()
            await asyncio.Event().wait()

    client = TrackedAIClient(Silent(), tracker, "e_ours")
    chat = asyncio.create_task(client.chat("f_ours", REQUEST))
    await asked.wait()

    chat.cancel()

    with pytest.raises(asyncio.CancelledError):
        await chat
    (row,) = await tracker.requests("e_ours")
    assert (row.status, row.error_message) == ("error", "interrupted: CancelledError")


async def test_a_missing_key_is_recorded_and_no_key_ever_is(tracker, store):
    """The whole way: the real client, an echo of the key, the record."""

    url = "https://api.openai.com/v1/chat/completions"
    http, env = FakeClient(), Env(store.env)
    http.set_error("POST", url, HTTPClientError("HTTP request failed: sk-0123456789"))
    client = TrackedAIClient(ChatClient(http, env), tracker, "e_ours")

    with pytest.raises(AIConfigError):
        await client.chat("f_ours", REQUEST)
    await env.set("f_ours", "OPENAI_API_KEY", "sk-0123456789")
    with pytest.raises(AIError):
        await client.chat("f_ours", REQUEST)

    missing, failed = await tracker.requests("e_ours")
    assert missing.error_message == "OPENAI_API_KEY not set in function environment"
    assert (missing.endpoint, missing.request_json) == ("", "")
    assert (failed.endpoint, failed.error_message) == (url, "HTTP request failed: [REDACTED]")
    assert http.requests[0].headers["Authorization"] == "Bearer sk-0123456789"
    assert "sk-0123456789" not in repr(failed)


async def test_the_fake_client_repeats_its_last_answer():
    fake = FakeAIClient(ChatResponse(content="one"), ChatResponse(content="two"))

    contents = [(await fake.chat("f_ours", REQUEST)).content for _ in range(3)]

    assert contents == ["one", "two", "two"]
    assert (await FakeAIClient().chat("f_ours", REQUEST)) == ChatResponse()
