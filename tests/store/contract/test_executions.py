import asyncio
from functools import partial
from typing import Any

import msgspec
import pytest

from perilune.store import (
    AlreadyExists,
    ExecutionNotFound,
    ExecutionRunning,
    ExecutionStatus,
    ExecutionTrigger,
    FunctionNotFound,
    Outcome,
    PaginationParams,
    VersionNotFound,
)
from tests.store.helpers import NOW, execution_of, some_version, told

CLOSED: dict[str, Any] = {
    "status": ExecutionStatus.ERROR,
    "duration_ms": 12,
    "error_message": "boom",
    "error_kind": "runtime",
    "response_json": '{"statusCode":500}',
}
REQUEST: dict[str, Any] = {"method": "GET", "path": "/fn/ä", "request_bytes": 0}
ATTEMPT: dict[str, Any] = {
    "request_id": "req-1",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "server_id": "s1",
    "delivery_id": "d1",
    "attempt": 2,
}
FIGURES: dict[str, Any] = {
    "http_status": 500,
    "response_bytes": 12,
    "queue_ms": 0,
    "cold_start": False,
    "cpu_us": 31,
    "peak_memory_bytes": 2**33,
    "first_byte_ms": 7,
}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="pending"),
        pytest.param({"event_json": '{"a":"\\u0000ä"}'}, id="with-event"),
        pytest.param({"trigger": ExecutionTrigger.CRON, "created_at": 5}, id="cron-preset-time"),
        pytest.param({"status": ExecutionStatus.SUCCESS}, id="already-successful"),
        pytest.param(CLOSED, id="already-closed"),
        pytest.param({"error_kind": "timeout"}, id="pending-with-kind"),
        pytest.param(REQUEST, id="request"),
        pytest.param(ATTEMPT, id="attempt"),
        pytest.param({**CLOSED, **REQUEST, **ATTEMPT, **FIGURES}, id="everything"),
    ],
)
async def test_created_rows_are_read_back(store, changes):
    version = await some_version(store)

    created = await store.create_execution(execution_of(version, **changes))

    assert created.created_at == changes.get("created_at", NOW)
    assert await store.get_execution(created.id) == created


async def test_an_empty_trigger_means_http(store):
    version = await some_version(store)

    created = await store.create_execution(execution_of(version, trigger=""))

    assert created.trigger is ExecutionTrigger.HTTP
    assert (await store.get_execution(created.id)).trigger is ExecutionTrigger.HTTP


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(
            {
                "status": ExecutionStatus.SUCCESS,
                "duration_ms": 3,
                "error_message": None,
                "error_kind": None,
                "response_json": None,
            },
            id="plain-success",
        ),
        pytest.param(CLOSED, id="error"),
        pytest.param({**CLOSED, "error_message": "", "error_kind": None}, id="empty-message"),
        pytest.param(
            {
                "status": ExecutionStatus.SUCCESS,
                "duration_ms": None,
                "error_message": None,
                "error_kind": None,
                "response_json": "{}",
            },
            id="success-with-response",
        ),
    ],
)
async def test_update_overwrites_the_whole_outcome(store, outcome):
    created = await store.create_execution(execution_of(await some_version(store), event_json="{}"))
    await store.update_execution(created.id, ExecutionStatus.ERROR, 9, "old", "old", "old")

    await store.update_execution(created.id, **outcome)

    assert await store.get_execution(created.id) == msgspec.structs.replace(created, **outcome)


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param({"status": ExecutionStatus.SUCCESS}, id="nothing-known"),
        pytest.param({"status": ExecutionStatus.SUCCESS, "cold_start": True}, id="cold"),
        pytest.param({**CLOSED, **FIGURES}, id="everything"),
    ],
)
@pytest.mark.parametrize("again", [False, True])
async def test_closing_takes_all_that_is_known_of_an_outcome(store, outcome, again):
    created = await store.create_execution(
        execution_of(await some_version(store), **REQUEST, **ATTEMPT)
    )
    if again:
        await store.close_execution(Outcome(execution_id=created.id, **{**CLOSED, **FIGURES}))

    await store.close_execution(Outcome(execution_id=created.id, **outcome))

    assert await store.get_execution(created.id) == msgspec.structs.replace(created, **outcome)


async def test_an_outcome_of_which_less_is_known_leaves_nothing_of_the_one_before(store):
    created = await store.create_execution(execution_of(await some_version(store)))
    await store.close_execution(Outcome(execution_id=created.id, **{**CLOSED, **FIGURES}))

    await store.update_execution(created.id, ExecutionStatus.SUCCESS, 3, None, None)

    assert await store.get_execution(created.id) == msgspec.structs.replace(
        created, status=ExecutionStatus.SUCCESS, duration_ms=3
    )


async def test_executions_of_which_more_or_less_is_known_are_written_together(store):
    version = await some_version(store)
    known: list[dict[str, Any]] = [{}, REQUEST, ATTEMPT, {**REQUEST, **ATTEMPT}]
    ends: list[dict[str, Any]] = [{}, FIGURES, {**CLOSED, **FIGURES}, CLOSED, {"cpu_us": 9}]
    made = [execution_of(version, created_at=NOW, **known[n % 4]) for n in range(20)]
    outcomes = [
        Outcome(execution_id=one.id, **{"status": ExecutionStatus.SUCCESS, **ends[n % 5]})
        for n, one in enumerate(made)
    ]

    await asyncio.gather(*map(store.create_execution, made))
    closed_by = map(partial(partial, store.execution_records.close), made, outcomes)
    assert await asyncio.gather(*map(told, closed_by)) == [None] * 20

    found, total = await store.list_executions(version.function_id, PaginationParams(100))
    closed = [
        msgspec.structs.replace(
            one, **{"status": ExecutionStatus.SUCCESS, **ends[n % 5], "response_json": None}
        )
        for n, one in enumerate(made)
    ]
    assert (found, total) == (closed[::-1], 20)


async def test_records_are_opened_and_closed_by_callbacks_as_by_coroutines(store):
    version = await some_version(store)
    execution = execution_of(version, **REQUEST)
    outcome = Outcome(execution_id=execution.id, **{**CLOSED, **FIGURES})

    opened = await told(lambda done: store.execution_records.open(execution, done))
    pending = await store.get_execution(execution.id)
    closed = await told(lambda done: store.execution_records.close(pending, outcome, done))

    assert (opened, closed) == (None, None)
    assert pending == msgspec.structs.replace(execution, created_at=NOW)
    assert await store.get_execution(execution.id) == msgspec.structs.replace(
        pending, **CLOSED, **FIGURES
    )
    again = await told(lambda done: store.execution_records.open(execution, done))
    foreign = execution_of(version, function_version_id="nope")
    refused = await told(lambda done: store.execution_records.open(foreign, done))
    nowhere = Outcome(execution_id="nope", status=ExecutionStatus.SUCCESS)
    missed = await told(lambda done: store.execution_records.close(pending, nowhere, done))
    assert [type(one) for one in (again, refused, missed)] == [
        AlreadyExists,
        VersionNotFound,
        ExecutionNotFound,
    ]


async def test_unknown_executions_have_their_own_error(store):
    with pytest.raises(ExecutionNotFound, match="^execution not found$"):
        await store.get_execution("nope")
    with pytest.raises(ExecutionNotFound):
        await store.update_execution("nope", ExecutionStatus.SUCCESS, 1, None, None)
    with pytest.raises(ExecutionNotFound):
        await store.close_execution(
            Outcome(execution_id="nope", status=ExecutionStatus.SUCCESS, **FIGURES)
        )


async def test_function_and_version_must_exist_and_belong_together(store):
    ours, theirs = await some_version(store), await some_version(store)

    with pytest.raises(FunctionNotFound):
        await store.create_execution(execution_of(ours, function_id="nope"))
    for foreign in ("nope", theirs.id):
        with pytest.raises(VersionNotFound):
            await store.create_execution(execution_of(ours, function_version_id=foreign))

    assert await store.list_executions(ours.function_id, PaginationParams()) == ([], 0)


async def test_an_id_is_given_once(store):
    created = await store.create_execution(execution_of(await some_version(store)))

    with pytest.raises(AlreadyExists):
        await store.create_execution(created)

    assert (await store.list_executions(created.function_id, PaginationParams()))[1] == 1


async def test_lists_leave_out_the_response_and_nothing_else(store):
    created = await store.create_execution(
        execution_of(await some_version(store), event_json="{}", **CLOSED, **REQUEST, **FIGURES)
    )

    found, total = await store.list_executions(created.function_id, PaginationParams())

    assert (found, total) == ([msgspec.structs.replace(created, response_json=None)], 1)


async def test_lists_are_newest_first_and_equal_times_go_by_insertion(store, clock):
    version = await some_version(store)
    # The ids say nothing about the order.
    made = [
        await store.create_execution(execution_of(version, id=name, created_at=at))
        for name, at in [("m", NOW), ("z", NOW), ("a", NOW), ("k", NOW - 1), ("b", NOW + 1)]
    ]

    found, _ = await store.list_executions(version.function_id, PaginationParams())

    assert [each.id for each in found] == ["b", "a", "z", "m", "k"]
    assert len(made) == len(found)


async def test_pages_of_one_second_are_complete_and_do_not_overlap(store):
    version = await some_version(store)
    await asyncio.gather(*(store.create_execution(execution_of(version)) for _ in range(55)))

    seen = []
    for offset in range(0, 60, 10):
        page, total = await store.list_executions(version.function_id, PaginationParams(10, offset))
        assert total == 55
        seen += [each.id for each in page]

    assert len(seen) == len(set(seen)) == 55


async def test_recovery_closes_executions_left_open_and_nothing_else(store):
    version = await some_version(store)
    old = await store.create_execution(execution_of(version, created_at=NOW - 1))
    new = await store.create_execution(execution_of(version, created_at=NOW))
    done = await store.create_execution(
        execution_of(version, created_at=NOW - 1, status=ExecutionStatus.SUCCESS)
    )

    assert await store.recover_pending(NOW) == 1
    assert await store.recover_pending(NOW) == 0

    recovered = await store.get_execution(old.id)
    assert recovered.status is ExecutionStatus.ERROR
    assert recovered.error_message == "interrupted by server restart"
    assert recovered.error_kind == "internal"
    assert await store.get_execution(new.id) == new
    assert await store.get_execution(done.id) == done


async def test_an_execution_that_goes_on_is_not_deleted(store):
    version = await some_version(store)
    made = await store.create_execution(execution_of(version))

    with pytest.raises(ExecutionRunning):
        await store.delete_execution(made.id)

    await store.update_execution(made.id, ExecutionStatus.SUCCESS, 5, None, None)
    assert (await store.get_execution(made.id)).status is ExecutionStatus.SUCCESS
