"""What is stored of an event and a response: masked, and cut."""

import asyncio
import dataclasses
import datetime
import json
import threading
from typing import Any

import pytest

from perilune.engine import (
    MAX_RESPONSE_BODY_SIZE,
    EventSerializationError,
    ExecutionRequest,
    RuntimeRequest,
    RuntimeResult,
)
from perilune.events import EventType, HTTPEvent, HTTPResponse
from perilune.masking import DEFAULT_MASKER, REDACTED, Masker
from perilune.runtimes import GuestError
from perilune.store import (
    Execution,
    ExecutionStatus,
    Outcome,
    PaginationParams,
    RecordDone,
    Store,
    StoreUnavailable,
)
from tests.engine.conftest import add_function, engine_on, request, rows
from tests.engine.fakes import FakeRuntime, answering, giving
from tests.store.helpers import some_version


async def test_the_stored_event_is_masked(store: Store) -> None:
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
    assert (record.method, record.path, record.request_bytes) == ("POST", "/fn/greet", 28)
    assert (record.http_status, record.response_bytes) == (201, 2)
    assert record.request_id is None


async def test_the_path_of_a_record_is_masked_and_cut(store: Store) -> None:
    await add_function(store)
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLWl0"
    engine = engine_on(store, answering())
    paths = [f"/fn/greet/{token}", "/fn/greet/" + "é" * 1014, "/fn/greet/" + "é" * 1015]

    results = [
        await engine.execute(request(event=HTTPEvent(method="GET", path=path))) for path in paths
    ]

    records = [await store.get_execution(one.execution_id) for one in results]
    assert [one.path for one in records] == [f"/fn/greet/{REDACTED}", paths[1], paths[1] + "…"]
    assert token not in str(records)
    assert json.loads(records[2].event_json or "")["path"] == paths[2]


@pytest.mark.parametrize(
    ("response", "length"),
    [
        pytest.param(HTTPResponse(body="é"), 2, id="text"),
        pytest.param(HTTPResponse(body="a\udcff"), 2, id="bytes in text"),
        pytest.param(HTTPResponse(body=b"\x00\xff"), 2, id="bytes"),
        pytest.param(HTTPResponse(body="AP+A", is_base64_encoded=True), 3, id="base64"),
        pytest.param(HTTPResponse(body=b"AP8=", is_base64_encoded=True), 2, id="padded"),
        pytest.param(HTTPResponse(body="", is_base64_encoded=True), 0, id="empty base64"),
    ],
)
async def test_a_record_has_the_length_of_the_body_that_is_sent(
    store: Store, response: HTTPResponse, length: int
) -> None:
    await add_function(store)
    runtime = giving(RuntimeResult(response=response))

    result = await engine_on(store, runtime).execute(request(request_id="mine"))

    record = await store.get_execution(result.execution_id)
    assert record.response_bytes == length == len(response.content)
    assert record.request_id == "mine"


async def test_a_record_without_request_and_response_says_nothing_of_them(store: Store) -> None:
    await add_function(store)

    result = await engine_on(store, giving(None)).execute(request(event={"kind": "tick"}))

    record = await store.get_execution(result.execution_id)
    assert (record.method, record.path, record.request_bytes, record.request_id) == (None,) * 4
    assert (record.http_status, record.response_bytes) == (None, None)


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
    store: Store, body: str | bytes, stored: str
) -> None:
    await add_function(store, save_response=True)

    result = await engine_on(store, answering(body=body)).execute(request())

    assert result.response is not None
    assert result.response.body == body
    record = await store.get_execution(result.execution_id)
    response = json.loads(record.response_json or "")
    assert response["body"] == stored
    assert response["isBase64Encoded"] is (stored == "AP+A")


async def test_without_save_response_nothing_of_it_is_stored(store: Store) -> None:
    await add_function(store)

    result = await engine_on(store, answering(body="private")).execute(request())

    assert (await store.get_execution(result.execution_id)).response_json is None


async def test_secrets_in_a_stored_response_are_masked(store: Store) -> None:
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


LONG = "token=a " * 1000


class SlowMasker(Masker):
    """A masker that is not done with a long text before it is told to be."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.done = threading.Event(), threading.Event()

    def body(self, text: str, content_type: str | None = None) -> str:
        """Wait, when there is a long body."""
        return super().body(self._waited(text), content_type)

    def path(self, path: str) -> str:
        """Wait, when there is a long path."""
        return super().path(self._waited(path))

    def text(self, message: str) -> str:
        """Wait, when there is a long message."""
        return super().text(self._waited(message))

    def _waited(self, text: str) -> str:
        if len(text) >= len(LONG):
            self.begun.set()
            self.done.wait(30)
        return text


@pytest.mark.parametrize("side", ["event", "path", "response", "error"])
async def test_masking_long_texts_holds_nobody_up(store: Store, side: str) -> None:
    await add_function(store, save_response=True)
    masker = SlowMasker()
    runtime = FakeRuntime(echoing)
    engine = engine_on(store, runtime, masker=masker)
    event = HTTPEvent(method="POST", path="/fn/greet", body=LONG)
    if side == "path":
        event = HTTPEvent(method="POST", path="/" + LONG)
    elif side != "event":
        event = HTTPEvent(method="POST", path="/fn/greet", query={side: "long"})
    slow = asyncio.create_task(engine.execute(request(event=event)))
    while not masker.begun.is_set():
        await asyncio.sleep(0.005)

    others = [await engine.execute(request()) for _ in range(3)]

    assert [one.error for one in others] == [None] * 3
    assert not slow.done()
    masker.done.set()
    record = await store.get_execution((await slow).execution_id)
    stored = {"response": record.response_json, "error": record.error_message}.get(
        side, record.event_json
    )
    assert stored is not None and stored.count("[REDACTED]") == 1000
    assert "token=a" not in stored
    await engine.close()


async def echoing(req: RuntimeRequest) -> RuntimeResult:
    assert isinstance(req.event, HTTPEvent)
    if "error" in req.event.query:
        raise GuestError(LONG)
    return RuntimeResult(response=HTTPResponse(body=LONG if req.event.query else "ok"))


async def test_a_client_that_leaves_while_its_answer_is_masked_changes_nothing(
    store: Store,
) -> None:
    """The function has succeeded, and its record says so; it has no copy of the answer."""
    await add_function(store, save_response=True)
    masker = SlowMasker()
    engine = engine_on(store, answering(body=LONG), masker=masker)
    task = asyncio.create_task(engine.execute(request()))
    while not masker.begun.is_set():
        await asyncio.sleep(0.005)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    (record,) = await rows(store)
    assert (record.status, record.error_kind) == (ExecutionStatus.SUCCESS, None)
    assert record.response_json is None
    masker.done.set()
    await engine.close()


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


async def test_kd_32_closing_a_record_is_tried_again(store, caplog):
    version = await some_version(store)
    close, failures = store.execution_records.close, [1, 2]

    def busy_at_first(execution: Execution, outcome: Outcome, done: RecordDone) -> None:
        if failures:
            failures.pop()
            done(StoreUnavailable("database is locked"))
        else:
            close(execution, outcome, done)

    store.execution_records.close = busy_at_first
    request = ExecutionRequest(
        function_id=version.function_id, event=HTTPEvent(method="GET", path="/")
    )

    result = await engine_on(store, answering(body="whole")).execute(request)

    assert result.response is not None and result.response.body == "whole"
    assert (await store.get_execution(result.execution_id)).status == "success"
    assert "could not be closed" not in caplog.text


async def test_kd_38_events_of_any_kind_are_masked_and_none_is_refused(store):
    version = await some_version(store)
    runtime = answering()
    engine = engine_on(store, runtime)

    result = await engine.execute(
        ExecutionRequest(function_id=version.function_id, event=Letter("hunter2"))
    )
    with pytest.raises(TypeError):
        await engine.execute(ExecutionRequest(function_id=version.function_id, event=None))

    record = await store.get_execution(result.execution_id)
    assert json.loads(record.event_json) == {"secret": REDACTED}
    assert [one.event for one in runtime.requests] == [Letter("hunter2")]


@dataclasses.dataclass
class Tick:
    token: str
    at: datetime.date


@pytest.mark.parametrize(
    ("event", "stored"),
    [
        ({"password": "hunter2", "n": [1, None]}, {"password": REDACTED, "n": [1, None]}),
        (
            Tick("hunter2", datetime.date(2026, 1, 2)),
            {"token": REDACTED, "at": "2026-01-02"},
        ),
        ([{"api_key": "hunter2"}], [{"api_key": REDACTED}]),
        ("a plain text", "a plain text"),
        (7, 7),
    ],
    ids=["dict", "dataclass", "list", "text", "number"],
)
async def test_events_that_cannot_mask_themselves_are_masked_by_the_engine(store, event, stored):
    version = await some_version(store)
    runtime = answering()

    result = await engine_on(store, runtime).execute(
        ExecutionRequest(function_id=version.function_id, event=event)
    )

    record = await store.get_execution(result.execution_id)
    assert json.loads(record.event_json) == stored
    assert [one.event for one in runtime.requests] == [event]


async def test_an_event_without_a_json_form_is_refused_and_nothing_is_recorded(store):
    version = await some_version(store)
    runtime = answering()

    with pytest.raises(EventSerializationError, match="object"):
        await engine_on(store, runtime).execute(
            ExecutionRequest(function_id=version.function_id, event=object())
        )

    _, total = await store.list_executions(version.function_id, PaginationParams())
    assert (total, runtime.requests) == (0, [])


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


@pytest.mark.parametrize(
    ("response", "content", "text"),
    [
        (HTTPResponse(body="gr\u00fcn"), "gr\u00fcn".encode(), "gr\u00fcn"),
        (HTTPResponse(body=b"\xff1"), b"\xff1", "\ufffd1"),
        (HTTPResponse(body="\udcff1"), b"\xff1", "\ufffd1"),
        (HTTPResponse(body="aGk=", is_base64_encoded=True), b"hi", "hi"),
        (HTTPResponse(), b"", ""),
    ],
    ids=["text", "bytes", "escapes", "base64", "none"],
)
def test_a_body_can_be_had_in_one_type_whatever_the_runtime_gave(response, content, text):
    assert (response.content, response.text) == (content, text)


def test_broken_base64_has_no_content():
    with pytest.raises(ValueError, match="(?i)base64|padding"):
        _ = HTTPResponse(body="a", is_base64_encoded=True).content
