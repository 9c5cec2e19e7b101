"""The record of every chat: masked, bounded, and never in the way (KD-77, KD-161)."""

import asyncio
import json
import logging
import threading

import pytest

from perilune.masking import Masker
from perilune.services.ai import (
    StoreAITracker,
    TrackAIRequest,
)
from perilune.services.tracking import CUT_MARK, MAX_TEXT_BYTES
from perilune.store import AIRequestStatus, ExecutionStatus, StoreUnavailable
from tests.services.conftest import SettledRows


@pytest.fixture
def tracker(store, now) -> StoreAITracker:
    return StoreAITracker(SettledRows(store, store.ai_requests), clock=now)


def attempt(**members) -> TrackAIRequest:
    return TrackAIRequest(
        **{
            "provider": "openai",
            "model": "m",
            "endpoint": "https://example.net/v1",
            "request_json": "{}",
            "status": AIRequestStatus.SUCCESS,
            "duration_ms": 5,
            **members,
        }
    )


async def record_of(tracker, **members):
    await tracker.track("e_ours", attempt(**members))
    (row,) = await tracker.requests("e_ours")
    return row


async def test_records_are_read_in_order_and_in_pages(tracker):
    for number in range(5):
        await tracker.track("e_ours", attempt(duration_ms=number))
        await tracker.track("e_theirs", attempt(duration_ms=99))

    every = await tracker.requests("e_ours")
    page, total = await tracker.requests_paginated("e_ours", 2, 3)

    assert [row.duration_ms for row in every] == [0, 1, 2, 3, 4]
    assert ([row.duration_ms for row in page], total) == ([3, 4], 5)
    assert await tracker.requests_paginated("e_ours", 2, 9) == ([], 5)
    assert await tracker.requests_paginated("e_ours", -1, -1) == ([], 5)
    assert {row.execution_id for row in every} == {"e_ours"}
    assert len({row.id for row in every}) == 5


async def test_a_record_has_all_that_was_said(tracker, now):
    row = await record_of(
        tracker,
        response_json='{"b": 1, "a": 12345678901234567890}',
        status=AIRequestStatus.ERROR,
        error_message="no response from OpenAI",
        input_tokens=0,
        output_tokens=7,
    )

    assert (row.provider, row.model, row.endpoint) == ("openai", "m", "https://example.net/v1")
    assert row.response_json == '{"b": 1, "a": 12345678901234567890}', "unchanged (KD-162)"
    assert (row.status, row.error_message) == ("error", "no response from OpenAI")
    assert (row.input_tokens, row.output_tokens, row.duration_ms) == (0, 7, 5)
    assert row.created_at == int(now.time)


@pytest.mark.parametrize(
    ("member", "given", "stored"),
    [
        pytest.param(
            "request_json",
            '{"password":"hunter2","n":[{"secret_x":1}]}',
            '{"n":[{"secret_x":"[REDACTED]"}],"password":"[REDACTED]"}',
            id="request",
        ),
        pytest.param("response_json", '{"token":{"a":1}}', '{"token":"[REDACTED]"}', id="response"),
        pytest.param(
            "response_json",
            "<p>Authorization: Bearer abcdef</p>",
            "<p>Authorization: [REDACTED]</p>",
            id="no-json",
        ),
        pytest.param(
            "endpoint",
            "https://u:p@example.net/v1?api_key=abc&x=1",
            "https://[REDACTED]@example.net/v1?api_key=[REDACTED]&x=1",
            id="endpoint",
        ),
        pytest.param(
            "error_message",
            "OpenAI API error: token: abcdefghijklmnop x",
            "OpenAI API error: [REDACTED] x",
            id="error",
        ),
        pytest.param("model", "token: abcdefghijklmnop", "[REDACTED]", id="model"),
        pytest.param("model", "m\udcff", "m?", id="no-text"),
    ],
)
async def test_secrets_are_hidden_before_anything_is_stored(tracker, member, given, stored):
    row = await record_of(tracker, **{member: given})

    assert getattr(row, member) == stored


async def test_the_operators_own_names_are_hidden_too(store):
    tracker = StoreAITracker(store.ai_requests, masker=Masker(["customer-no"]))

    await tracker.track("e_ours", attempt(request_json='{"customerNo":"12-34"}'))
    await store.update_execution("e_ours", ExecutionStatus.SUCCESS, 1, None, None)

    (row,) = await tracker.requests("e_ours")
    assert "12-34" not in row.request_json


@pytest.mark.parametrize(
    "member", ["request_json", "response_json", "error_message", "endpoint", "model", "provider"]
)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * (MAX_TEXT_BYTES + 1), id="ascii"),
        pytest.param("€" * MAX_TEXT_BYTES, id="characters-of-three-bytes"),
        pytest.param("x" * (9 * MAX_TEXT_BYTES), id="far-too-long"),
    ],
)
async def test_long_texts_are_cut_at_a_character_with_a_mark(tracker, member, text):
    row = await record_of(tracker, **{member: text})

    kept = getattr(row, member)
    assert MAX_TEXT_BYTES - 4 < len(kept.encode()) <= MAX_TEXT_BYTES
    assert kept.endswith(CUT_MARK)
    assert set(kept.removesuffix(CUT_MARK)) == {text[0]}


async def test_a_text_of_exactly_the_limit_is_whole(tracker):
    text = "x" * MAX_TEXT_BYTES

    assert (await record_of(tracker, request_json=text)).request_json == text


async def test_a_secret_is_hidden_even_where_the_text_is_cut(tracker):
    secret = "s3cret" * 20_000
    text = json.dumps({"a": "x" * (MAX_TEXT_BYTES - 60), "password": secret})

    row = await record_of(tracker, response_json=text)

    assert row.response_json is not None
    assert "s3cret" not in row.response_json


class BrokenRows:
    """Rows of a database that is gone."""

    def append(self, *_args):
        raise StoreUnavailable("database is locked")

    async def page(self, *_args):
        raise StoreUnavailable("database is locked")


class FullRows(BrokenRows):
    def append(self, *_args):
        return False


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        pytest.param(BrokenRows(), "it failed", id="broken"),
        pytest.param(FullRows(), "the store takes no more rows", id="full"),
    ],
)
async def test_lost_records_are_counted_and_reported_but_never_raise(caplog, rows, why):
    tracker = StoreAITracker(rows)

    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            await tracker.track("e_ours", attempt(request_json="s3cret text"))

    assert tracker.write_failures == 5
    assert len(caplog.records) == 1
    assert "an AI request of execution e_ours" in caplog.text and why in caplog.text
    assert "s3cret text" not in caplog.text


async def test_masking_long_texts_holds_nobody_up_and_goes_on_without_its_caller(store):
    class WaitingMasker(Masker):
        begun, done = threading.Event(), threading.Event()

        def body(self, text: str, content_type: str | None = None) -> str:
            if len(text) > 5000:
                self.begun.set()
                self.done.wait(30)
            return super().body(text, content_type)

    masker = WaitingMasker()
    tracker = StoreAITracker(SettledRows(store, store.ai_requests), masker=masker)
    caller = asyncio.create_task(
        tracker.track("e_ours", attempt(request_json="password=x " * 1000))
    )
    while not masker.begun.is_set():
        await asyncio.sleep(0.001)

    await tracker.track("e_theirs", attempt(request_json="password=x "))
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    masker.done.set()

    assert len(await tracker.requests("e_theirs")) == 1
    while not (rows := await tracker.requests("e_ours")):
        await asyncio.sleep(0.001)
    assert rows[0].request_json.count("[REDACTED]") == 1000
    tracker.close()


async def test_a_failing_masker_lets_nothing_through(store):
    class BrokenMasker(Masker):
        def body(self, text: str, content_type: str | None = None) -> str:
            raise RuntimeError("no idea")

    tracker = StoreAITracker(SettledRows(store, store.ai_requests), masker=BrokenMasker())

    await tracker.track("e_ours", attempt())

    assert await tracker.requests("e_ours") == []
    assert tracker.write_failures == 1


async def test_reading_fails_when_the_store_fails():
    """A broken store must not look like an execution that asked nobody (KD-77)."""
    tracker = StoreAITracker(BrokenRows())

    with pytest.raises(StoreUnavailable):
        await tracker.requests("e_ours")
    with pytest.raises(StoreUnavailable):
        await tracker.requests_paginated("e_ours", 10, 0)


async def test_tokens_are_counted_by_provider_model_and_direction(tracker):
    for _ in range(2):
        await tracker.track("e_ours", attempt(input_tokens=10, output_tokens=3))
    await tracker.track("e_ours", attempt(model="other-model", input_tokens=1))
    await tracker.track("e_ours", attempt(status=AIRequestStatus.ERROR))

    assert tracker.tokens == {
        ("openai", "m", "input"): 20,
        ("openai", "m", "output"): 6,
        ("openai", "other-model", "input"): 1,
    }


async def test_made_up_models_do_not_fill_the_memory(tracker, monkeypatch):
    monkeypatch.setattr("perilune.services.ai.tracker.MAX_COUNTED", 3)
    for number in range(10):
        await tracker.track("e_ours", attempt(model=f"{number}" * 1000, input_tokens=1))

    assert len(tracker.tokens) == 4
    assert tracker.tokens["other", "other", "input"] == 7
    assert max(len(model) for _, model, _ in tracker.tokens) == 100
