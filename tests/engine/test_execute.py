"""What `DefaultEngine.execute` promises, on a real SQLite store."""

import asyncio
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from perilune.engine import (
    ExecutionRecordError,
    ExecutionTimeoutError,
    FunctionBusyError,
    FunctionDisabledError,
    FunctionNotFoundError,
    NoActiveVersionError,
    RuntimeRequest,
    RuntimeResult,
    StorageUnavailableError,
)
from perilune.events import HTTPEvent, HTTPResponse
from perilune.runtimes import GuestError
from perilune.services.logger import StoreLogger
from perilune.store import (
    ExecutionStatus,
    ExecutionTrigger,
    Function,
    Store,
    StoreUnavailable,
    UpdateFunctionRequest,
)
from tests.engine.conftest import add_function, engine_on, request, rows
from tests.engine.fakes import Failing, FakeRuntime, answering, endless, giving, raising


async def test_a_successful_execution_is_recorded_and_returned(store: Store) -> None:
    await add_function(store)

    result = await engine_on(store, answering(201, "hi")).execute(request())

    assert result.status is ExecutionStatus.SUCCESS
    assert result.error is None
    assert result.response is not None
    assert result.response.status_code == 201
    assert result.function_version_id == "ver_greet_v1"
    record = await store.get_execution(result.execution_id)
    assert record.status == ExecutionStatus.SUCCESS
    assert record.duration_ms == result.duration_ms
    assert (record.error_message, record.error_kind, record.response_json) == (None, None, None)


async def test_the_runtime_gets_code_context_and_the_original_event(store: Store) -> None:
    await add_function(store)
    runtime = answering()
    event = HTTPEvent(method="GET", path="/fn/greet", headers={"Authorization": "Bearer s3"})

    result = await engine_on(store, runtime, clock=lambda: 1767225600.9).execute(
        request(event=event, base_url="http://box:3000", request_id="r-1")
    )

    (seen,) = runtime.requests
    assert seen.code == "code of greet"
    assert seen.version_id == "ver_greet_v1"
    assert seen.event is event
    assert seen.context.to_json() == {
        "execution_id": result.execution_id,
        "function_id": "greet",
        "started_at": 1767225600,
        "request_id": "r-1",
        "version": "1",
        "function_name": "greet",
        "base_url": "http://box:3000",
    }
    assert (await store.get_execution(result.execution_id)).created_at == 1767225600


async def test_an_unknown_function_is_refused_without_a_record(store: Store) -> None:
    runtime = answering()

    with pytest.raises(FunctionNotFoundError, match="^function not found: nope$") as caught:
        await engine_on(store, runtime).execute(request("nope"))

    assert caught.value.function_id == "nope"
    assert runtime.requests == []


async def test_a_disabled_function_is_refused_without_a_record(store: Store) -> None:
    await add_function(store)
    await store.update_function("greet", UpdateFunctionRequest(disabled=True))
    runtime = answering()

    with pytest.raises(FunctionDisabledError, match="^function is disabled: greet$"):
        await engine_on(store, runtime).execute(request())

    assert runtime.requests == []
    assert await rows(store) == []


async def test_a_function_without_active_version_is_refused(store: Store) -> None:
    await store.create_function(Function(id="empty", name="empty"))

    with pytest.raises(NoActiveVersionError, match="^no active version found for function: empty$"):
        await engine_on(store, answering()).execute(request("empty"))


@pytest.mark.parametrize("method", ["get_function", "get_active_version"])
async def test_a_failing_store_is_not_a_missing_function(store: Store, method: str) -> None:
    await add_function(store)
    cause = StoreUnavailable("disk on fire")
    runtime = answering()

    with pytest.raises(StorageUnavailableError) as caught:
        await engine_on(
            Failing(store, **{method: cause}), runtime, logs=StoreLogger(store.logs)
        ).execute(request())

    assert caught.value.__cause__ is cause
    assert runtime.requests == []


async def test_a_failing_insert_means_that_nothing_is_run(store: Store) -> None:
    await add_function(store)
    cause = StoreUnavailable("no space left")
    runtime = answering()

    with pytest.raises(
        ExecutionRecordError, match="^execution record error: no space left$"
    ) as caught:
        await engine_on(
            Failing(store, create_execution=cause), runtime, logs=StoreLogger(store.logs)
        ).execute(request())

    assert caught.value.err is cause
    assert caught.value.__cause__ is cause
    assert runtime.requests == []


async def test_a_failing_update_still_gives_the_result(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("perilune.engine.execution.CLOSING_LIMIT_S", 0.1)
    await add_function(store)
    failing = Failing(store, close_execution=StoreUnavailable("gone"))

    result = await engine_on(failing, answering(), logs=StoreLogger(store.logs)).execute(request())

    assert result.status is ExecutionStatus.SUCCESS
    assert not result.recorded
    assert failing.calls.count("close_execution") >= 3
    assert f"the record of execution {result.execution_id} could not be closed" in caplog.text


async def test_a_failing_runtime_is_returned_not_raised(store: Store) -> None:
    await add_function(store)
    error = GuestError("boom with password=hunter2hunter2")

    result = await engine_on(store, raising(error)).execute(request())

    assert result.error is error
    assert result.response is None
    assert result.status is ExecutionStatus.ERROR
    record = await store.get_execution(result.execution_id)
    assert record.status == ExecutionStatus.ERROR
    assert record.error_kind == "runtime"
    assert record.error_message is not None
    assert record.error_message.startswith("boom with")
    assert "hunter2" not in record.error_message
    lines, total = await store.logs.page(result.execution_id, None, 0)
    assert total == 1
    assert (lines[0].level, lines[0].message.startswith("boom")) == (3, True)
    assert await store.logs.page("greet", None, 0) == ([], 0)


async def test_a_crash_in_a_runtime_is_contained(store: Store) -> None:
    await add_function(store)

    result = await engine_on(store, raising(ZeroDivisionError("division by zero"))).execute(
        request()
    )

    record = await store.get_execution(result.execution_id)
    assert (record.error_kind, record.error_message) == ("internal", "division by zero")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(200, ExecutionStatus.SUCCESS, id="200"),
        pytest.param(302, ExecutionStatus.SUCCESS, id="redirect"),
        pytest.param(399, ExecutionStatus.SUCCESS, id="below"),
        pytest.param(400, ExecutionStatus.ERROR, id="boundary"),
        pytest.param(500, ExecutionStatus.ERROR, id="500"),
    ],
)
async def test_a_response_of_400_and_above_is_an_error_without_exception(
    store: Store, status: int, expected: ExecutionStatus
) -> None:
    await add_function(store)

    result = await engine_on(store, answering(status)).execute(request())

    assert (result.status, result.error) == (expected, None)
    assert result.response is not None
    record = await store.get_execution(result.execution_id)
    assert (record.status, record.error_message) == (expected, None)


@pytest.mark.parametrize("result", [None, RuntimeResult()], ids=["nothing", "no response"])
async def test_no_response_is_a_success(store: Store, result: RuntimeResult | None) -> None:
    await add_function(store, save_response=True)

    outcome = await engine_on(store, giving(result)).execute(request())

    assert (outcome.status, outcome.response) == (ExecutionStatus.SUCCESS, None)
    assert (await store.get_execution(outcome.execution_id)).response_json is None


@pytest.mark.parametrize("trigger", list(ExecutionTrigger))
async def test_the_trigger_is_stored(store: Store, trigger: ExecutionTrigger) -> None:
    await add_function(store)

    result = await engine_on(store, answering()).execute(request(trigger=trigger))

    assert (await store.get_execution(result.execution_id)).trigger == trigger


async def test_ids_come_from_the_generator(store: Store) -> None:
    await add_function(store)
    engine = engine_on(store, answering(), id_generator=lambda: "chosen")

    assert (await engine.execute(request())).execution_id == "chosen"


async def test_a_caller_may_choose_the_id_of_the_record(store: Store) -> None:
    await add_function(store)

    result = await engine_on(store, answering()).execute(request(execution_id="known-before"))

    assert result.execution_id == "known-before"
    assert [row.id for row in await rows(store)] == ["known-before"]


async def test_an_event_is_required(store: Store) -> None:
    await add_function(store)

    with pytest.raises(TypeError):
        await engine_on(store, answering()).execute(request(event=None))

    assert await rows(store) == []


async def test_a_runtime_that_takes_too_long_is_stopped(store: Store) -> None:
    await add_function(store)
    engine = engine_on(store, endless(), execution_timeout=timedelta(milliseconds=50))

    result = await engine.execute(request())

    assert isinstance(result.error, ExecutionTimeoutError)
    assert str(result.error) == "execution timed out after 0.05s"
    record = await store.get_execution(result.execution_id)
    assert (record.status, record.error_kind) == (ExecutionStatus.ERROR, "timeout")
    assert record.duration_ms is not None
    assert record.duration_ms >= 50


async def test_a_time_out_raised_by_the_runtime_is_not_ours(store: Store) -> None:
    await add_function(store)
    error = TimeoutError("upstream")

    result = await engine_on(store, raising(error)).execute(request())

    assert result.error is error


async def test_cancellation_closes_the_record_before_it_goes_on(store: Store) -> None:
    await add_function(store)
    started = asyncio.Event()
    task = asyncio.create_task(engine_on(store, endless(started)).execute(request()))
    await started.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    (record,) = await rows(store)
    assert (record.status, record.error_message) == (ExecutionStatus.ERROR, "execution cancelled")
    assert record.error_kind == "cancelled"


async def test_cancellation_at_any_moment_leaves_no_pending_row(store: Store) -> None:
    """The client may go away between any two steps; every row that exists gets closed."""
    await add_function(store)

    async def yield_often(_req: RuntimeRequest) -> RuntimeResult:
        for _ in range(5):
            await asyncio.sleep(0)
        return RuntimeResult(response=HTTPResponse())

    engine = engine_on(store, FakeRuntime(yield_often))
    for steps in chain(range(60), (2**power for power in range(6, 24))):
        task = asyncio.create_task(engine.execute(request()))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            break
    await engine.close()

    found = await rows(store)
    assert found
    assert {record.status for record in found} <= {ExecutionStatus.SUCCESS, ExecutionStatus.ERROR}


async def test_two_hundred_at_once_without_a_wrong_answer(store: Store) -> None:
    for number in range(10):
        await add_function(store, f"f{number}")

    async def echo(req: RuntimeRequest) -> RuntimeResult:
        await asyncio.sleep(0)
        return RuntimeResult(
            response=HTTPResponse(body=f"{req.code}|{req.event.to_json()['path']}")
        )

    engine = engine_on(store, FakeRuntime(echo))

    async def one(number: int) -> None:
        function_id = f"f{number % 10}"
        event = HTTPEvent(method="GET", path=f"/n/{number}")
        result = await engine.execute(request(function_id, event=event))
        assert result.response is not None
        assert result.response.body == f"code of {function_id}|/n/{number}"

    await asyncio.gather(*(one(number) for number in range(200)))

    for number in range(10):
        found = await rows(store, f"f{number}")
        assert [record.status for record in found] == [ExecutionStatus.SUCCESS] * 20


@pytest.mark.parametrize("timeout", [-1, -0.5, timedelta(seconds=-1)])
async def test_a_negative_time_limit_is_refused(store: Store, timeout: Any) -> None:
    with pytest.raises(ValueError, match="execution_timeout"):
        engine_on(store, answering(), execution_timeout=timeout)


async def test_a_function_runs_at_most_as_often_at_a_time_as_it_may(store):
    """Whatever ends an execution gives its place back; what is refused has no record."""
    await add_function(store, max_concurrency=1)
    started = asyncio.Event()
    engine = engine_on(store, endless(started))
    running = asyncio.create_task(engine.execute(request()))
    await started.wait()

    with pytest.raises(FunctionBusyError) as caught:
        await engine.execute(request())

    assert caught.value.limit == 1
    assert len(await rows(store)) == 1
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    started.clear()
    again = asyncio.create_task(engine.execute(request()))
    await started.wait()
    again.cancel()
    with pytest.raises(asyncio.CancelledError):
        await again
    assert len(await rows(store)) == 2


@pytest.mark.parametrize(
    ("limit", "servers", "share"), [(10, 1, 10), (10, 3, 4), (9, 3, 3), (2, 5, 1)]
)
async def test_several_servers_share_the_limit_of_a_function(store, limit, servers, share):
    await add_function(store, max_concurrency=limit)
    engine = engine_on(store, endless(asyncio.Event()), live_servers=lambda: servers)
    running = [asyncio.create_task(engine.execute(request())) for _ in range(share + 1)]

    done, pending = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)

    assert [type(one.exception()) for one in done] == [FunctionBusyError]
    assert len(pending) == share
    for one in pending:
        one.cancel()
    await asyncio.wait(pending)


async def test_records_tell_which_server_they_are_of(store):
    await add_function(store)
    await engine_on(store, answering(), server_id="a").execute(request())
    await engine_on(store, answering()).execute(request())

    assert sorted(str(one.server_id) for one in await rows(store)) == ["None", "a"]


@pytest.mark.parametrize(("own", "effective"), [(1, 1.0), (900, 2.0), (None, 2.0)])
async def test_a_functions_own_time_limit_can_only_be_shorter(store, own, effective):
    await add_function(store, timeout_s=own)
    runtime = answering()
    engine = engine_on(store, runtime, execution_timeout=2, monotonic=lambda: 100.0)

    await engine.execute(request())

    assert runtime.requests[0].deadline == 100.0 + effective
