"""Values of write-only variables rest nowhere but in the variable."""

import base64
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from perilune.masking import REDACTED
from tests.runtimes.conftest import Box
from tests.upstream.ai_provider import AIProvider, open_ai_provider
from tests.upstream.resend import Resend, open_resend

pytestmark = pytest.mark.asyncio(loop_scope="module")

VALUE = "correct horse/battery+staple"
ENCODED = base64.b64encode(VALUE.encode()).decode()
SPREAD = """
local value = env.get("PHRASE")
log.info("it is " .. value)
log.warn("as base64 " .. base64.encode(value), { phrase = value })
print(url.encode(value))
ai.chat({ provider = "openai", model = "m", messages = {{ role = "user", content = value }} })
email.send({ from = "a@x.org", to = "b@y.org", subject = "on " .. value, text = value })
"""
ANSWER = (
    'return { headers = { ["X-Phrase"] = "a " .. value }, body = { deep = { value, "kept" } } }'
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider() -> AsyncIterator[AIProvider]:
    async with open_ai_provider() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def resend() -> AsyncIterator[Resend]:
    async with open_resend() as opened:
        yield opened


async def everything_stored(world: Box, execution_id: str) -> str:
    record = await world.store.get_execution(execution_id)
    logs, _ = await world.store.logs.page(execution_id, None, 0)
    requests, _ = await world.store.ai_requests.page(execution_id, None, 0)
    mails, _ = await world.store.email_requests.page(execution_id, None, 0)
    return "\n".join(map(str, [record, *logs, *requests, *mails]))


async def add(world: Box, ending: str, provider: AIProvider, resend: Resend) -> str:
    code = f"function handler(ctx, event)\n{SPREAD}\n{ending}\nend"
    function_id = await world.add(code, save_response=True)
    for name, value in {
        "OPENAI_API_KEY": "sk-verysecretkey0123456789",
        "OPENAI_ENDPOINT": f"{provider.url}/v1",
        "RESEND_API_KEY": "re_verysecretkey0123456789",
        "RESEND_BASE_URL": resend.url,
    }.items():
        await world.store.env.set(function_id, name, value)
    await world.store.env.set(function_id, "PHRASE", VALUE, True)
    return function_id


@pytest.mark.parametrize(
    ("ending", "places"),
    [pytest.param(ANSWER, 9, id="answer"), pytest.param("error('not ' .. value)", 9, id="error")],
)
async def test_a_value_is_hidden_wherever_text_rests(
    world: Box, provider: AIProvider, resend: Resend, ending: str, places: int
) -> None:
    function_id = await add(world, ending, provider, resend)

    result = await world.call(function_id)

    stored = await everything_stored(world, result.execution_id)
    for form in (VALUE, ENCODED, VALUE.replace(" ", "+").replace("/", "%2F")):
        assert form not in stored
    assert stored.count(REDACTED) >= places
    assert VALUE in str(provider.received[-1].json) and VALUE in str(resend.bodies[-1])
    if result.response is not None:
        assert VALUE in str(result.response.body) and "kept" in stored
        assert f"a {REDACTED}" in stored


async def test_a_readable_value_may_be_shown(world: Box) -> None:
    function_id = await world.add(
        "function handler() log.info(env.get('PHRASE')) return 1 end", save_response=True
    )
    await world.store.env.set(function_id, "PHRASE", VALUE)

    result = await world.call(function_id)

    assert VALUE in await everything_stored(world, result.execution_id)


async def test_a_value_that_the_function_replaces_is_hidden_at_once(world: Box) -> None:
    function_id = await world.add(
        """function handler()
          env.set("PHRASE", "another-phrase-7")
          log.info(env.get("PHRASE"))
          return { body = "" }
        end""",
        env_writable=True,
    )
    await world.store.env.set(function_id, "PHRASE", VALUE, True)

    result = await world.call(function_id)

    assert result.error is None
    assert "another-phrase-7" not in await everything_stored(world, result.execution_id)
