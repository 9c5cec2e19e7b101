"""The guest module ai: from Lua to a provider over real sockets, and to the record."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from perilune.engine import ExecutionTimeoutError
from perilune.store import AIRequest
from tests.runtimes.conftest import Box
from tests.upstream.ai_provider import AIProvider, Page, open_ai_provider

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "sk-verysecretkey0123456789"
HI = "messages={{role='user', content='hi'}}"
OPENAI = f"provider='openai', model='m', {HI}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider() -> AsyncIterator[AIProvider]:
    async with open_ai_provider() as opened:
        yield opened


@pytest.fixture(autouse=True)
def forget(provider: AIProvider) -> None:
    provider.received.clear()
    provider.pages.clear()


def env_of(provider: AIProvider) -> dict[str, str]:
    return {
        "OPENAI_API_KEY": KEY,
        "OPENAI_ENDPOINT": f"{provider.url}/v1",
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_ENDPOINT": provider.url,
    }


async def rows_of(world: Box, execution_id: str) -> list[AIRequest]:
    rows, _ = await world.store.ai_requests.page(execution_id, None, 0)
    return rows


async def body_sent(world: Box, provider: AIProvider, options: str) -> Any:
    """What the provider gets for these options."""
    (answer, problem), _ = await world.values(f"ai.chat({{{options}}})", **env_of(provider))
    assert problem is None
    assert answer["content"]
    (received,) = provider.received
    return received.json


@pytest.mark.parametrize(
    ("name", "answer", "tokens"),
    [
        ("openai", {"content": 'Hi <there> & "you"', "model": "gpt-small-2025"}, (11, 7)),
        ("anthropic", {"content": "Hello second block", "model": "claude-x"}, (15, 8)),
    ],
)
async def test_a_model_is_asked_and_the_record_holds_no_key(
    world: Box, provider: AIProvider, name: str, answer: dict, tokens: tuple[int, int]
) -> None:
    values, execution_id = await world.values(
        f"ai.chat({{provider='{name}', model='m', {HI}}})", **env_of(provider)
    )

    usage = {"input_tokens": tokens[0], "output_tokens": tokens[1]}
    assert values == [{**answer, "usage": usage}, None]
    (row,) = await rows_of(world, execution_id)
    assert (row.provider, row.model, row.status) == (name, "m", "success")
    assert (row.input_tokens, row.output_tokens) == tokens
    assert row.endpoint.startswith(provider.url)
    assert KEY in str(provider.received[0].headers)
    assert KEY not in str(row)


@pytest.mark.parametrize(
    ("options", "member", "sent"),
    [
        pytest.param("", "max_tokens", 1024, id="no limit given"),
        pytest.param("max_tokens=0", "max_tokens", 1024, id="zero"),
        pytest.param("max_tokens=0.9", "max_tokens", 1024, id="less than one"),
        pytest.param("max_tokens=12.9", "max_tokens", 12, id="fraction"),
        pytest.param("max_tokens=-5.5", "max_tokens", -5, id="the provider may refuse it"),
        pytest.param("max_tokens='12'", "max_tokens", 12, id="numeric text"),
        pytest.param("max_tokens='many'", "max_tokens", 1024, id="text"),
        pytest.param("max_tokens=1/0", "max_tokens", 1024, id="infinite"),
        pytest.param("", "temperature", None, id="no temperature"),
        pytest.param("temperature=0", "temperature", 0, id="temperature zero"),
        pytest.param("temperature='0.3'", "temperature", 0.3, id="temperature as text"),
        pytest.param("temperature={}", "temperature", None, id="no number"),
        pytest.param("model=4", "model", "4", id="number as model"),
        pytest.param("endpoint=''", "model", "m", id="empty endpoint"),
        pytest.param(
            "messages={{role='user', content=5}}",
            "messages",
            [{"role": "user", "content": "5"}],
            id="number as content",
        ),
    ],
)
async def test_options(
    world: Box, provider: AIProvider, options: str, member: str, sent: Any
) -> None:
    # The last of two members with one name counts.
    body = await body_sent(world, provider, f"{OPENAI}, {options}")

    assert body.get(member) == sent


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("provider=true", "provider is required (openai or anthropic)"),
        ("provider='', model='m'", "provider is required (openai or anthropic)"),
        ("provider='mistral', model={}", "model is required"),
        ("provider='openai', model='m', messages='hi'", "messages is required and must be a table"),
        (
            "provider='openai', model='m', messages={role='user', content='hi'}",
            "messages cannot be empty",
        ),
        (f"{OPENAI}, messages={{{{role='user', content='hi'}}, 5}}", "messages[2] must be a table"),
        (
            f"{OPENAI}, messages={{{{role='user', content=''}}}}",
            "messages[1] needs a role and a content that are text",
        ),
        (
            f"{OPENAI}, messages={{{{role='user', content={{'hi'}}}}}}",
            "messages[1] needs a role and a content that are text",
        ),
        (
            f"{OPENAI}, messages={{setmetatable({{}}, {{__index={{role='r', content='c'}}}})}}",
            "messages[1] needs a role and a content that are text",
        ),
    ],
)
async def test_errors_in_lua_are_found_and_not_recorded(
    world: Box, provider: AIProvider, options: str, problem: str
) -> None:
    values, execution_id = await world.values(f"ai.chat({{{options}}})", **env_of(provider))

    assert values == [None, problem]
    assert provider.received == []
    assert await rows_of(world, execution_id) == []


@pytest.mark.parametrize("call", ["ai.chat('x')", "ai.chat()"])
async def test_options_must_be_a_table(world: Box, call: str) -> None:
    values, _ = await world.values(f"pcall(function() local a = {call} return a end)")

    assert values[0] is False
    assert "bad argument #1 to chat (table expected, got " in values[1]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            f"provider='mistral', model='m', {HI}",
            "unsupported provider: mistral (use openai or anthropic)",
        ),
        (OPENAI, "OPENAI_API_KEY not set in function environment"),
    ],
)
async def test_a_call_without_configuration_is_recorded_without_a_request(
    world: Box, options: str, problem: str
) -> None:
    values, execution_id = await world.values(f"ai.chat({{{options}}})")

    assert values == [None, problem]
    (row,) = await rows_of(world, execution_id)
    assert (row.status, row.error_message) == ("error", problem)
    assert (row.endpoint, row.request_json, row.response_json) == ("", "", None)


async def test_a_failure_of_the_provider_is_returned_and_recorded(
    world: Box, provider: AIProvider
) -> None:
    provider.pages = [Page(status=401, body={"error": {"message": f"bad key {KEY}"}})]

    values, execution_id = await world.values(f"ai.chat({{{OPENAI}}})", **env_of(provider))

    assert values == [None, "OpenAI API error: bad key [REDACTED]"]
    (row,) = await rows_of(world, execution_id)
    assert (row.status, row.error_message) == ("error", values[1])
    assert (row.input_tokens, row.output_tokens) == (None, None)
    assert '"hi"' in row.request_json
    assert KEY not in str(row)


async def test_a_chat_ends_with_the_time_of_its_execution(world: Box, provider: AIProvider) -> None:
    function_id = await world.add(
        f"function handler() ai.chat({{{OPENAI}}}) return {{}} end", timeout_s=1
    )
    for name, value in env_of(provider).items():
        await world.store.env.set(function_id, name, value)
    provider.may_answer.clear()

    result = await world.call(function_id)

    provider.may_answer.set()
    assert isinstance(result.error, ExecutionTimeoutError)
    assert len(provider.received) == 1
    (row,) = await rows_of(world, result.execution_id)
    assert (row.status, row.error_message) == ("error", "interrupted: CancelledError")
