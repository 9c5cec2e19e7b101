"""The management API: executions, their logs, and the requests they made (`rest-api` 5)."""

import json

import httpx
import pytest

from perilune.api import Executions
from perilune.api.errors import OperationFailed
from perilune.events import HTTPResponse
from perilune.services.ai import StoreAITracker
from perilune.services.email import StoreEmailTracker
from perilune.services.logger import StoreLogger
from perilune.store import (
    AIRequest,
    EmailRequest,
    ExecutionNotFound,
    PaginationParams,
    RequestStatus,
    StoreError,
)


async def test_executions_are_listed_without_and_shown_with_their_response(site):
    function_id = await site.answering(body="hi", status_code=404)
    await site.client.put(f"/api/functions/{function_id}", json={"save_response": True})
    called = await site.client.post(
        f"/fn/{function_id}/p", content=b"in", headers={"X-Request-Id": "mine"}
    )
    execution_id = called.headers["x-execution-id"]

    listed = (await site.client.get(f"/api/functions/{function_id}/executions")).json()
    shown = (await site.client.get(f"/api/executions/{execution_id}")).json()

    assert listed["pagination"] == {"total": 1, "limit": 20, "offset": 0}
    (row,) = listed["executions"]
    assert "response_json" not in row
    assert json.loads(shown.pop("response_json"))["body"] == "hi"
    assert shown == row
    assert (row["status"], row["trigger"]) == ("error", "http")
    assert (row["method"], row["path"]) == ("POST", f"/fn/{function_id}/p")
    assert (row["request_bytes"], row["http_status"], row["response_bytes"]) == (2, 404, 2)
    assert row["request_id"] == "mine"
    assert "trace_id" not in row and "first_byte_ms" not in row
    assert json.loads(row["event_json"])["body"] == "in"


async def test_an_execution_is_removed(site):
    function_id = await site.answering()
    await site.client.get(f"/fn/{function_id}")
    (one,) = await site.executions(function_id)

    first = await site.client.delete(f"/api/executions/{one['id']}")
    second = await site.client.delete(f"/api/executions/{one['id']}")

    assert (first.status_code, first.content) == (204, b"")
    assert (second.status_code, second.json()) == (404, {"error": "Execution not found"})
    assert await site.executions(function_id) == []


async def test_an_execution_that_goes_on_is_not_removed(site):
    async def behaviour(_):
        (one,) = (await site.client.get("/api/executions")).json()["executions"]
        refused.append(await site.client.delete(f"/api/executions/{one['id']}"))
        return HTTPResponse(status_code=200)

    refused: list[httpx.Response] = []
    function_id = await site.create(behaviour)

    assert (await site.client.get(f"/fn/{function_id}")).status_code == 200
    (answer,) = refused
    assert (answer.status_code, answer.json()) == (409, {"error": "Execution is still running"})


async def test_logs_come_with_their_execution(site):
    function_id = await site.answering()
    execution_id = (await site.client.get(f"/fn/{function_id}")).headers["x-execution-id"]
    rows = site.server.store.logs
    for number, level in enumerate((0, 1, 2, 3, 9)):
        rows.append(f"l{number}", execution_id, level, f"line {number}", 1000 + number)
    await site.client.put(f"/api/functions/{function_id}", json={"disabled": True})

    shown = (await site.client.get(f"/api/executions/{execution_id}/logs?limit=3")).json()
    rest = (await site.client.get(f"/api/executions/{execution_id}/logs?offset=3")).json()

    assert shown["id"] == execution_id and shown["status"] == "success"
    assert shown["pagination"] == {"total": 5, "limit": 3, "offset": 0}
    assert shown["logs"][0] == {"level": "info", "message": "line 0", "created_at": 1000}
    levels = [line["level"] for line in shown["logs"] + rest["logs"]]
    assert levels == ["info", "debug", "warn", "error", "info"]


async def test_a_part_of_a_log_may_have_a_thousand_lines(site):
    execution_id = await some_execution(site)
    rows = site.server.store.logs
    for number in range(1002):
        rows.append(f"l{number}", execution_id, 1, "line", 1000)
    # Writes are done in turn.
    await site.server.store.kv.delete("f", b"after the lines")

    answer = (await site.client.get(f"/api/executions/{execution_id}/logs?limit=5000")).json()

    assert len(answer["logs"]) == 1000
    assert answer["pagination"] == {"total": 1002, "limit": 1000, "offset": 0}


async def some_execution(site) -> str:
    function_id = await site.answering()
    return (await site.client.get(f"/fn/{function_id}")).headers["x-execution-id"]


def ai_request(execution_id: str, number: int, **members) -> AIRequest:
    return AIRequest(
        **{
            "id": f"a{number}",
            "execution_id": execution_id,
            "provider": "openai",
            "model": "m",
            "endpoint": "https://example.net/v1/chat/completions",
            "request_json": '{"model":"m"}',
            "status": RequestStatus.ERROR,
            "duration_ms": number,
            "created_at": 1000,
            **members,
        }
    )


def email_request(execution_id: str, number: int, **members) -> EmailRequest:
    return EmailRequest(
        **{
            "id": f"m{number}",
            "execution_id": execution_id,
            "from_": "a@example.net",
            "to": ['"Doe, Jane" <j@example.org>', "k@example.org"],
            "subject": "hi",
            "has_text": True,
            "has_html": False,
            "request_json": "{}",
            "status": RequestStatus.ERROR,
            "duration_ms": number,
            "created_at": 1000,
            **members,
        }
    )


async def test_ai_requests_are_shown_with_all_known_facts(site):
    execution_id = await some_execution(site)
    rows = site.server.store.ai_requests
    rows.append(ai_request(execution_id, 0))
    rows.append(
        ai_request(
            execution_id,
            1,
            status=RequestStatus.SUCCESS,
            response_json="{}",
            error_message="",
            input_tokens=11,
            output_tokens=0,
        )
    )
    await site.answering()  # commits what was queued before

    shown = (await site.client.get(f"/api/executions/{execution_id}/ai-requests")).json()

    assert set(shown) == {"ai_requests", "pagination"}
    assert shown["pagination"] == {"total": 2, "limit": 20, "offset": 0}
    least = {
        "id": "a0",
        "execution_id": execution_id,
        "provider": "openai",
        "model": "m",
        "endpoint": "https://example.net/v1/chat/completions",
        "request_json": '{"model":"m"}',
        "status": "error",
        "duration_ms": 0,
        "created_at": 1000,
    }
    more = {
        "id": "a1",
        "status": "success",
        "duration_ms": 1,
        "response_json": "{}",
        "error_message": "",
        "input_tokens": 11,
        "output_tokens": 0,
    }
    assert shown["ai_requests"] == [least, {**least, **more}]


async def test_emails_are_shown_with_their_receivers_as_a_list(site):
    execution_id = await some_execution(site)
    rows = site.server.store.email_requests
    rows.append(email_request(execution_id, 0, error_message="no", response_json="{}"))
    rows.append(email_request(execution_id, 1, status=RequestStatus.SUCCESS, email_id="e_1"))
    await site.answering()

    shown = (await site.client.get(f"/api/executions/{execution_id}/email-requests")).json()

    assert set(shown) == {"email_requests", "pagination"}
    first, second = shown["email_requests"]
    assert first == {
        "id": "m0",
        "execution_id": execution_id,
        "from": "a@example.net",
        "to": ['"Doe, Jane" <j@example.org>', "k@example.org"],
        "subject": "hi",
        "has_text": True,
        "has_html": False,
        "request_json": "{}",
        "response_json": "{}",
        "status": "error",
        "error_message": "no",
        "duration_ms": 0,
        "created_at": 1000,
    }
    assert (second["status"], second["email_id"]) == ("success", "e_1")
    assert "error_message" not in second


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        pytest.param("ai", ai_request, id="ai"),
        pytest.param("email", email_request, id="email"),
    ],
)
@pytest.mark.parametrize(
    ("query", "expected", "pagination"),
    [
        ("", [0, 1, 2, 3, 4], {"total": 5, "limit": 20, "offset": 0}),
        ("?limit=2", [0, 1], {"total": 5, "limit": 2, "offset": 0}),
        ("?limit=2&offset=4", [4], {"total": 5, "limit": 2, "offset": 4}),
        ("?offset=9", [], {"total": 5, "limit": 20, "offset": 9}),
        ("?limit=x&offset=-1", [0, 1, 2, 3, 4], {"total": 5, "limit": 20, "offset": 0}),
        ("?limit=101", [0, 1, 2, 3, 4], {"total": 5, "limit": 100, "offset": 0}),
    ],
)
async def test_requests_come_in_pages_oldest_first(site, kind, make, query, expected, pagination):
    execution_id, other = await some_execution(site), await some_execution(site)
    rows = getattr(site.server.store, f"{kind}_requests")
    for number in range(5):
        rows.append(make(execution_id, number))
        rows.append(make(other, number, id=f"other{number}"))
    await site.answering()

    shown = (await site.client.get(f"/api/executions/{execution_id}/{kind}-requests{query}")).json()

    assert [row["duration_ms"] for row in shown[f"{kind}_requests"]] == expected
    assert shown["pagination"] == pagination


@pytest.mark.parametrize("kind", ["ai", "email"])
async def test_an_execution_without_requests(site, kind):
    execution_id = await some_execution(site)

    shown = (await site.client.get(f"/api/executions/{execution_id}/{kind}-requests")).json()

    assert shown == {
        f"{kind}_requests": [],
        "pagination": {"total": 0, "limit": 20, "offset": 0},
    }


async def test_requests_that_cannot_be_read_are_not_an_empty_list(site):
    """KD-77."""

    class BrokenRows:
        def append(self, _row):
            raise AssertionError

        async def page(self, *_args):
            raise StoreError("a row can't be read")

    execution_id = await some_execution(site)
    store, broken = site.server.store, BrokenRows()
    executions = Executions(
        store,
        StoreLogger(store.logs),
        ai_requests=StoreAITracker(broken),
        email_requests=StoreEmailTracker(broken),
    )

    with pytest.raises(OperationFailed, match="^Failed to get AI requests$"):
        await executions.ai_requests(execution_id, PaginationParams())
    with pytest.raises(OperationFailed, match="^Failed to get email requests$"):
        await executions.email_requests(execution_id, PaginationParams())
    with pytest.raises(ExecutionNotFound):
        await executions.ai_requests("missing", PaginationParams())


async def test_empty_lists_of_executions_and_logs(site):
    function_id = await site.answering()

    executions = (await site.client.get(f"/api/functions/{function_id}/executions")).json()

    assert executions["executions"] == []
    execution_id = (await site.client.get(f"/fn/{function_id}")).headers["x-execution-id"]
    assert (await site.client.get(f"/api/executions/{execution_id}/logs")).json()["logs"] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/api/functions/missing", "Function not found"),
        ("/api/functions/missing/executions", "Function not found"),
        ("/api/executions/missing", "Execution not found"),
        ("/api/executions/missing/logs", "Execution not found"),
        ("/api/executions/missing/ai-requests", "Execution not found"),
        ("/api/executions/missing/email-requests", "Execution not found"),
    ],
)
async def test_missing_things_are_not_found(site, path, text):
    answer = await site.client.get(path)

    assert (answer.status_code, answer.json()) == (404, {"error": text})
