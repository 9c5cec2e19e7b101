"""The record of every attempt to send an e-mail, on a real store."""

import asyncio
import json
import logging
from typing import Any

import pytest

from perilune.services.email import (
    EmailConfigError,
    EmailError,
    FakeEmailClient,
    SendRequest,
    SendResponse,
    StoreEmailTracker,
    TrackedEmailClient,
    TrackEmailRequest,
)
from perilune.services.tracking import CUT_MARK, MAX_TEXT_BYTES
from perilune.store import EmailRequestStatus, StoreUnavailable
from tests.services.conftest import BrokenRows, SettledRows

EMAIL = SendRequest(from_="a@x.example", to=("b@y.example",), subject="S", html="<b>")
ATTEMPT: dict[str, Any] = {
    "from_": "a@x.example",
    "to": ('"Doe, Jane" <j@y.example>', "k@y.example"),
    "subject": "S",
    "has_text": True,
    "has_html": False,
    "request_json": '{"from":"a@x.example"}',
    "status": EmailRequestStatus.SUCCESS,
    "duration_ms": 12,
}


class Ticks:
    """A monotonic clock that advances by a quarter of a second each time it is read."""

    def __init__(self):
        self._now = 100.0

    def __call__(self):
        self._now += 0.25
        return self._now


@pytest.fixture
def tracker(store, now):
    return StoreEmailTracker(SettledRows(store, store.email_requests), clock=now)


async def test_an_attempt_comes_back(tracker):
    await tracker.track(
        "e_ours", TrackEmailRequest(**ATTEMPT, response_json='{"id":"1"}', email_id="1")
    )
    await tracker.track("e_theirs", TrackEmailRequest(**ATTEMPT))

    (row,) = await tracker.requests("e_ours")
    assert row.to == ['"Doe, Jane" <j@y.example>', "k@y.example"]  # KD-73
    assert (row.from_, row.subject, row.has_text, row.has_html) == ("a@x.example", "S", True, False)
    assert (row.request_json, row.response_json) == ('{"from":"a@x.example"}', '{"id":"1"}')
    assert (row.status, row.error_message, row.email_id) == ("success", None, "1")
    assert (row.execution_id, row.duration_ms, row.created_at) == ("e_ours", 12, 1_700_000_000)
    assert len(row.id) == 20


async def test_pages_are_oldest_first_with_the_total(tracker):
    for number in range(5):
        await tracker.track("e_ours", TrackEmailRequest(**ATTEMPT | {"subject": str(number)}))

    page, total = await tracker.requests_paginated("e_ours", 2, 1)
    beyond = await tracker.requests_paginated("e_ours", 2, 9)

    assert ([row.subject for row in page], total) == (["1", "2"], 5)
    assert beyond == ([], 5)


async def test_no_secret_is_stored(tracker):
    await tracker.track(
        "e_ours",
        TrackEmailRequest(
            **ATTEMPT
            | {
                "subject": "token: s3cr3t-s3cr3t-1",
                "request_json": '{"headers":{"api_key":"s3cr3t-s3cr3t-2"},'
                '"text":"password: s3cr3t-s3cr3t-3"}',
                "response_json": '{"id":"1","token":"s3cr3t-s3cr3t-4"}',
                "error_message": "http://u:s3cr3t-s3cr3t-5@h/ refused",
            }
        ),
    )

    (row,) = await tracker.requests("e_ours")
    assert "s3cr3t" not in repr(row)
    assert json.loads(row.request_json)["headers"] == {"api_key": "[REDACTED]"}


@pytest.mark.parametrize("size", [MAX_TEXT_BYTES + 1, 3 * MAX_TEXT_BYTES])
async def test_long_texts_are_cut_visibly(tracker, size):
    long = "é" * size
    await tracker.track(
        "e_ours", TrackEmailRequest(**ATTEMPT | {"request_json": long, "error_message": long})
    )

    (row,) = await tracker.requests("e_ours")
    for text in (row.request_json, row.error_message):
        assert MAX_TEXT_BYTES - 2 <= len(text.encode()) <= MAX_TEXT_BYTES
        assert text.endswith("é" + CUT_MARK)


async def test_binary_values_are_stored(tracker):
    await tracker.track("e_ours", TrackEmailRequest(**ATTEMPT | {"subject": "a\udcff"}))

    assert [row.subject for row in await tracker.requests("e_ours")] == ["a?"]


class FailingRows:
    """Rows that can't be written."""

    def append(self, row):
        raise RuntimeError("no rows today")


class FullRows:
    """Rows that take no more."""

    def append(self, row):
        return False


@pytest.mark.parametrize("rows", [FailingRows(), FullRows()], ids=["failing", "full"])
async def test_lost_records_are_counted_and_reported_once(rows, caplog):
    tracker = StoreEmailTracker(rows)

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            await tracker.track("e_ours", TrackEmailRequest(**ATTEMPT))

    assert tracker.write_failures == 3
    assert len(caplog.records) == 1
    assert "an e-mail of execution e_ours could not be recorded" in caplog.text


async def test_reading_fails_when_the_store_does():
    tracker = StoreEmailTracker(BrokenRows())  # KD-77

    with pytest.raises(StoreUnavailable):
        await tracker.requests("e_ours")
    with pytest.raises(StoreUnavailable):
        await tracker.requests_paginated("e_ours", 1, 0)


def tracked(fake, tracker):
    return TrackedEmailClient(fake, tracker, "e_ours", monotonic=Ticks())


async def test_a_sent_email_is_recorded(tracker):
    response = await tracked(FakeEmailClient(), tracker).send("f_ours", EMAIL)

    (row,) = await tracker.requests("e_ours")
    assert response.id == "fake"
    assert (row.status, row.email_id, row.response_json) == ("success", "fake", '{"id":"fake"}')
    assert row.request_json == (
        '{"from":"a@x.example","html":"<b>","subject":"S","to":["b@y.example"]}'
    )
    assert (row.has_text, row.has_html, row.duration_ms) == (False, True, 250)
    assert row.error_message is None


@pytest.mark.parametrize(
    ("error", "request_json"),
    [
        pytest.param(EmailConfigError(), "", id="no key"),
        pytest.param(EmailError("[ERROR]: bad", '{"from":"a"}'), '{"from":"a"}', id="refused"),
    ],
)
async def test_a_failed_email_is_recorded(tracker, error, request_json):
    fake = FakeEmailClient(error)

    with pytest.raises(EmailError) as caught:
        await tracked(fake, tracker).send("f_ours", EMAIL)
    result = await tracked(fake, tracker).send_with_tracking("f_ours", EMAIL)

    row, _ = await tracker.requests("e_ours")
    assert caught.value is error
    assert result.error is error
    assert result.response is None
    assert result.track_data.status == "error"
    assert (row.status, row.request_json, row.error_message) == ("error", request_json, str(error))
    assert (row.email_id, row.response_json) == (None, None)


async def test_without_a_tracker_the_record_is_still_returned():
    result = await tracked(FakeEmailClient(SendResponse(id="1")), None).send_with_tracking(
        "f_ours", EMAIL
    )

    assert result.response == SendResponse(id="1")
    assert result.error is None
    assert result.track_data.email_id == "1"


class Stalling:
    """A client that never answers."""

    async def send(self, function_id, request):
        await asyncio.Event().wait()


async def test_an_interrupted_email_is_recorded(tracker):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await tracked(Stalling(), tracker).send("f_ours", EMAIL)

    (row,) = await tracker.requests("e_ours")
    assert (row.status, row.error_message) == ("error", "interrupted: CancelledError")
