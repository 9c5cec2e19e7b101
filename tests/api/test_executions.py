"""The management API: executions and their logs (`rest-api` 5)."""

import json

import pytest


async def test_executions_are_listed_without_and_shown_with_their_response(site):
    function_id = await site.answering(body="hi", status_code=404)
    await site.client.put(f"/api/functions/{function_id}", json={"save_response": True})
    execution_id = (await site.client.post(f"/fn/{function_id}/p", content=b"in")).headers[
        "x-execution-id"
    ]

    listed = (await site.client.get(f"/api/functions/{function_id}/executions")).json()
    shown = (await site.client.get(f"/api/executions/{execution_id}")).json()

    assert listed["pagination"] == {"total": 1, "limit": 20, "offset": 0}
    (row,) = listed["executions"]
    assert "response_json" not in row
    assert json.loads(shown.pop("response_json"))["body"] == "hi"
    assert shown == row
    assert (row["status"], row["trigger"]) == ("error", "http")
    assert json.loads(row["event_json"])["body"] == "in"


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
    ],
)
async def test_what_does_not_exist(site, path, text):
    answer = await site.client.get(path)

    assert (answer.status_code, answer.json()) == (404, {"error": text})
