"""A runtime says which optional layers of the sandbox it lacks, and goes on if none is required."""

from dataclasses import replace
from typing import Any

import pytest

from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import (
    RuntimeRequest,
    SandboxUnavailableError,
    WorkerLimits,
    WorkerRuntime,
    forked,
)
from perilune.runtimes.languages.lua import LUA
from perilune.services.logger import StoreLogger
from perilune.worker.lockdown import OPTIONAL_LAYERS, REQUIRED_LAYERS
from tests.store.memory import NoRows

WITHOUT = replace(LUA, open_spawner=forked("perilune.worker.lua_interpreter", (), OPTIONAL_LAYERS))


def _runtime(**limits: Any) -> WorkerRuntime:
    return WorkerRuntime(
        logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1, **limits), languages=[WITHOUT]
    )


async def test_missing_ones_are_named_and_functions_run(caplog: pytest.LogCaptureFixture) -> None:
    async with _runtime() as runtime:
        result = await runtime.execute(
            RuntimeRequest(
                code="function handler() return { body = 'fine' } end",
                context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
                event=HTTPEvent(method="GET", path="/"),
            )
        )
        report = runtime.sandbox()

    assert result.response is not None and result.response.body == b"fine"
    assert (report.grade, report.layers, report.missing) == ("full", REQUIRED_LAYERS, ())
    missing = tuple(f"{layer}: left out on request" for layer in OPTIONAL_LAYERS)
    assert report.optional_missing == missing
    warning = f"optional layers of the sandbox are missing: {'; '.join(missing)}"
    assert caplog.messages.count(warning) == 1, "once, however many workers are started"


@pytest.mark.parametrize("relaxed", [False, True], ids=["strict", "relaxed"])
@pytest.mark.parametrize("layer", OPTIONAL_LAYERS)
async def test_a_required_one_is_a_reason_not_to_start(layer: str, relaxed: bool) -> None:
    runtime = _runtime(required_layers=(layer,), relaxed=relaxed)

    with pytest.raises(SandboxUnavailableError) as refused:
        await runtime.start()

    assert refused.value.missing == (f"{layer}: left out on request",)
    assert "PERILUNE_SANDBOX_REQUIRE" in str(refused.value)
    assert not runtime.is_ready()
