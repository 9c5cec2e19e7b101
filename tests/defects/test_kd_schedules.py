"""One test per defect of the predecessor in schedules and in how it stops; KD-nn names it.

Details are tested beside the code; here stands that the defect is not there.
"""

import asyncio
import time

import httpx
import pytest

from perilune.events import HTTPResponse
from perilune.store import Execution, Function, PaginationParams, UpdateFunctionRequest
from tests.api.conftest import open_site
from tests.api.management import create
from tests.scheduler.world import NOON, open_world
from tests.store.helpers import other_connection

MINUTE_S = 60
LATE_S = 1000
EVERY_MINUTE = {"cron_schedule": "* * * * *", "cron_status": "active"}


async def soon(awaitable):
    return await asyncio.wait_for(awaitable, 30)


async def make_due(site, function_id: str) -> None:
    """Let a tick of a function with `run_once` be overdue, as if the server had not run."""
    path = site.server.settings.data_dir / "lunar.db"
    with other_connection(path) as somebody:
        somebody.execute(
            "UPDATE functions SET cron_since = cron_since - ?, name = name WHERE id = ?",
            (LATE_S, function_id),
        )
    site.server.scheduler.wake()


async def ask_until_refused(url: str) -> None:
    while True:
        async with httpx.AsyncClient(trust_env=False) as late:
            await late.get(url)


class Gate:
    """A function that waits until it is let go on."""

    def __init__(self) -> None:
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, _) -> HTTPResponse:
        self.entered.set()
        await self.go_on.wait()
        return HTTPResponse(body="finished")


async def test_kd_14_only_the_scheduler_says_that_it_is_the_scheduler(site):
    function_id = await site.answering()
    forged = {"X-Trigger": "cron", "x-cron-schedule": "* * * * *", "X-CRON-Scheduled-Time": "1"}

    await site.client.post(f"/fn/{function_id}", headers=forged)

    event = site.runtime.event
    assert [
        name for name in event.headers if name.lower().startswith(("x-trigger", "x-cron"))
    ] == []
    assert event.trigger == "http"
    assert [one["trigger"] for one in await site.executions(function_id)] == ["http"]


async def test_kd_14_a_real_tick_says_so(site):
    async def behave(_) -> HTTPResponse:
        return HTTPResponse()

    function_id = await site.create(behave, cron_missed="run_once", **EVERY_MINUTE)

    await make_due(site, function_id)

    async with asyncio.timeout(30):
        while not site.runtime.requests:
            await asyncio.sleep(0)
    assert site.runtime.event.trigger == "cron"
    assert site.runtime.event.headers["X-Trigger"] == "cron"
    await site.server.scheduler.quiet()
    assert [one["trigger"] for one in await site.executions(function_id)] == ["cron"]


async def test_kd_36_what_a_dead_server_left_pending_is_closed(tmp_path):
    async with open_site(tmp_path) as site:
        function_id = await site.answering()
        left = Execution(
            id="left", function_id=function_id, function_version_id=f"ver_{function_id}_v1"
        )
        await site.server.store.create_execution(left)

    async with open_site(tmp_path) as site:
        found = (await site.client.get("/api/executions/left")).json()

    assert (found["status"], found["error_message"]) == ("error", "interrupted by server restart")


async def test_kd_83_a_deleted_function_is_not_executed(tmp_path, caplog):
    async with open_world(tmp_path / "db") as world:
        function_id = await world.add()
        await world.pass_time(NOON)

        await world.store.delete_function(function_id)
        await world.pass_time(NOON + MINUTE_S)

        assert world.runtime.requests == []
        assert caplog.records == []


async def test_kd_83_the_scheduler_learns_of_changes_at_once(site):
    woken: list[bool] = []
    site.server.scheduler.wake = lambda: woken.append(True)
    function = await create(site, **EVERY_MINUTE)
    before = len(woken)

    await site.client.put(f"/api/functions/{function['id']}", json={"cron_status": "paused"})
    after_change = len(woken)
    await site.client.delete(f"/api/functions/{function['id']}")

    assert 0 < before < after_change < len(woken)


async def test_kd_84_a_tick_needs_no_network_and_no_decent_name(tmp_path):
    async with open_world(tmp_path / "db") as world:
        await world.add(name="line\r\nbreak: ü")
        await world.pass_time(NOON)

        await world.pass_time(NOON + MINUTE_S)

        (headers,) = world.runtime.headers
        assert headers["X-Cron-Function-Name"] == "line  break: ü"
        assert [one.status for one in await world.executions()] == ["success"]


async def test_kd_85_a_disabled_function_is_not_due_and_next_run_says_so(site):
    function = await create(site, **EVERY_MINUTE)
    url = f"/api/functions/{function['id']}"

    await site.client.put(url, json={"disabled": True})

    assert (await site.client.get(url + "/next-run")).json() == {
        "has_schedule": True,
        "cron_schedule": "* * * * *",
        "cron_status": "active",
        "is_disabled": True,
    }
    assert await site.server.store.ticks.jobs() == []


async def test_kd_85_a_disabled_function_is_not_executed(tmp_path):
    async with open_world(tmp_path / "db") as world:
        function_id = await world.add()
        await world.pass_time(NOON)

        await world.change(function_id, disabled=True)
        await world.pass_time(NOON + MINUTE_S)

        assert world.runtime.requests == []
        assert await world.ticks() == []


async def test_kd_86_no_overlap_no_double_and_nothing_lost_in_silence(tmp_path, caplog):
    """Details: `tests/scheduler`."""
    async with open_world(tmp_path / "db") as one, open_world(tmp_path / "db") as other:
        await one.add()
        await asyncio.gather(one.pass_time(NOON), other.pass_time(NOON))
        one.runtime.gate = other.runtime.gate = asyncio.Event()
        for minute in (1, 2):
            one.clock.now = other.clock.now = NOON + minute * MINUTE_S
            await asyncio.gather(one.scheduler.turn(), other.scheduler.turn())
            async with asyncio.timeout(30):
                while len(await one.ticks()) < minute:
                    await asyncio.sleep(0)
        one.runtime.gate.set()
        await one.scheduler.quiet()
        await other.scheduler.quiet()

        await one.pass_time(NOON + 60 * MINUTE_S + 30)

        assert await one.outcomes() == [(1, "started"), (2, "skipped"), (60, "missed")]
        assert len(one.runtime.requests) + len(other.runtime.requests) == 1
        assert "function f0 has missed 58 ticks" in caplog.text


@pytest.mark.parametrize(
    ("expression", "detail"),
    [
        pytest.param("TZ=UTC", "expected exactly 5 fields, found 0: []", id="kd_87"),
        pytest.param("0 0 31 2 *", "schedule never fires", id="kd_88: never"),
        pytest.param(", * * * *", "empty list item: ,", id="kd_88: empty item"),
        pytest.param("*-5 * * * *", "", id="kd_88: a star begins no range"),
        pytest.param("* " * 50 + "*", "expression cannot be longer than 100", id="kd_117"),
    ],
)
async def test_kd_87_kd_88_kd_117_bad_schedules_are_refused(site, expression, detail):
    function = await create(site)

    for answer in (
        await site.client.put(
            f"/api/functions/{function['id']}", json={"cron_schedule": expression}
        ),
        await site.client.post(
            "/api/functions", json={"name": "n", "code": "c", "cron_schedule": expression}
        ),
    ):
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(
            f"cron_schedule: invalid cron expression: {detail}"
        )


@pytest.mark.parametrize("expression", ["@hourly", "0 12 * * 7", "@daily", "TZ=UTC @weekly"])
async def test_kd_89_what_is_accepted_is_executed(site, expression):
    function = await create(site, cron_schedule=expression, cron_status="active")

    found = (await site.client.get(f"/api/functions/{function['id']}/next-run")).json()

    assert found["next_run"] > time.time()
    assert [job.cron_schedule for job in await site.server.store.ticks.jobs()] == [expression]


async def test_kd_90_the_scheduled_time_is_the_nominal_one(tmp_path):
    async with open_world(tmp_path / "db") as world:
        await world.add()
        await world.pass_time(NOON)

        await world.pass_time(NOON + MINUTE_S + 3.7)

        (headers,) = world.runtime.headers
        assert headers["X-Cron-Scheduled-Time"] == str(NOON + MINUTE_S)


async def test_kd_91_stopping_refuses_first_and_waits_for_everything(tmp_path):
    async with open_site(tmp_path, shutdown_grace=20) as site:
        by_request, by_clock = Gate(), Gate()
        called = await site.create(by_request)
        due = await site.create(by_clock, cron_missed="run_once", **EVERY_MINUTE)
        running = asyncio.ensure_future(site.client.get(f"/fn/{called}"))
        await soon(by_request.entered.wait())
        await make_due(site, due)
        await soon(by_clock.entered.wait())

        stopping = asyncio.ensure_future(site.server.stop())
        with pytest.raises(httpx.ConnectError):
            await soon(ask_until_refused(f"http://127.0.0.1:{site.server.port}/healthz"))
        by_request.go_on.set()
        assert (await soon(running)).text == "finished"
        assert not stopping.done()
        by_clock.go_on.set()

        assert await soon(stopping) is True
        rows, _ = await site.server.store.list_executions(due, PaginationParams())
        assert [(row.trigger, row.status) for row in rows] == [("cron", "success")]


async def test_kd_91_one_deadline_then_all_is_cancelled_and_recorded(tmp_path):
    async with open_site(tmp_path, shutdown_grace=0) as site:
        by_request, by_clock = Gate(), Gate()
        called = await site.create(by_request)
        due = await site.create(by_clock, cron_missed="run_once", **EVERY_MINUTE)
        running = asyncio.ensure_future(site.client.get(f"/fn/{called}"))
        await soon(by_request.entered.wait())
        await make_due(site, due)
        await soon(by_clock.entered.wait())

        assert await soon(site.server.stop()) is False

        assert (await soon(running)).status_code == 503
        for function_id in (called, due):
            rows, _ = await site.server.store.list_executions(function_id, PaginationParams())
            assert [row.error_message for row in rows] == ["execution cancelled"]
        (tick,), _ = await site.server.store.ticks.page(due, PaginationParams())
        assert (tick.outcome, tick.execution_status) == ("started", "error")


async def test_kd_92_the_time_zone_can_be_chosen_and_is_shown(tmp_path):
    async with open_site(tmp_path, time_zone="Asia/Tokyo") as site:
        daily = {"cron_schedule": "30 9 * * *", "cron_status": "active"}
        default = await create(site, **daily)
        chosen = await create(site, cron_time_zone="America/New_York", **daily)

        zones = []
        for function in (default, chosen):
            answer = await site.client.get(f"/api/functions/{function['id']}/next-run")
            zones.append(answer.json()["time_zone"])
            due = time.gmtime(answer.json()["next_run"])
            zones.append(due.tm_hour)

    assert zones[:2] == ["Asia/Tokyo", 0]
    assert zones[2] == "America/New_York" and zones[3] in (13, 14)


async def test_kd_93_active_needs_a_schedule(site):
    text = "cron_status: cron_status active needs a cron_schedule"
    function = await create(site, **EVERY_MINUTE)
    bare = await create(site)
    url = f"/api/functions/{function['id']}"

    refused = [
        await site.client.put(f"/api/functions/{bare['id']}", json={"cron_status": "active"}),
        await site.client.put(url, json={"cron_schedule": "", "cron_status": "active"}),
        await site.client.post(
            "/api/functions", json={"name": "n", "code": "c", "cron_status": "active"}
        ),
    ]
    cleared = (await site.client.put(url, json={"cron_schedule": ""})).json()

    assert [(one.status_code, one.json()["error"]) for one in refused] == [(400, text)] * 3
    assert "cron_schedule" not in cleared
    assert cleared["cron_status"] == "paused"


async def test_kd_93_cleared_schedules_of_lunar_are_read_as_none(tmp_path):
    async with open_world(tmp_path / "db") as world:
        await world.add()
        with other_connection(tmp_path / "db") as somebody:
            somebody.execute("UPDATE functions SET cron_schedule = ''")

        await world.pass_time(NOON)
        await world.pass_time(NOON + MINUTE_S)

        assert await world.store.ticks.jobs() == []
        assert world.runtime.requests == []
        # An unrelated change is not refused because of it.
        await world.store.update_function("f0", UpdateFunctionRequest(name="new"))
        await world.store.create_function(Function(id="other", name="n"))
