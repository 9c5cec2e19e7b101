"""The states of a call: whatever happens in whichever of them, it ends once and keeps nothing."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.api import CallLimits, ConnectionLimits, FunctionEndpoint, open_calls
from perilune.api.calls.answers import plain_fields
from perilune.api.calls.guards import AuthorizedCall
from perilune.api.connections.exchange import Exchange
from perilune.api.connections.proxies import Proxies
from perilune.api.connections.request import Request
from perilune.api.connections.shared import Shared
from perilune.api.error_answer import ErrorAnswer
from perilune.engine import ExecutionRequest, ExecutionResult
from perilune.events import HTTPResponse
from perilune.store import Function, FunctionVersion

FUNCTIONS = {
    "public": Function(id="public", name="f"),
    "guarded": Function(id="guarded", name="f", access="token"),
}
PART = b"x" * 100
BODY_TIMEOUT_S = 30.0
ANSWERED = ExecutionResult(
    execution_id="e",
    function_version_id="v",
    response=HTTPResponse(body="done"),
    duration=timedelta(),
    status=cast(Any, "success"),
)


class Records:
    """Functions of which some have to be looked up, which takes until `found` is set."""

    def __init__(self) -> None:
        self.are_known = True
        self.found = asyncio.Event()

    @property
    def execution_records(self) -> Any:
        return self

    def peek(self, function_id: str) -> tuple[Function, FunctionVersion] | None:
        if not self.are_known or function_id not in FUNCTIONS:
            return None
        return FUNCTIONS[function_id], FunctionVersion(
            id="v", function_id=function_id, version=1, code=""
        )

    async def get_function(self, function_id: str) -> Function:
        await self.found.wait()
        return FUNCTIONS[function_id]

    get_function_at = get_function


class ReadingGuards:
    """Guards that want the body first."""

    async def authorize(self, function, request, read_body) -> AuthorizedCall:
        return AuthorizedCall(await read_body(), None)


class Engine:
    """An engine that executes as long as it is let; also what it gives to its caller."""

    def __init__(self) -> None:
        self.requests: list[ExecutionRequest] = []
        self.caller: Any = None
        self.cancellations = 0

    async def execute(self, req: ExecutionRequest) -> ExecutionResult:
        raise NotImplementedError

    def begin(self, req: ExecutionRequest, caller: Any, _known: Any = None) -> "Engine":
        self.requests.append(req)
        self.caller = caller
        return self

    def cancel(self) -> None:
        self.cancellations += 1

    def end(self) -> None:
        caller, self.caller = self.caller, None
        if caller is not None:
            if self.cancellations:
                caller.refused(asyncio.CancelledError())
            else:
                caller.ended(ANSWERED)


class Connection:
    """A connection that remembers what is sent, and does with exchanges what the real one does."""

    def __init__(self, kind: str, *, are_known: bool = True) -> None:
        self.records, self.engine = Records(), Engine()
        self.records.are_known = are_known
        self.shared = Shared(ConnectionLimits(), Proxies(), asyncio.get_running_loop())
        self.is_write_paused = False
        self.held = 0
        self.sent: list[bytes] = []
        endpoint = FunctionEndpoint(
            self.engine,
            functions=self.records,
            guards=cast(Any, ReadingGuards()),
            secret=cast(Any, None),
            notes=cast(Any, None),
            limits=CallLimits(body_timeout_s=BODY_TIMEOUT_S),
        )
        headers = [(b"host", b"h"), (b"content-length", b"200")]
        ends = ("127.0.0.1", 1), None, "http"
        request = Request(ends, "1.1", "POST", f"/fn/{kind}".encode(), headers)
        self.call: Exchange[Any] = open_calls(endpoint)(self, request)
        self.shared.running.add(self.call)
        self.has_started = False

    def write(self, data: bytes, answered: Exchange[Any] | None = None) -> None:
        assert answered is None or answered.is_over
        self.sent.append(data)

    def hold(self, size: int) -> bool:
        return self.shared.outgoing.take(size)

    def resume_reading(self) -> None:
        pass

    def close(self) -> None:
        self.gone()

    def fail(self, exchange: Exchange[Any], answer: ErrorAnswer) -> None:
        self.sent.append(answer.body)
        self.gone()

    # Events

    def start(self) -> None:
        if not self.has_started:
            self.has_started = True
            self.call.start()

    def part(self) -> None:
        call = self.call
        if not (call.is_body_complete or call.is_over or call.is_disconnected):
            call.feed(PART)

    def end_of_body(self) -> None:
        self.call.is_body_complete = True
        self.call.wake()

    def find(self) -> None:
        self.records.found.set()

    def end(self) -> None:
        self.engine.end()

    def pause(self) -> None:
        self.is_write_paused = True

    def resume(self) -> None:
        self.is_write_paused = False
        self.call.wake()

    def late(self) -> None:
        self.call.look(self.shared.loop.time() + BODY_TIMEOUT_S + 1)

    def stop(self) -> None:
        self.call.cancel()

    def gone(self) -> None:
        if not self.call.is_over:
            self.call.is_disconnected = True
            self.call.wake()


EVENTS = [
    *(Connection.start, Connection.part, Connection.end_of_body, Connection.find, Connection.end),
    *(Connection.pause, Connection.resume, Connection.late, Connection.stop, Connection.gone),
]


async def settle() -> None:
    """Let the tasks of a call go on as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


def check_ended(connection: Connection) -> None:
    shared = connection.shared
    assert connection.call.has_ended
    assert shared.running == set()
    assert (shared.small.used, shared.incoming.used) == (0, 0)
    assert len(connection.sent) <= 1
    assert len(connection.engine.requests) <= 1 and connection.engine.cancellations <= 1


@given(
    st.sampled_from(sorted(FUNCTIONS)), st.booleans(), st.lists(st.sampled_from(EVENTS), max_size=9)
)
def test_every_event_fits_every_state(kind, are_known, events):
    async def live() -> None:
        connection = Connection(kind, are_known=are_known)
        for event in events:
            event(connection)
            await settle()
        # However it went on, this is the end of it.
        for event in (Connection.start, Connection.gone, Connection.find, Connection.end):
            event(connection)
            await settle()
        check_ended(connection)

    asyncio.run(live())


BEGINNINGS = {
    "turn": [],
    "look-up": [Connection.start],
    "body": [Connection.start, Connection.part],
    "execution": [Connection.start, Connection.end_of_body],
    "client": [Connection.start, Connection.end_of_body, Connection.pause, Connection.end],
}


async def arrived_at(beginning: str) -> Connection:
    connection = Connection("public", are_known=beginning != "look-up")
    for event in BEGINNINGS[beginning]:
        event(connection)
        await settle()
    return connection


@pytest.mark.parametrize("beginning", BEGINNINGS)
async def test_a_client_that_goes_away_ends_its_call_without_an_answer(beginning):
    connection = await arrived_at(beginning)

    connection.gone()
    connection.gone()
    connection.start()
    await settle()
    is_executing = beginning == "execution"
    assert connection.engine.cancellations == is_executing
    assert connection.call.has_ended is not is_executing, "its record is closed first"
    connection.end()

    check_ended(connection)
    assert connection.sent == []


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("event", [Connection.gone, Connection.stop])
async def test_nothing_is_executed_for_who_has_gone_when_the_function_is_found(event, turns):
    connection = await arrived_at("look-up")
    connection.end_of_body()

    connection.find()
    for _ in range(turns):
        await asyncio.sleep(0)
    event(connection)
    await settle()

    assert len(connection.engine.requests) == connection.engine.cancellations
    connection.end()
    check_ended(connection)


@pytest.mark.parametrize("beginning", BEGINNINGS)
async def test_a_server_that_stops_says_so(beginning):
    connection = await arrived_at(beginning)

    connection.stop()
    connection.stop()
    connection.start()
    await settle()
    connection.end()

    check_ended(connection)
    said = [b"Server is shutting down" in one for one in connection.sent]
    assert said == ([] if beginning == "client" else [True])
    assert connection.engine.cancellations == (beginning == "execution")


@pytest.mark.parametrize("beginning", BEGINNINGS)
async def test_only_a_body_is_late(beginning):
    connection = await arrived_at(beginning)

    connection.late()

    late = [one for one in connection.sent if one.startswith(b"HTTP/1.1 408 ")]
    assert (len(late), connection.call.has_ended) == (
        (1, True) if beginning == "body" else (0, False)
    )
    connection.gone()
    connection.start()
    await settle()
    connection.end()


async def test_an_answer_waits_for_a_client_that_does_not_keep_up():
    connection = await arrived_at("client")
    assert connection.sent == [] and not connection.call.has_ended

    connection.resume()
    connection.resume()

    assert [one.partition(b"\r\n")[0] for one in connection.sent] == [b"HTTP/1.1 200 OK"]
    check_ended(connection)


@pytest.mark.parametrize("are_known", [True, False], ids=["at once", "in a task"])
async def test_a_fault_of_the_server_ends_the_call_and_is_logged(are_known, monkeypatch, caplog):
    def fail(*_):
        raise LookupError("a fault")

    connection = Connection("public", are_known=are_known)
    monkeypatch.setattr(connection.engine, "begin", fail)
    for event in (Connection.end_of_body, Connection.start, Connection.find):
        event(connection)
        await settle()

    check_ended(connection)
    assert connection.sent == [b'{"error":"Internal server error"}\n']
    assert "answering a request failed" in caplog.text and "a fault" in caplog.text


def test_prepared_fields_take_any_id():
    fields = plain_fields("a%b", "v%d") % (b"e", 12, b"r", 3)

    assert b"x-function-id: a%b\r\nx-function-version-id: v%d\r\nx-execution-id: e\r\n" in fields
    assert fields.endswith(b"content-length: 3\r\n") and b"-duration-ms: 12\r\n" in fields
