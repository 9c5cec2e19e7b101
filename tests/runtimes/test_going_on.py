"""Guests that go on after a limit: they are read ever more slowly, and ended at last."""

import pytest

from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import RuntimeRequest, WorkerLimits
from perilune.runtimes.guest import calls as calls_module
from perilune.runtimes.guest.calls import GuestCalls, GuestServices
from perilune.services.logger import LogLimits, StoreLogger
from perilune.worker.frames import Call, Reply
from tests.runtimes.conftest import Box
from tests.store.memory import NoRows

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOG = Call("log.info", [b"x"])
GET = Call("kv.get", [b"x"])
REFUSED = Reply("limit of 0 host calls in one execution reached")


def is_answered_at_once(calls: GuestCalls, call: Call, reply: Reply | None) -> bool:
    """Make a call; return whether *reply* came without a wait."""
    answering = calls.answer(call)
    try:
        answering.send(None)
    except StopIteration as end:
        return bool(end.value == reply)
    answering.close()
    return False


@pytest.mark.parametrize(
    ("call", "reply"), [pytest.param(LOG, None, id="log"), pytest.param(GET, REFUSED, id="kv")]
)
async def test_calls_beyond_a_limit_wait_now_and_then(call: Call, reply: Reply | None) -> None:
    request = RuntimeRequest(
        code="",
        context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
        event=HTTPEvent(method="GET", path="/"),
    )
    limits = LogLimits(max_lines=200)
    services = GuestServices(logger=StoreLogger(NoRows(), limits=limits))
    calls = GuestCalls(services, request, WorkerLimits(host_calls=0))
    permitted = limits.max_lines + 1 if call is LOG else 0  # a line tells that the log is full

    for _ in range(permitted + calls_module.REFUSALS_PER_PAUSE - 1):
        assert is_answered_at_once(calls, call, reply)
    assert not is_answered_at_once(calls, call, reply)
    assert is_answered_at_once(calls, call, reply)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("while true do log.info('again and again') end", id="log lines"),
        pytest.param("while true do kv.get('x') end", id="host calls"),
    ],
)
async def test_going_on_and_on_beyond_a_limit_ends_the_execution(
    lua: Box, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(calls_module, "PAUSE_STEP_S", 0.0)

    result = await lua.run(f"function handler() {code} end")

    record = await lua.record(result)
    assert record.error_kind == "runtime"
    assert record.error_message == (
        "the function was stopped: it made 5000 calls after it had reached the limit of its log "
        "or of host calls"
    )
    assert await lua.body("function handler() return { body = 'fine' } end") == "fine"
