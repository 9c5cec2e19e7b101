"""Drafts and chosen versions, and what those are told who watch."""

from typing import Any

import pytest

from perilune.engine import (
    ExecutionEvent,
    ExecutionEventBus,
    ExecutionEventKind,
    FunctionDisabledError,
    VersionNotFoundError,
)
from perilune.store import ExecutionStatus, ExecutionTrigger, Store, UpdateFunctionRequest
from tests.engine.conftest import add_function, engine_on, request, rows
from tests.engine.fakes import answering, raising


async def test_a_draft_has_an_id_of_its_own_for_each_code(store: Store) -> None:
    await add_function(store)
    await add_function(store, "other")
    runtime = answering()
    engine = engine_on(store, runtime)

    for function_id, code in (("greet", "a"), ("greet", "b"), ("greet", "a"), ("other", "a")):
        await engine.execute(request(function_id, code=code, trigger=ExecutionTrigger.TEST))
    await engine.execute(request())

    ids = [seen.version_id for seen in runtime.requests]
    assert [seen.code for seen in runtime.requests] == ["a", "b", "a", "a", "code of greet"]
    assert ids[0] == ids[2]
    assert len({ids[0], ids[1], ids[3], ids[4]}) == 4
    assert ids[4] == "ver_greet_v1"
    assert {row.function_version_id for row in await rows(store)} == {"ver_greet_v1"}


async def test_an_older_version_can_be_executed(store: Store) -> None:
    await add_function(store)
    await store.create_version("greet", "newer")
    runtime = answering()

    result = await engine_on(store, runtime).execute(request(version_id="ver_greet_v1"))

    (seen,) = runtime.requests
    assert (seen.code, seen.version_id, seen.context.version) == (
        "code of greet",
        "ver_greet_v1",
        "1",
    )
    assert result.function_version_id == "ver_greet_v1"


@pytest.mark.parametrize("version_id", ["ver_greet_v9", "ver_other_v1"])
async def test_versions_of_others_and_missing_ones_are_refused(
    store: Store, version_id: str
) -> None:
    await add_function(store)
    await add_function(store, "other")
    runtime = answering()

    with pytest.raises(VersionNotFoundError):
        await engine_on(store, runtime).execute(request(version_id=version_id))

    assert runtime.requests == [] and await rows(store) == []


@pytest.mark.parametrize("trigger", list(ExecutionTrigger))
async def test_only_trials_run_while_a_function_is_disabled(
    store: Store, trigger: ExecutionTrigger
) -> None:
    await add_function(store)
    await store.update_function("greet", UpdateFunctionRequest(disabled=True))
    runtime = answering()
    execution = engine_on(store, runtime).execute(request(trigger=trigger))

    if trigger == ExecutionTrigger.TEST:
        assert (await execution).status is ExecutionStatus.SUCCESS
        return
    with pytest.raises(FunctionDisabledError):
        await execution
    assert runtime.requests == []


async def test_subscribers_are_told_of_start_and_end(store: Store) -> None:
    await add_function(store)
    event_bus = ExecutionEventBus()
    engine = engine_on(store, raising(ValueError("no")), event_bus=event_bus, clock=lambda: 5.0)
    everything, others = event_bus.subscribe(), event_bus.subscribe("others")

    result = await engine.execute(request())

    told = await everything.read()
    members: dict[str, Any] = {
        "id": result.execution_id,
        "function_id": "greet",
        "function_version_id": "ver_greet_v1",
        "trigger": ExecutionTrigger.HTTP,
        "created_at": 5,
    }
    assert told == [
        ExecutionEvent(kind=ExecutionEventKind.STARTED, status=ExecutionStatus.PENDING, **members),
        ExecutionEvent(
            kind=ExecutionEventKind.ENDED,
            status=ExecutionStatus.ERROR,
            duration_ms=result.duration_ms,
            error_kind="internal",
            **members,
        ),
    ]
    event_bus.close()
    assert await others.read() is None
    assert await event_bus.subscribe().read() is None
