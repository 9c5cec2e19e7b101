"""The management API: drafts, replays and checks of code."""

import asyncio
import base64
import json

import pytest

from perilune.events import HTTPEvent, HTTPResponse
from perilune.runtimes import GuestSyntaxError
from perilune.store import Execution, ExecutionStatus, Function

from .conftest import KEY
from .management import create


async def test_a_draft_runs_instead_of_the_code_and_is_recorded_under_the_version(site):
    function_id = await site.answering(body="saved")
    site.runtime.behaviours["draft"] = site.runtime.behaviours.pop("code 0")

    answer = await site.client.post(
        f"/api/functions/{function_id}/test",
        json={
            "code": "draft",
            "event": {
                "method": "post",
                "path": "/users/a%20b?x=1",
                "headers": {"x-one": "1", "X-Two": ["2", "3"], "Authorization": f"Bearer {KEY}"},
                "query": {"y": "2 3", "z": ["4", "5"]},
                "body": "hällo",
            },
        },
    )

    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["function_version_id"] == f"ver_{function_id}_v1"
    assert (shown["status"], shown["logs"], shown["log_count"]) == ("success", [], 0)
    assert shown["response"]["body"] == "saved" and shown["response"]["statusCode"] == 200
    event = site.runtime.event
    assert (event.method, event.path) == ("POST", f"/fn/{function_id}/users/a b")
    assert event.relative_path == "/users/a b"
    assert event.raw_query == "x=1&y=2+3&z=4&z=5"
    assert event.query == {"x": "1", "y": "2 3", "z": "4"}
    assert event.multi_query == {"z": ["4", "5"]}
    assert event.headers == {"Content-Length": "6", "X-One": "1", "X-Two": "2"}
    assert event.multi_headers == {"X-Two": ["2", "3"]}
    assert (event.body, event.scheme) == ("hällo".encode(), "http")
    record = (await site.client.get(f"/api/executions/{shown['execution_id']}")).json()
    assert (record["trigger"], record["function_version_id"]) == ("test", f"ver_{function_id}_v1")


async def test_a_function_is_tried_as_the_scheduler_calls_it(site):
    function_id = await site.answering()
    event = {"method": "POST", "headers": {"x-cron-schedule": "* * * * *", "X-Trigger": "forged"}}

    answer = await site.client.post(
        f"/api/functions/{function_id}/test", json={"event": {**event, "trigger": "cron"}}
    )

    assert answer.status_code == 200, answer.text
    assert site.runtime.event.trigger == "cron"
    assert site.runtime.event.headers == {"X-Trigger": "cron", "X-Cron-Schedule": "* * * * *"}
    await site.client.post(f"/api/functions/{function_id}/test", json={"event": event})
    assert site.runtime.event.trigger == "http" and site.runtime.event.headers == {}


async def test_a_draft_is_nothing_that_a_version_could_be_taken_for(site):
    function_id = await site.answering(body="saved")
    site.runtime.behaviours |= {"one": _answer("1"), "two": _answer("2")}
    path = f"/api/functions/{function_id}/test"

    for code in ("one", "two", "one"):
        await site.client.post(path, json={"code": code})
    called = await site.client.get(f"/fn/{function_id}")
    saved = (await site.client.post(path, json={})).json()

    ids = [one.version_id for one in site.runtime.requests]
    assert ids[0] == ids[2] != ids[1]
    assert ids[3] == ids[4] == f"ver_{function_id}_v1"
    assert f"ver_{function_id}_v1" not in ids[:3]
    assert called.text == "saved" == saved["response"]["body"]


def _answer(body: str):
    async def behaviour(_) -> HTTPResponse:
        return HTTPResponse(body=body)

    return behaviour


async def test_a_trial_that_fails_comes_with_its_report_and_its_log(site):
    async def fail(_):
        raise GuestSyntaxError("Error at line 1: unexpected symbol")

    function_id = await site.create(fail)

    shown = (await site.client.post(f"/api/functions/{function_id}/test", json={})).json()

    assert shown["status"] == "error" and "response" not in shown
    assert shown["error"] == {"kind": "syntax", "message": "Error at line 1: unexpected symbol"}
    assert [line["level"] for line in shown["logs"]] == ["error"]
    assert shown["log_count"] == 1


async def test_binary_bodies_go_in_and_come_out_as_base64(site):
    async def echo(request):
        return HTTPResponse(status_code=201, body=request.event.body)

    function_id = await site.create(echo)
    body = base64.b64encode(b"\xff\x00").decode()

    shown = (
        await site.client.post(
            f"/api/functions/{function_id}/test",
            json={"event": {"body": body, "isBase64Encoded": True}},
        )
    ).json()

    assert site.runtime.event.body == b"\xff\x00"
    assert shown["response"] == {
        "statusCode": 201,
        "headers": {},
        "body": body,
        "isBase64Encoded": True,
    }


async def test_a_disabled_function_can_be_tried_but_not_replayed(site):
    function_id = await site.answering(body="x")
    called = await site.client.get(f"/fn/{function_id}")
    await site.client.put(f"/api/functions/{function_id}", json={"disabled": True})

    tried = await site.client.post(f"/api/functions/{function_id}/test", json={})
    replayed = await _replay(site, called.headers["x-execution-id"])

    assert tried.json()["status"] == "success"
    assert (replayed.status_code, replayed.json()["error"]) == (403, "Function is disabled")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"code": " "}, "code: code cannot be empty"),
        ({"event": {"method": "TRACE"}}, "event.method: method must be one of: [GET HEAD"),
        ({"event": {"trigger": "test"}}, "event.trigger: trigger must be one of: [http cron]"),
        ({"event": {"path": "x"}}, "event.path: path must start with /"),
        ({"event": {"body": "!", "isBase64Encoded": True}}, "event.body: body is not base64"),
        ({"event": {"body": "é", "isBase64Encoded": True}}, "event.body: body is not base64"),
        ({"event": {"headers": {"a": "b\r\nc: d"}}}, "event.headers: headers cannot contain line"),
        ({"event": {"headers": {"a": 1}}}, "Invalid request body"),
        ({"event": "x"}, "Invalid request body"),
    ],
)
async def test_events_that_could_not_come_in_are_refused(site, body, text):
    function_id = await site.answering()

    answer = await site.client.post(f"/api/functions/{function_id}/test", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(text)
    assert site.runtime.requests == []


async def test_a_trial_ends_when_its_client_goes_away(quick_probes, site):
    started, stopped = asyncio.Event(), asyncio.Event()

    async def hang(_):
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    function_id = await site.create(hang)
    trial = asyncio.create_task(site.client.post(f"/api/functions/{function_id}/test", json={}))
    await started.wait()
    trial.cancel()

    await asyncio.wait_for(stopped.wait(), 30)

    async with asyncio.timeout(30):
        while (await site.executions(function_id))[0]["status"] == "pending":
            await asyncio.sleep(0)
    assert (await site.executions(function_id))[0]["error_kind"] == "cancelled"


async def _replay(site, execution_id: str, query: str = ""):
    return await site.client.post(f"/api/executions/{execution_id}/replay{query}")


async def test_a_replay_gives_the_stored_event_to_the_active_version(site):
    function_id = await site.answering(body="x")
    called = await site.client.post(
        f"/fn/{function_id}/p?token=abc&q=1&q=2",
        content=b"\xff\x00",
        headers={"Authorization": "Bearer 12345", "X-Mine": "1"},
    )
    execution_id = called.headers["x-execution-id"]
    original = site.runtime.event

    answer = await _replay(site, execution_id)

    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["response"]["body"] == "x" and shown["replayed"] == execution_id
    assert shown["masked"] == ["headers.Authorization", "query.token"]
    event = site.runtime.event
    assert event.headers["Authorization"] == event.query["token"] == "[REDACTED]"
    assert (event.method, event.path, event.relative_path, event.body, event.multi_query) == (
        original.method,
        original.path,
        original.relative_path,
        original.body,
        original.multi_query,
    )
    record = (await site.client.get(f"/api/executions/{shown['execution_id']}")).json()
    assert record["trigger"] == "replay" and record["id"] != execution_id
    before = (await site.client.get(f"/api/executions/{execution_id}")).json()
    assert record["event_json"] == before["event_json"]


async def test_a_replay_has_the_bytes_that_came_or_says_what_it_lacks(site):
    function_id = await site.answering(body="x")
    called = await site.client.get(
        f"/fn/{function_id}/%FF%C3%A9?%FE=1&b=%FF&b=%FD&token=abc",
        headers=[(b"X-Bytes", b"a\xff"), (b"X-Text", "é".encode())],
    )
    original = site.runtime.event

    answer = await _replay(site, called.headers["x-execution-id"])

    event = site.runtime.event
    assert original.query == {"\udcfe": "1", "b": "\udcff", "token": "abc"}
    assert event.query == original.query | {"token": "[REDACTED]"}
    assert event.multi_query == original.multi_query == {"b": ["\udcff", "\udcfd"]}
    assert event.relative_path == original.relative_path == "/\udcffé"
    assert event.path == original.path
    assert event.headers["X-Text"] == "é" and event.headers["X-Bytes"] == "a\ufffd"
    assert answer.json()["masked"] == ["headers.X-Bytes", "query.token"]


async def test_a_replay_can_name_a_version(site):
    function_id = await site.answering(body="first")
    called = await site.client.get(f"/fn/{function_id}")
    execution_id = called.headers["x-execution-id"]
    site.runtime.behaviours["second"] = _answer("second")
    await site.client.put(f"/api/functions/{function_id}", json={"code": "second"})

    bodies = [
        (await _replay(site, execution_id, query)).json()["response"]["body"]
        for query in ("", "?version=1", "?version=2")
    ]
    missing = await _replay(site, execution_id, "?version=3")
    broken = await _replay(site, execution_id, "?version=x")

    assert bodies == ["second", "first", "second"]
    assert (missing.status_code, missing.json()["error"]) == (404, "Version not found")
    assert (broken.status_code, broken.json()["error"]) == (400, "Invalid version number")


@pytest.mark.parametrize(
    ("event", "why"),
    [
        pytest.param(None, "its event is not stored", id="none"),
        pytest.param({"kind": "x"}, "its event is of another kind", id="another kind"),
        pytest.param("cut", "its body was too large to be stored whole", id="cut"),
        pytest.param("cut bytes", "its body was too large to be stored whole", id="cut bytes"),
    ],
)
async def test_an_event_that_is_not_stored_whole_is_not_replayed(site, event, why):
    function_id = (await create(site))["id"]
    if isinstance(event, str):
        large = b"\xff" * 2_000_000 if event == "cut bytes" else b"x" * 2_000_000
        site.runtime.behaviours["function handler() end"] = _answer("x")
        called = await site.client.post(f"/fn/{function_id}", content=large)
        execution_id = called.headers["x-execution-id"]
    else:
        execution_id = "stored"
        await site.server.store.create_execution(
            Execution(
                id=execution_id,
                function_id=function_id,
                function_version_id=f"ver_{function_id}_v1",
                status=ExecutionStatus.SUCCESS,
                event_json=None if event is None else json.dumps(event),
            )
        )
    ran = len(site.runtime.requests)

    answer = await _replay(site, execution_id)

    assert (answer.status_code, answer.json()["error"]) == (
        409,
        f"The execution can't be replayed: {why}",
    )
    assert len(site.runtime.requests) == ran


def test_stored_events_are_read_as_they_were():
    event = HTTPEvent(
        method="PUT",
        path="/fn/f/a",
        relative_path="/a",
        headers={"A": "1"},
        body=b"\xfe",
        query={"q": "1"},
        multi_headers={"A": ["1", "2"]},
        multi_query={"q": ["1", "2"]},
        raw_query="q=1&q=2",
        host="h",
        scheme="https",
        remote_addr="::1",
        trigger="http",
    )

    assert HTTPEvent.from_json(json.dumps(event.to_json())) == event


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/api/functions/nope/test", 404, "Function not found"),
        ("/api/functions/nope/check", 404, "Function not found"),
        ("/api/executions/nope/replay", 404, "Execution not found"),
    ],
)
async def test_missing_things_are_not_found(site, path, status, text):
    answer = await site.client.post(path, json={})

    assert (answer.status_code, answer.json()) == (status, {"error": text})


async def test_code_is_checked_for_a_function_or_for_itself(site):
    function_id = await site.answering()
    path = f"/api/functions/{function_id}/check"

    active = await site.client.post(path)
    draft = await site.client.post(path, json={"code": "wrong"})
    alone = await site.client.post("/api/check", json={"code": "wrong", "runtime": "lua"})
    empty = await site.client.post("/api/check", json={"code": ""})

    assert active.json() == {"ok": True, "errors": []}
    assert (
        draft.json()
        == alone.json()
        == {
            "ok": False,
            "errors": [{"message": "wrong", "line": 1}],
        }
    )
    assert (empty.status_code, empty.json()["error"]) == (400, "code: code cannot be empty")
    assert site.runtime.requests == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"cron_schedule": "61 * * * *"}, "cron_schedule: invalid cron expression"),
        ({"cron_status": "active"}, "cron_status: cron_status active needs a cron_schedule"),
        ({"memory_mb": 1}, "memory_mb: memory_mb must be between 16 and 128"),
        ({"runtime": "cobol"}, "runtime: runtime must be one of: ["),
        ({"requirements": "a==1"}, "requirements: functions in lua cannot require packages"),
        ({"name": " "}, "name: name cannot be empty"),
        ({"signing_secrets": ["short"]}, "value: value must have from 16"),
        (
            {"access": "signature", "signing_secrets": ["no base64 of 24 bytes"]},
            "value: value must be whsec_",
        ),
    ],
)
async def test_settings_are_checked_without_being_changed(site, body, text):
    function_id = await site.answering()
    before = (await site.client.get(f"/api/functions/{function_id}")).json()

    new = await site.client.post("/api/check", json={"code": "x = 1"} | body)
    change = await site.client.post(f"/api/functions/{function_id}/check", json=body)

    for answer in (new, change):
        assert answer.status_code == 400 and answer.json()["error"].startswith(text)
    assert (await site.client.get(f"/api/functions/{function_id}")).json() == before
    listed = (await site.client.get("/api/functions")).json()
    assert [one["id"] for one in listed["functions"]] == [function_id]


async def test_access_by_signature_needs_a_secret(site):
    function_id = await site.answering()
    paths = ("/api/check", f"/api/functions/{function_id}/check")
    body: dict[str, object] = {"code": "x = 1", "access": "signature", "signature_scheme": "github"}

    async def problems() -> list[bool]:
        answers = [(await site.client.post(path, json=body)).json() for path in paths]
        assert all(
            one["ok"] or "no signing secret" in one["errors"][0]["message"] for one in answers
        )
        return [one["ok"] for one in answers]

    assert await problems() == [False, False]
    await site.client.post(
        f"/api/functions/{function_id}/signing-secrets", json={"value": "its very own secret"}
    )
    assert await problems() == [False, True]
    body["signing_secrets"] = ["the secret of the other side"]
    assert await problems() == [True, True]
    body["signing_secrets"] = []
    assert await problems() == [False, False]


async def test_the_first_code_of_a_function_without_any_can_be_checked(site):
    await site.server.store.create_function(Function(id="bare", name="bare"))

    given = await site.client.post("/api/functions/bare/check", json={"code": "x = 1"})
    none = await site.client.post("/api/functions/bare/check", json={})

    assert given.json() == {"ok": True, "errors": []}
    assert none.status_code == 500 and none.json() == {"error": "No active version found"}


async def test_another_language_than_the_functions_is_told(site):
    function_id = await site.answering()

    answer = await site.client.post(
        f"/api/functions/{function_id}/check", json={"runtime": "python"}
    )

    assert answer.status_code == 400
    assert answer.json()["error"] == "runtime: runtime cannot be changed; this function is in lua"
