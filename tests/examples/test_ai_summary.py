"""The example that asks a language model, in every language."""

from pathlib import Path

import pytest

from perilune.services.ai import AIError, ChatResponse, FakeAIClient, Usage
from tests.examples.conftest import STRANGERS, TOKEN, Example, Stage, open_stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def deploy_summary(stage: Stage) -> Example:
    return await stage.deploy("ai_summary", SUMMARY_TOKEN="opensesame", AI_MODEL="small")


async def test_a_text_is_summarised(tmp_path: Path, language: str) -> None:
    answer = ChatResponse(content="Short.", model="small", usage=Usage(100, 20))
    async with open_stage(tmp_path, ai=FakeAIClient(answer), language=language) as stage:
        summary = await deploy_summary(stage)

        given = await summary.call("POST", headers=TOKEN, body=" A long text. ")

        assert (given.status, given.json) == (200, {"summary": "Short.", "tokens": 120})
        function_id, request = stage.ai.requests[0]
        assert function_id == summary.id
        assert (request.provider, request.model) == ("anthropic", "small")
        assert [message.role for message in request.messages] == ["system", "user"]
        assert request.messages[1].content == "A long text."


async def test_callers_do_not_learn_why_the_provider_failed(tmp_path: Path, language: str) -> None:
    failing = FakeAIClient(AIError("anthropic API error: account 4711 is overdrawn"))
    async with open_stage(tmp_path, ai=failing, language=language) as stage:
        summary = await deploy_summary(stage)

        given = await summary.call("POST", headers=TOKEN, body="text")

        assert (given.status, given.json) == (502, {"error": "the language model gave no answer"})
        assert given.logs == ["no summary: anthropic API error: account 4711 is overdrawn"]


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strangers_cannot_use_the_model(stage: Stage, headers: dict[str, str]) -> None:
    summary = await deploy_summary(stage)

    given = await summary.call("POST", headers=headers, body="text")

    assert (given.status, given.json) == (401, {"error": "wrong or missing token"})
    assert stage.ai.requests == []


TOO_LONG = "the text must not be longer than 50000 characters"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        pytest.param("  ", 400, "the body must be a text", id="empty"),
        pytest.param("x" * 50_001, 413, TOO_LONG, id="too long"),
        pytest.param("🌙" * 50_001, 413, TOO_LONG, id="too long, of large characters"),
    ],
)
async def test_unfit_texts_are_not_sent(stage: Stage, body: str, status: int, error: str) -> None:
    summary = await deploy_summary(stage)

    given = await summary.call("POST", headers=TOKEN, body=body)

    assert (given.status, given.json) == (status, {"error": error})
    assert stage.ai.requests == []


async def test_the_longest_text_is_counted_in_characters(stage: Stage) -> None:
    summary = await deploy_summary(stage)

    given = await summary.call("POST", headers=TOKEN, body="🌙" * 50_000)

    assert given.status == 200


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"AI_MODEL": "small"}, id="no token"),
        pytest.param({"AI_MODEL": "small", "SUMMARY_TOKEN": ""}, id="empty token"),
        pytest.param({"SUMMARY_TOKEN": "opensesame"}, id="no model"),
        pytest.param({"SUMMARY_TOKEN": "opensesame", "AI_MODEL": ""}, id="empty model"),
    ],
)
async def test_nothing_is_sent_before_all_is_configured(stage: Stage, env: dict[str, str]) -> None:
    summary = await stage.deploy("ai_summary", **env)

    given = await summary.call("POST", headers=TOKEN, body="text")

    assert (given.status, given.json) == (500, {"error": "not configured"})
    assert given.logs == ["SUMMARY_TOKEN and AI_MODEL must be set"]
    assert stage.ai.requests == []
