"""One test per defect of the predecessor in the life of an execution; KD-nn names it.

On a server whose runtime is told what to do.  What needs real Lua is in `test_kd_outcomes`.
"""

import asyncio
import dataclasses
import json
from typing import Any

import pytest

from perilune.engine import Config, ExecutionRequest
from perilune.engine import new as new_engine
from perilune.events import EventType, HTTPEvent, HTTPResponse
from perilune.masking import DEFAULT_MASKER, REDACTED, Masker
from perilune.services.logger import StoreLogger
from perilune.store import StoreUnavailable
from tests.api.conftest import open_site
from tests.api.gate import Gate, closed_record, soon
from tests.engine.fakes import FakeRuntime, answering, endless
from tests.store.helpers import some_version

MIB = 1024 * 1024


def failing(*_: Any, **__: Any) -> Any:
    raise StoreUnavailable("database is locked")


def engine_on(store, runtime: FakeRuntime, **more: Any):
    return new_engine(Config(db=store, runtime=runtime, logger=StoreLogger(store.logs), **more))


@pytest.mark.parametrize("method", ["get_function", "get_active_version"])
async def test_kd_30_a_failing_store_is_no_missing_function(site, monkeypatch, method):
    function_id = await site.answering(body="x")
    await site.client.put(f"/api/functions/{function_id}", json={"description": "not cached"})
    with monkeypatch.context() as broken:
        broken.setattr(site.server.store, method, failing)
        broken.setattr(site.server.store, "peek_function", lambda _: None)

        called = await site.client.get(f"/fn/{function_id}")
        shown = await site.client.get(f"/api/functions/{function_id}")

    assert called.status_code == 503
    assert shown.status_code == 500
    assert "not found" not in (called.text + shown.text).lower()
    assert (await site.client.get(f"/fn/{function_id}")).status_code == 200
    assert (await site.client.get("/fn/unknown")).status_code == 404


async def test_kd_31_a_caller_that_goes_away_leaves_a_closed_record(site):
    gate = Gate()
    function_id = await site.create(gate)
    _, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
    writer.write(b"GET /fn/%s HTTP/1.1\r\nHost: h\r\n\r\n" % function_id.encode())
    await soon(gate.entered.wait())

    writer.transport.abort()

    record = await closed_record(site, function_id)
    assert (record["status"], record["error_kind"]) == ("error", "cancelled")
    assert record["duration_ms"] >= 0


async def test_kd_32_closing_a_record_is_tried_again(store, caplog):
    version = await some_version(store)
    close, failures = store.update_execution, [1, 2]

    async def busy_at_first(*args: Any) -> None:
        if failures:
            failures.pop()
            raise StoreUnavailable("database is locked")
        await close(*args)

    store.update_execution = busy_at_first
    request = ExecutionRequest(
        function_id=version.function_id, event=HTTPEvent(method="GET", path="/")
    )

    result = await engine_on(store, answering(body="whole")).execute(request)

    assert result.response.body == "whole"
    assert (await store.get_execution(result.execution_id)).status == "success"
    assert "could not be closed" not in caplog.text


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


async def test_kd_34_a_crash_of_a_runtime_is_an_error_of_the_execution(site):
    async def crash(_) -> HTTPResponse:
        raise ZeroDivisionError("in the runtime")

    function_id = await site.create(crash)

    answer = await site.client.get(f"/fn/{function_id}")

    assert (answer.status_code, answer.json()) == (500, {"error": "Function execution failed"})
    (record,) = await site.executions(function_id)
    assert (record["status"], record["error_kind"]) == ("error", "internal")
    assert (await site.client.get("/healthz")).status_code == 200


async def test_kd_35_a_runtime_that_never_ends_is_ended_by_the_engine(store):
    version = await some_version(store)
    engine = engine_on(store, endless(), execution_timeout=0.05)
    request = ExecutionRequest(
        function_id=version.function_id, event=HTTPEvent(method="GET", path="/")
    )

    result = await soon(engine.execute(request))

    assert str(result.error) == "execution timed out after 0.05s"
    assert (await store.get_execution(result.execution_id)).error_kind == "timeout"


async def test_kd_37_a_time_out_can_be_told_from_a_failure(tmp_path):
    async with open_site(tmp_path, execution_timeout=0.05) as site:
        never = asyncio.Event()

        async def hang(_) -> HTTPResponse:
            await never.wait()
            raise AssertionError("unreachable")

        function_id = await site.create(hang)

        answer = await site.client.get(f"/fn/{function_id}")
        (record,) = await site.executions(function_id)

    assert answer.status_code == 504
    assert answer.json() == {"error": "Function execution timed out"}
    assert (record["status"], record["error_kind"]) == ("error", "timeout")
    assert record["error_message"] == "execution timed out after 0.05s"


@dataclasses.dataclass(frozen=True)
class Letter:
    """An event of a kind that the engine does not know."""

    secret: str

    @property
    def type(self) -> EventType:
        return EventType.CUSTOM

    def masked(self, masker: Masker = DEFAULT_MASKER) -> "Letter":
        return Letter(REDACTED)

    def to_json(self) -> dict[str, Any]:
        return {"secret": self.secret}


async def test_kd_38_events_of_any_kind_are_masked_and_none_is_refused(store):
    version = await some_version(store)
    runtime = answering()
    engine = engine_on(store, runtime)

    result = await engine.execute(
        ExecutionRequest(function_id=version.function_id, event=Letter("hunter2"))
    )
    with pytest.raises(TypeError):
        await engine.execute(
            ExecutionRequest(function_id=version.function_id, event=None)  # type: ignore[arg-type]
        )

    record = await store.get_execution(result.execution_id)
    assert json.loads(record.event_json) == {"secret": REDACTED}
    assert [one.event for one in runtime.requests] == [Letter("hunter2")]


@pytest.mark.parametrize(
    ("body", "stored_end"),
    [
        pytest.param("é" * MIB, "é\n[TRUNCATED - Response exceeded 1MB]", id="text"),
        pytest.param("x" + "é" * MIB, "é\n[TRUNCATED - Response exceeded 1MB]", id="odd"),
    ],
)
async def test_kd_41_stored_responses_are_cut_between_characters(site, body, stored_end):
    function_id = await site.answering(body=body)
    await site.client.put(f"/api/functions/{function_id}", json={"save_response": True})

    answer = await site.client.get(f"/fn/{function_id}")

    record = await site.client.get(f"/api/executions/{answer.headers['X-Execution-Id']}")
    stored = json.loads(record.json()["response_json"])["body"]
    assert answer.text == body
    assert stored.endswith(stored_end) and "\ufffd" not in stored
    assert MIB - 4 <= len(stored.partition("\n")[0].encode()) <= MIB


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
    assert answer.headers.get_list("Set-Cookie") == ["a=1", "b=2"]


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


async def test_kd_48_an_id_is_taken_when_there_is_something_to_record(store):
    version = await some_version(store)
    taken: list[str] = []

    def next_id() -> str:
        taken.append(f"e{len(taken)}")
        return taken[-1]

    engine = engine_on(store, answering(), id_generator=next_id)
    event = HTTPEvent(method="GET", path="/")

    with pytest.raises(Exception, match="function not found"):
        await engine.execute(ExecutionRequest(function_id="unknown", event=event))
    assert taken == []

    await engine.execute(ExecutionRequest(function_id=version.function_id, event=event))
    assert taken == ["e0"]
