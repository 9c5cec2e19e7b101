"""Values of write-only variables rest nowhere but in the variable."""

import base64
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from perilune.masking import REDACTED
from tests.runtimes.conftest import Box
from tests.upstream.ai_provider import AIProvider, open_ai_provider
from tests.upstream.resend import Resend, open_resend

pytestmark = pytest.mark.asyncio(loop_scope="module")

VALUE = "correct horse/battery+staple & <more>!*'(~)\"'"
ENCODED = base64.b64encode(VALUE.encode()).decode()
SPREAD = """
local value = env.get("PHRASE")
log.info("it is " .. value)
log.warn("as base64 " .. base64.encode(value), { phrase = value })
print(url.encode(value), url.encode_path(value), json.encode({ value }))
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
    [pytest.param(ANSWER, 11, id="answer"), pytest.param("error('not ' .. value)", 11, id="error")],
)
async def test_a_value_is_hidden_wherever_text_rests(
    world: Box, provider: AIProvider, resend: Resend, ending: str, places: int
) -> None:
    function_id = await add(world, ending, provider, resend)

    result = await world.call(function_id)

    stored = await everything_stored(world, result.execution_id)
    assert "correct" not in stored and "staple" not in stored and ENCODED not in stored
    assert stored.count(REDACTED) >= places
    assert provider.received[-1].json["messages"][0]["content"] == VALUE
    assert resend.bodies[-1]["text"] == VALUE
    if result.response is not None:
        assert json.loads(result.response.body)["deep"] == [VALUE, "kept"] and "kept" in stored
        assert f"a {REDACTED}" in stored


async def test_a_readable_value_may_be_shown(world: Box) -> None:
    function_id = await world.add(
        "function handler() log.info(env.get('PHRASE')) return 1 end", save_response=True
    )
    await world.store.env.set(function_id, "PHRASE", VALUE)

    result = await world.call(function_id)

    assert "correct horse" in await everything_stored(world, result.execution_id)


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


SPREAD_IN = {
    "javascript": """export default async () => {
        const value = await env.get("PHRASE");
        console.log([value], JSON.stringify(value), btoa(value), encodeURI(value));
        console.log(encodeURIComponent(value), String(new URLSearchParams({ a: value })));
        console.log(new URL("https://h/" + value).href, JSON.stringify([JSON.stringify(value)]));
    };""",
    "python": """
import base64, html, json, urllib.parse
from perilune_guest import env
def handler(ctx, event):
    value = env.get("PHRASE")
    print(repr(value), json.dumps(value), base64.b64encode(value.encode()))
    print(urllib.parse.quote(value), urllib.parse.urlencode({"a": value}), html.escape(value))
""",
}


async def test_a_value_is_hidden_as_other_languages_write_it(javascript: Box, python: Box) -> None:
    for box in (javascript, python):
        function_id = await box.add(SPREAD_IN[box.language])
        await box.store.env.set(function_id, "PHRASE", VALUE, True)

        result = await box.call(function_id)

        assert result.error is None
        lines = "\n".join(await box.lines(result))
        assert lines.count(REDACTED) >= 6
        assert "correct" not in lines and "staple" not in lines, lines
