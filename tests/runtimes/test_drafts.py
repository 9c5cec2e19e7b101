"""Drafts in real workers: they run, and nothing of them stays behind."""

import pytest

from perilune.engine import ExecutionRequest
from perilune.events import HTTPEvent
from perilune.store import ExecutionTrigger

SAVED = {
    "lua": "function handler() return { body = 'saved' } end",
    "python": "def handler(ctx, event):\n    return 'saved'",
}
DRAFTS = {
    "lua": (
        "count = (count or 0) + 1\nstring.upper = nil\n"
        "function handler() return { body = 'draft ' .. count } end"
    ),
    "python": "import json\njson.dumps = None\ndef handler(ctx, event):\n    return 'draft'",
}


async def body_of(box, function_id: str, code: str | None = None) -> str:
    result = await box.engine.execute(
        ExecutionRequest(
            function_id=function_id,
            event=HTTPEvent(method="GET", path=f"/fn/{function_id}"),
            trigger=ExecutionTrigger.HTTP if code is None else ExecutionTrigger.TEST,
            code=code,
        )
    )
    assert result.error is None, result.error
    assert result.response is not None
    body = result.response.body
    return body.decode() if isinstance(body, bytes) else body


@pytest.mark.parametrize("language", ["lua", "python"])
async def test_a_draft_leaves_the_saved_code_as_it_is(box, language):
    function_id = await box.add(SAVED[language], runtime=language)
    draft = DRAFTS[language]

    bodies = [await body_of(box, function_id, code) for code in (None, draft, None, draft, None)]

    assert [one.partition(" ")[0] for one in bodies] == [
        "saved",
        "draft",
        "saved",
        "draft",
        "saved",
    ]
    assert (await box.store.get_active_version(function_id)).code == SAVED[language]


async def test_a_draft_that_cannot_be_compiled_is_recorded_as_such(box):
    function_id = await box.add(SAVED["lua"])

    result = await box.engine.execute(
        ExecutionRequest(
            function_id=function_id,
            event=HTTPEvent(method="GET", path="/"),
            trigger=ExecutionTrigger.TEST,
            code="function handler(",
        )
    )

    record = await box.record(result)
    assert record.error_kind == "syntax" and "function handler(" in (record.error_message or "")
    assert await body_of(box, function_id) == "saved"
