"""The management API: figures over time."""

from itertools import count
from zoneinfo import ZoneInfo

import pytest

from perilune.api import Schedules, Statistics
from perilune.api.handlers import statistics as figures_of_functions
from perilune.api.handlers.statistics import RANGE, RANGES
from perilune.store import (
    IN_MEMORY,
    Execution,
    ExecutionStatus,
    Function,
    open_store,
)

NOW = 1_700_000_000
_numbers = count()


async def execute(store, function_id: str, duration_ms: int, *, age_s=0, status="success") -> str:
    made = await store.create_execution(
        Execution(
            id=f"{function_id}{next(_numbers)}",
            function_id=function_id,
            function_version_id=f"ver_{function_id}_v1",
            created_at=NOW - age_s,
        )
    )
    await store.update_execution(made.id, ExecutionStatus(status), duration_ms, None, None)
    return made.id


@pytest.fixture
async def store():
    async with open_store(IN_MEMORY, clock=lambda: NOW) as store:
        for name in ("busy", "slow", "unused"):
            await store.create_function(Function(id=name, name=name.title()))
            await store.create_version(name, "x")
        yield store


@pytest.fixture
def statistics(store):
    schedules = Schedules(store, zone=ZoneInfo("UTC"), clock=lambda: NOW)
    return Statistics(store, schedules, lambda: NOW)


async def test_a_function_has_figures_for_every_step(store, statistics):
    for duration_ms in (1, 2, 3, 10):
        await execute(store, "busy", duration_ms)
    await execute(store, "busy", 5, age_s=600, status="error")
    await execute(store, "busy", 7, age_s=86400)

    shown = await statistics.of_function("busy", RANGES["1h"])

    assert (shown["range"], shown["step_s"], shown["function_id"]) == ("1h", 300, "busy")
    assert shown["until"] - shown["since"] == 3600
    assert shown["until"] - 300 <= NOW < shown["until"]
    assert shown["total"] == {
        "executions": 5,
        "errors": 1,
        "mean_ms": 4.2,
        "p50_ms": 3.0,
        "p95_ms": 10.0,
        "p99_ms": 10.0,
    }
    assert len(shown["series"]) == 12
    assert [one["executions"] for one in shown["series"]] == [0] * 9 + [1, 0, 4]
    assert shown["series"][0] == {"time": shown["since"], "executions": 0, "errors": 0}
    assert shown["series"][-1]["p50_ms"] == 2.0


async def test_the_overview_names_functions_that_fail_and_that_are_slow(store, statistics):
    for _ in range(3):
        await execute(store, "busy", 2, status="error")
    await execute(store, "slow", 31)

    shown = await statistics.overview(RANGES["24h"])

    assert (shown["function_count"], shown["running"]) == (3, 0)
    assert (shown["total"]["executions"], shown["total"]["errors"]) == (4, 3)
    assert shown["series"][-1] == {
        "time": shown["until"] - 1800,
        "executions": 4,
        "errors": 3,
        "mean_ms": 9.25,
        "p50_ms": 2.0,
        "p95_ms": 31.0,
        "p99_ms": 31.0,
    }
    assert [(one["function_id"], one["name"]) for one in shown["functions"]] == [
        ("busy", "Busy"),
        ("slow", "Slow"),
    ]
    assert shown["failing"] == ["busy"]
    assert shown["slow"] == ["slow", "busy"]


async def test_functions_that_fail_are_shown_however_many_are_busier(
    store, statistics, monkeypatch
):
    monkeypatch.setattr(figures_of_functions, "SHOWN_FUNCTIONS", 1)
    for _ in range(2):
        await execute(store, "busy", 2)
    await execute(store, "slow", 31, status="error")
    await execute(store, "unused", 1)

    shown = await statistics.overview(RANGES["24h"])

    assert shown["failing"] == ["slow"]
    assert {"busy", "slow"} <= {one["function_id"] for one in shown["functions"]}


async def test_the_activity_of_functions_has_figures_the_last_execution_and_the_next_run(
    store, statistics
):
    await execute(store, "busy", 2, age_s=60)
    last = await execute(store, "busy", 30, status="error")
    hourly = {"cron_schedule": "0 * * * *", "cron_status": "active"}
    for name, settings in (
        ("hourly", hourly),
        ("paused", hourly | {"cron_status": "paused"}),
        ("resting", hourly | {"disabled": True}),
        ("broken", hourly | {"cron_schedule": "0 99 * * *"}),
    ):
        await store.create_function(Function(id=name, name=name, **settings))
    ids = ["busy", "unused", "nobody", "hourly", "paused", "resting", "broken"]

    shown = await statistics.activity(ids, RANGES["24h"])

    by_id = {one["function_id"]: one for one in shown["functions"]}
    assert list(by_id) == [one for one in ids if one != "nobody"]
    assert (by_id["busy"]["executions"], by_id["busy"]["errors"]) == (2, 1)
    assert by_id["busy"]["p95_ms"] == 30.0
    assert by_id["busy"]["last_execution"] == {
        "id": last,
        "status": "error",
        "trigger": "http",
        "created_at": NOW,
        "duration_ms": 30,
    }
    assert by_id["unused"] == {
        "function_id": "unused",
        "name": "Unused",
        "executions": 0,
        "errors": 0,
    }
    assert {name for name, one in by_id.items() if "next_run" in one} == {"hourly"}
    assert by_id["hourly"]["next_run"] == NOW - NOW % 3600 + 3600


async def test_every_range_stays_exact_when_old_rows_have_been_merged(store, statistics):
    async def figures() -> dict:
        return {
            name: (await statistics.of_function("busy", one), await statistics.overview(one))
            for name, one in RANGES.items()
        }

    for age_s in range(0, 31 * 86400, 5 * 3600 + 60):
        await execute(store, "busy", 4, age_s=age_s)
    before = await figures()

    await store.purge_expired(NOW)

    assert await figures() == before
    assert all(one["total"]["executions"] > 0 for one, _ in before.values())


async def test_the_routes(site):
    function_id = await site.answering()
    await site.client.get(f"/fn/{function_id}")

    one = (await site.client.get(f"/api/functions/{function_id}/stats")).json()
    overview = (await site.client.get("/api/stats?range=7d")).json()

    assert (one["range"], one["total"]["executions"]) == ("24h", 1)
    assert (overview["range"], overview["total"]["executions"]) == ("7d", 1)
    assert len(overview["series"]) == 28
    activity = (await site.client.get(f"/api/stats/functions?ids={function_id},x")).json()
    assert [one["function_id"] for one in activity["functions"]] == [function_id]


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/api/functions/nope/stats", 404, "Function not found"),
        ("/api/stats?range=2h", 400, "range: range must be one of: [1h 24h 7d 30d]"),
        ("/api/stats/functions", 400, "ids: ids must be 1 to 100 ids with commas between"),
        (
            "/api/stats/functions?ids=" + ",".join(map(str, range(101))),
            400,
            "ids: ids must be 1 to 100 ids with commas between",
        ),
        ("/api/stats/functions?ids=a&range=x", 400, "range: range must be one of: [1h 24h 7d 30d]"),
        ("/api/functions/nope/stats?range=x", 400, "range: range must be one of: [1h 24h 7d 30d]"),
    ],
)
async def test_refused_values(site, path, status, text):
    answer = await site.client.get(path)

    assert (answer.status_code, answer.json()) == (status, {"error": text})


def test_the_default_range_is_a_day():
    assert RANGE.value({}) is RANGE.value({"range": ""}) is RANGES["24h"]
