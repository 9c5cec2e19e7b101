"""What is stored of an event and a response: masked, and cut."""

import json

import pytest

from perilune.engine import (
    MAX_RESPONSE_BODY_SIZE,
)
from perilune.events import HTTPEvent
from perilune.store import (
    SqliteStore,
)
from tests.engine.conftest import add_function, engine_on, request
from tests.engine.fakes import answering


async def test_the_stored_event_is_masked(store: SqliteStore) -> None:
    await add_function(store, save_response=True)
    event = HTTPEvent(
        method="POST",
        path="/fn/greet",
        headers={"Authorization": "Bearer s3"},
        body='{"who":"Ada","password":"x"}',
    )

    result = await engine_on(store, answering(201, "hi")).execute(request(event=event))

    record = await store.get_execution(result.execution_id)
    assert json.loads(record.event_json or "") == {
        "method": "POST",
        "path": "/fn/greet",
        "relativePath": "/",
        "headers": {"Authorization": "[REDACTED]"},
        "body": '{"password":"[REDACTED]","who":"Ada"}',
        "query": {},
    }
    assert json.loads(record.response_json or "") == {
        "statusCode": 201,
        "headers": {},
        "body": "hi",
        "isBase64Encoded": False,
    }


MARK = "\n[TRUNCATED - Response exceeded 1MB]"


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        pytest.param("x" * MAX_RESPONSE_BODY_SIZE, "x" * MAX_RESPONSE_BODY_SIZE, id="exact"),
        pytest.param(
            "x" * (MAX_RESPONSE_BODY_SIZE + 1), "x" * MAX_RESPONSE_BODY_SIZE + MARK, id="one more"
        ),
        pytest.param(
            "x" + "é" * (MAX_RESPONSE_BODY_SIZE // 2),
            "x" + "é" * (MAX_RESPONSE_BODY_SIZE // 2 - 1) + MARK,
            id="cut at a character",
        ),
        pytest.param(b"text", "text", id="utf-8 bytes"),
        pytest.param(b"\x00\xff\x80", "AP+A", id="binary"),
    ],
)
async def test_the_stored_response_is_cut_and_the_callers_is_not(
    store: SqliteStore, body: str | bytes, stored: str
) -> None:
    await add_function(store, save_response=True)

    result = await engine_on(store, answering(body=body)).execute(request())

    assert result.response is not None
    assert result.response.body == body
    record = await store.get_execution(result.execution_id)
    response = json.loads(record.response_json or "")
    assert response["body"] == stored
    assert response["isBase64Encoded"] is (stored == "AP+A")


async def test_without_save_response_nothing_of_it_is_stored(store: SqliteStore) -> None:
    await add_function(store)

    result = await engine_on(store, answering(body="private")).execute(request())

    assert (await store.get_execution(result.execution_id)).response_json is None


async def test_secrets_in_a_stored_response_are_masked(store: SqliteStore) -> None:
    await add_function(store, save_response=True)
    runtime = answering(
        body='{"token":"t0p","n":1}',
        headers={"Set-Cookie": ["a=b", "c=d"], "Content-Type": "application/json"},
    )

    result = await engine_on(store, runtime).execute(request())

    text = (await store.get_execution(result.execution_id)).response_json or ""
    assert "t0p" not in text
    assert "a=b" not in text
    assert result.response is not None
    assert "t0p" in str(result.response.body)
