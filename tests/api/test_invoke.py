"""Calling functions over HTTP: `rest-api` 6."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

from perilune.engine import ExecutionTimeoutError
from perilune.events import HTTPResponse
from perilune.runtimes import GuestError, WorkersBusyError
from perilune.store import Function, StoreUnavailable

from .conftest import KEY, open_site

X_HEADERS = (
    "x-function-id",
    "x-function-version-id",
    "x-execution-id",
    "x-execution-duration-ms",
)


async def test_a_request_becomes_an_event(site):
    function_id = await site.answering(body="ok")

    answer = await site.client.post(
        f"/fn/{function_id}/a%2Fb/?x=1&x=2",
        content=b"\xff\0",
        headers={"X-Custom": "v", "X-Trigger": "cron", "Cookie": "auth_token=s; a=1"},
    )

    assert (answer.status_code, answer.text) == (200, "ok")
    event = site.runtime.event
    assert event.method == "POST"
    assert event.path == f"/fn/{function_id}/a/b/"
    assert event.relative_path == "/a/b/"
    assert event.query == {"x": "1"} and event.multi_query == {"x": ["1", "2"]}
    assert event.raw_query == "x=1&x=2"
    assert event.body == b"\xff\0"
    assert event.headers["X-Custom"] == "v" and event.headers["Content-Length"] == "2"
    assert event.headers["Cookie"] == "a=1"
    assert not {"Host", "Authorization", "X-Trigger"} & set(event.headers)
    assert event.host == f"127.0.0.1:{site.server.port}"
    assert (event.scheme, event.remote_addr, event.trigger) == ("http", "127.0.0.1", "http")


async def test_neither_key_nor_session_reach_a_function_or_its_record(site):
    function_id = await site.answering()

    await site.client.get(f"/fn/{function_id}", headers={"Cookie": f"auth_token={KEY}"})

    assert KEY not in repr(site.runtime.requests)
    assert KEY not in str(await site.executions(function_id))


async def test_execution_headers_name_the_record(site):
    function_id = await site.answering()

    answer = await site.client.get(f"/fn/{function_id}")

    (execution,) = await site.executions(function_id)
    assert answer.headers["x-function-id"] == function_id
    assert answer.headers["x-function-version-id"] == f"ver_{function_id}_v1"
    assert answer.headers["x-execution-id"] == execution["id"]
    assert answer.headers["x-execution-duration-ms"] == str(execution["duration_ms"])
    assert answer.headers["x-request-id"] == execution["id"]
    assert execution["status"] == "success" and execution["trigger"] == "http"


async def test_prepared_headers_are_those_that_are_made_for_one_answer(site):
    """Answers have their headers from a template, unless something is special about them."""
    function_id = await site.answering(body="x")
    prepared = (await site.client.get(f"/fn/{function_id}")).headers

    await site.client.put(f"/api/functions/{function_id}", json={"rate_limit": 9})
    made = (await site.client.get(f"/fn/{function_id}")).headers

    own = {"date", "x-execution-id", "x-request-id", "x-execution-duration-ms"}
    assert own < set(prepared)
    assert {k: v for k, v in prepared.items() if k not in own} == {
        k: v for k, v in made.items() if k not in own and not k.startswith("ratelimit")
    }


async def test_the_callers_request_id_is_kept(site):
    function_id = await site.answering()

    answer = await site.client.get(f"/fn/{function_id}", headers={"X-Request-Id": "abc"})

    assert answer.headers["x-request-id"] == "abc"
    assert site.runtime.requests[-1].context.request_id == "abc"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_served_methods(site, method):
    function_id = await site.answering(body="ok")

    answer = await site.client.request(method, f"/fn/{function_id}", content=b"b")

    assert answer.text == "ok"
    assert (site.runtime.event.method, site.runtime.event.body) == (method, b"b")


async def test_head_is_executed_and_answered_without_body(site):
    function_id = await site.answering(body="12345")

    answer = await site.client.head(f"/fn/{function_id}")

    assert site.runtime.event.method == "HEAD"
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "5"


@pytest.mark.parametrize("path", ["/fn/x", "/fn/", "/fn", "/fn/x/y"])
async def test_other_methods_are_refused(site, path):
    answer = await site.client.request("TRACE", path)

    assert answer.status_code == 405
    assert answer.json() == {"error": "Method not allowed"}
    assert "PATCH" in answer.headers["allow"]


async def test_a_preflight_is_allowed_what_it_asks_for(site):
    function_id = await site.answering()

    answer = await site.client.options(
        f"/fn/{function_id}", headers={"Access-Control-Request-Headers": "X-Mine, Authorization"}
    )

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "X-Mine, Authorization"
    for method in ("GET", "HEAD", "PATCH"):
        assert method in answer.headers["access-control-allow-methods"]
    assert site.runtime.requests == []


async def raise_guest_error(_):
    raise GuestError("secret detail")


async def raise_timeout(_):
    raise ExecutionTimeoutError(1)


async def raise_busy(_):
    raise WorkersBusyError(1000)


async def raise_unforeseen(_):
    raise ZeroDivisionError("secret detail")


async def give_nothing(_):
    return None


async def give_bad_status(_):
    return HTTPResponse(status_code=999)


@pytest.mark.parametrize(
    ("behaviour", "status", "text"),
    [
        pytest.param(raise_guest_error, 500, "Function execution failed", id="guest error"),
        pytest.param(raise_unforeseen, 500, "Function execution failed", id="unforeseen"),
        pytest.param(raise_timeout, 504, "Function execution timed out", id="timeout"),
        pytest.param(raise_busy, 503, "Too many executions are waiting", id="overload"),
        pytest.param(give_nothing, 500, "Function did not return HTTP response", id="nothing"),
        pytest.param(give_bad_status, 500, "Function execution failed", id="bad status"),
    ],
)
async def test_executions_that_go_wrong(site, behaviour, status, text):
    function_id = await site.create(behaviour)

    answer = await site.client.get(f"/fn/{function_id}")

    assert (answer.status_code, answer.json()) == (status, {"error": text})
    assert answer.text.endswith("}\n") and answer.headers["content-type"] == "application/json"
    assert all(name in answer.headers for name in X_HEADERS)
    assert answer.headers.get("retry-after") == ("1" if status == 503 else None)


async def test_the_servers_own_time_limit_answers_504(tmp_path):
    async with open_site(tmp_path, execution_timeout=0.05) as site:

        async def hang(_):
            await asyncio.Event().wait()

        function_id = await site.create(hang)

        answer = await site.client.get(f"/fn/{function_id}")

        assert answer.status_code == 504
        assert (await site.executions(function_id))[0]["error_kind"] == "timeout"


async def test_unknown_functions(site):
    for path in ("/fn/nope", "/fn/nope/a", "/fn", "/fn/", "/fn//a"):
        answer = await site.client.get(path)
        assert (answer.status_code, answer.json()) == (404, {"error": "Function not found"})
        assert not any(name in answer.headers for name in X_HEADERS)
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_functions_that_are_deleted_while_they_are_called(site):
    """Another program deletes it, so this server still believes that it is there."""
    function_id = await site.answering(body="x")
    assert (await site.client.get(f"/fn/{function_id}")).status_code == 200
    file = site.server.settings.data_dir / "lunar.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("DELETE FROM executions")
        database.execute("DELETE FROM functions")

    answer = await site.client.get(f"/fn/{function_id}")

    assert (answer.status_code, answer.json()) == (404, {"error": "Function not found"})
    assert len(site.runtime.requests) == 1


async def test_disabled_functions(site):
    function_id = await site.answering(body="x")
    await site.client.put(f"/api/functions/{function_id}", json={"disabled": True})

    answer = await site.client.get(f"/fn/{function_id}")

    assert (answer.status_code, answer.json()) == (403, {"error": "Function is disabled"})
    assert site.runtime.requests == []


async def test_functions_without_a_version(site):
    await site.server.store.create_function(Function(id="bare", name="bare"))

    answer = await site.client.get("/fn/bare")

    assert (answer.status_code, answer.json()) == (500, {"error": "No active version found"})


async def test_a_broken_store_is_not_a_missing_function(site):
    function_id = await site.answering()
    await site.server.store.close()

    answers = [await site.client.get(f"/fn/{one}") for one in (function_id, "unknown")]

    assert answers[0].status_code in (500, 503)
    assert (answers[1].status_code, answers[1].json()) == (503, {"error": "Storage unavailable"})
    assert site.runtime.requests == []
    with pytest.raises(StoreUnavailable):
        await site.server.store.ping()


async def test_a_call_that_cannot_be_recorded_may_be_repeated(site, monkeypatch, caplog):
    function_id = await site.answering(body="done")

    def fail(*_):
        raise StoreUnavailable("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(site.server.store.execution_records, "open", fail)
        answer = await site.client.get(f"/fn/{function_id}")

    assert (answer.status_code, answer.json()) == (503, {"error": "Storage unavailable"})
    assert answer.headers["retry-after"] == "1"
    assert "x-execution-id" not in answer.headers
    assert site.runtime.requests == []
    (said,) = (one for one in caplog.records if "was not called" in one.message)
    assert said.exc_info is None and "disk full" in said.message


async def test_a_call_whose_outcome_is_not_recorded_is_not_answered_as_a_success(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("perilune.engine.execution.CLOSING_LIMIT_S", 0.1)

    def fail(*_):
        raise StoreUnavailable("disk full")

    async with open_site(tmp_path) as site:
        function_id = await site.answering(body="done")
        with monkeypatch.context() as patch:
            patch.setattr(site.server.store.execution_records, "close", fail)
            answer = await site.client.get(f"/fn/{function_id}")
            trial = await site.client.post(f"/api/functions/{function_id}/test", json={})
            figures = (await site.client.get("/metrics")).text

        for one in (answer, trial):
            assert (one.status_code, one.json()) == (503, {"error": "Storage unavailable"})
            assert "retry-after" not in one.headers, "the function has run"
        assert len(site.runtime.requests) == 2
        assert "\nfaas_unclosed_records 2.0" in figures
        assert "\nfaas_late_records_total 2.0" in figures
        path = f"/api/executions/{answer.headers['x-execution-id']}"
        async with asyncio.timeout(30):
            while (record := (await site.client.get(path)).json())["status"] == "pending":
                await asyncio.sleep(0.05)
        assert record["status"] == "success"
        assert (await site.client.get(f"/fn/{function_id}")).status_code == 200


async def test_headers_that_are_not_sent_are_noted_in_the_log(site):
    function_id = await site.answering(headers={"Content-Length": "2", "X-Ok": "1"}, body="123456")

    answer = await site.client.get(f"/fn/{function_id}")

    assert answer.text == "123456" and answer.headers["x-ok"] == "1"
    execution_id = answer.headers["x-execution-id"]
    # The note is queued, not awaited: what is committed after it shows that it is written.
    await site.answering()
    logs = (await site.client.get(f"/api/executions/{execution_id}/logs")).json()["logs"]
    assert [line["level"] for line in logs] == ["warn"]
    assert "Content-Length" in logs[0]["message"]


async def test_bodies_up_to_the_limit(tmp_path):
    async with open_site(tmp_path, request_body=1000) as site:
        function_id = await site.answering(body="ok")

        fits = await site.client.post(f"/fn/{function_id}", content=b"x" * 1000)
        declared = await site.client.post(f"/fn/{function_id}", content=b"x" * 1001)

        async def parts():
            for _ in range(11):
                yield b"x" * 100

        chunked = await site.client.post(f"/fn/{function_id}", content=parts())

        assert fits.text == "ok"
        for answer in (declared, chunked):
            assert (answer.status_code, answer.json()) == (413, {"error": "Request body too large"})
        assert len(site.runtime.requests) == 1


async def test_a_chunked_body_arrives_whole(site):
    function_id = await site.answering()

    async def parts():
        for number in range(50):
            yield b"%04d" % number * 1000

    await site.client.post(f"/fn/{function_id}", content=parts())

    assert site.runtime.event.body == b"".join([b"%04d" % n * 1000 for n in range(50)])
    assert "Transfer-Encoding" not in site.runtime.event.headers


async def test_many_calls_at_a_time(site):
    async def echo(req):
        await asyncio.sleep(0)
        return HTTPResponse(body=req.event.raw_query)

    function_id = await site.create(echo)

    answers = await asyncio.gather(
        *(site.client.get(f"/fn/{function_id}?{number}") for number in range(60))
    )

    assert [answer.text for answer in answers] == [str(number) for number in range(60)]
    assert len({answer.headers["x-execution-id"] for answer in answers}) == 60


async def test_kd_33_a_failure_is_in_the_log_of_its_execution(site):
    async def fail(_) -> HTTPResponse:
        raise ValueError("what went wrong")

    function_id = await site.create(fail)

    answer = await site.client.get(f"/fn/{function_id}")

    path = f"/api/executions/{answer.headers['X-Execution-Id']}/logs"
    assert [one["message"] for one in (await site.client.get(path)).json()["logs"]] == [
        "what went wrong"
    ]
    assert await site.server.store.logs.page(function_id, None, 0) == ([], 0)


async def test_kd_41_stored_responses_are_masked_and_bytes_stay_bytes(site):
    binary = await site.answering(body=b"\xff\x00")
    secret = await site.answering(
        body='{"token":"hunter2"}', headers={"Set-Cookie": ["sid=hunter2"], "X-A": "b"}
    )

    records = []
    for function_id in (binary, secret):
        await site.client.put(f"/api/functions/{function_id}", json={"save_response": True})
        answer = await site.client.get(f"/fn/{function_id}")
        found = await site.client.get(f"/api/executions/{answer.headers['X-Execution-Id']}")
        records.append(json.loads(found.json()["response_json"]))

    assert (records[0]["body"], records[0]["isBase64Encoded"]) == ("/wA=", True)
    assert "hunter2" in answer.text and "hunter2" not in json.dumps(records[1])
    assert records[1]["headers"]["X-A"] == "b"


async def test_kd_43_repeated_headers_and_values_are_kept(site):
    function_id = await site.answering(headers={"Set-Cookie": ["a=1", "b=2"]})

    answer = await site.client.get(
        f"/fn/{function_id}?n=1&n=2&bad=%zz",
        headers=[("X-Many", "1"), ("X-Many", "2"), ("Host", "h.example")],
    )

    event = site.runtime.event
    assert (event.headers["X-Many"], event.query["n"]) == ("1", "1")
    assert (event.multi_headers["X-Many"], event.multi_query["n"]) == (["1", "2"], ["1", "2"])
    assert (event.host, event.scheme, event.remote_addr) == ("h.example", "http", "127.0.0.1")
    assert event.raw_query == "n=1&n=2&bad=%zz"
    path = f"Path=/fn/{function_id}"
    assert answer.headers.get_list("Set-Cookie") == [f"a=1; {path}", f"b=2; {path}"]


async def test_kd_44_the_context_says_whose_it_is(site):
    function_id = await site.answering(body="x")

    answers = [
        await site.client.get(f"/fn/{function_id}", headers=headers)
        for headers in ({"X-Request-Id": "req-1"}, {})
    ]

    contexts = [one.context for one in site.runtime.requests]
    assert [one.function_name for one in contexts] == ["f", "f"]
    assert [one.request_id for one in contexts] == ["req-1", contexts[1].execution_id]
    assert [one.headers["X-Request-Id"] for one in answers] == [one.request_id for one in contexts]


async def test_kd_47_secrets_in_errors_are_masked_and_logged_once(site, caplog):
    async def fail(_) -> HTTPResponse:
        raise ValueError("first line password=hunter2hunter2\nsecond line")

    function_id = await site.create(fail)

    answer = await site.client.get(f"/fn/{function_id}")

    (record,) = await site.executions(function_id)
    path = f"/api/executions/{answer.headers['X-Execution-Id']}/logs"
    lines = (await site.client.get(path)).json()["logs"]
    assert record["error_message"].startswith("first line")
    assert "hunter2" not in record["error_message"] + str(lines) + caplog.text
    assert caplog.text.count("first line") == 1 and "second line" not in caplog.text
