"""The management API: schedules (`rest-api` 3.4, 3.7 and 7)."""

import asyncio
import time

import pytest

from perilune.api.handlers.schedules import NEXT_RUNS
from perilune.events import HTTPResponse
from perilune.scheduler import cron_event
from perilune.store import (
    CronJob,
    TickOutcome,
)
from tests.store.sqlite.file import other_connection

from .conftest import open_site
from .management import EVERY_MINUTE, create, make_due

DAILY = {"cron_schedule": "30 9 * * *", "cron_status": "active"}
DETAILS = [
    pytest.param("* * *", "expected exactly 5 fields, found 3: [* * *]", id="fields"),
    pytest.param("@nope", "parser does not accept descriptors: @nope", id="descriptor"),
    pytest.param("60 * * * *", "end of range (60) above maximum (59): 60", id="too large"),
    pytest.param("* * 0 * *", "beginning of range (0) below minimum (1): 0", id="too small"),
    pytest.param(
        "5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1", id="backwards"
    ),
    pytest.param("*/0 * * * *", "step of range should be a positive number: */0", id="no step"),
    pytest.param("1-2-3 * * * *", "too many hyphens: 1-2-3", id="hyphens"),
    pytest.param("1/2/3 * * * *", "too many slashes: 1/2/3", id="slashes"),
    pytest.param("a * * * *", "failed to parse int from a: ", id="no number"),
    pytest.param("TZ=Nope/Zone * * * * *", "provided bad location Nope/Zone: ", id="zone"),
]


def function_url(function: dict) -> str:
    return f"/api/functions/{function['id']}"


@pytest.mark.parametrize(("expression", "detail"), DETAILS)
async def test_details_of_bad_expressions(site, expression, detail):
    function = await create(site)

    answer = await site.client.put(function_url(function), json={"cron_schedule": expression})
    preview = await site.client.get("/api/schedules/preview", params={"cron_schedule": expression})

    for one in (answer, preview):
        assert one.status_code == 400
        assert one.json()["error"].startswith(f"cron_schedule: invalid cron expression: {detail}")


@pytest.mark.parametrize(
    ("members", "text"),
    [
        pytest.param(
            {"cron_time_zone": "Nope/Zone"},
            "cron_time_zone: unknown time zone Nope/Zone",
            id="zone",
        ),
        pytest.param(
            {"cron_time_zone": "../../etc/passwd"},
            "cron_time_zone: unknown time zone ../../etc/passwd",
            id="no path",
        ),
        pytest.param(
            {"cron_missed": "all"},
            "cron_missed: cron_missed must be one of: [skip run_once]",
            id="missed",
        ),
        pytest.param(
            {"cron_overlap": "queue"},
            "cron_overlap: cron_overlap must be one of: [skip allow]",
            id="overlap",
        ),
    ],
)
async def test_rules_of_the_other_settings(site, members, text):
    created = await site.client.post("/api/functions", json={"name": "n", "code": "c"} | members)
    updated = await site.client.put("/api/functions/missing", json=members)

    for answer in (created, updated):
        assert (answer.status_code, answer.json()) == (400, {"error": text})


async def test_create_accepts_a_whole_schedule(site):
    settings = {
        "cron_schedule": "*/5 8-18 * * mon-fri",
        "cron_status": "active",
        "cron_time_zone": "Europe/Berlin",
        "cron_missed": "run_once",
        "cron_overlap": "allow",
    }

    created = await create(site, **settings)

    read = (await site.client.get(function_url(created))).json()
    for answer in (created, read):
        assert {name: answer[name] for name in settings} == settings


async def test_blanks_around_and_in_an_expression_are_not_stored(site):
    function = await create(site, cron_schedule="  0   9 * *\t* ")

    assert function["cron_schedule"] == "0 9 * * *"


@pytest.mark.parametrize("nothing", ["", None])
async def test_a_time_zone_can_be_cleared(site, nothing):
    function = await create(site, cron_time_zone="Europe/Berlin", **DAILY)

    await site.client.put(function_url(function), json={"cron_time_zone": nothing})

    assert "cron_time_zone" not in (await site.client.get(function_url(function))).json()


async def test_next_run_without_a_schedule(site):
    function = await create(site)

    answer = await site.client.get(function_url(function) + "/next-run")

    assert answer.json() == {"has_schedule": False}


async def test_next_run_of_a_paused_schedule(site):
    function = await create(site, cron_schedule="30 9 * * *")

    answer = await site.client.get(function_url(function) + "/next-run")

    assert answer.json() == {
        "has_schedule": True,
        "cron_schedule": "30 9 * * *",
        "cron_status": "paused",
        "is_paused": True,
    }


async def test_next_run_of_an_active_schedule(site):
    function = await create(site, cron_schedule="0 0 1 1 *", cron_status="active")
    year = time.gmtime().tm_year

    answer = (await site.client.get(function_url(function) + "/next-run")).json()

    days = int((answer["next_run"] - time.time()) // 86_400)
    words = {f"in {days} days", f"in {days + 1} days"}
    assert answer.pop("next_run_human") in words or days <= 1
    runs = answer.pop("next_runs")
    assert runs[0] == answer.pop("next_run")
    assert [time.gmtime(run).tm_year for run in runs] == [year + n for n in range(1, NEXT_RUNS + 1)]
    assert answer == {
        "has_schedule": True,
        "cron_schedule": "0 0 1 1 *",
        "cron_status": "active",
        "time_zone": "UTC",
    }


@pytest.fixture
async def site(tmp_path):
    """In a zone of its own, whatever that of the machine is."""
    async with open_site(tmp_path, time_zone="UTC") as opened:
        yield opened


async def test_an_invalid_stored_schedule_has_no_next_run(site):
    function = await create(site, **DAILY)
    with other_connection(site.server.settings.data_dir / "lunar.db") as somebody:
        somebody.execute("UPDATE functions SET cron_schedule = 'L'")
    # The cache of functions does not notice others for up to a second.
    await site.client.put(function_url(function), json={"name": "new"})

    answer = await site.client.get(function_url(function) + "/next-run")

    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid cron schedule"})
    (overview,) = (await site.client.get("/api/schedules")).json()["schedules"]
    assert overview["problem"] == "expected exactly 5 fields, found 1: [L]"
    assert "next_run" not in overview


@pytest.mark.parametrize("path", ["next-run", "ticks"])
async def test_unknown_functions(site, path):
    answer = await site.client.get(f"/api/functions/missing/{path}")

    assert (answer.status_code, answer.json()) == (404, {"error": "Function not found"})


async def test_the_ledger_page(site):
    function = await create(site, **DAILY)
    ticks = site.server.store.ticks
    (job,) = await ticks.jobs()
    begin = int(time.time()) + 60
    await ticks.claim(job, begin, 0, "e1", begin)
    await ticks.finish(job.function_id, begin, TickOutcome.STARTED, execution_id="e1")
    await ticks.miss(job, begin + 60, 3, "no server was running")

    answer = (await site.client.get(function_url(function) + "/ticks?limit=1")).json()
    second = (await site.client.get(function_url(function) + "/ticks?limit=1&offset=1")).json()

    assert answer["pagination"] == {"total": 2, "limit": 1, "offset": 0}
    (missed,), (started,) = answer["ticks"], second["ticks"]
    assert missed.pop("claimed_at") <= begin
    assert missed == {
        "function_id": function["id"],
        "tick": begin + 60,
        "outcome": "missed",
        "reason": "no server was running",
        "passed_over": 3,
    }
    assert (started["outcome"], started["execution_id"]) == ("started", "e1")
    assert "reason" not in started and "execution_status" not in started


async def test_all_schedules(site):
    await create(site)
    active = await create(site, cron_time_zone="Europe/Berlin", **DAILY)
    paused = await create(site, cron_schedule="@hourly")
    disabled = await create(site, disabled=True, **DAILY)

    answer = (await site.client.get("/api/schedules")).json()

    assert answer["pagination"]["total"] == 3
    found = {one["function_id"]: one for one in answer["schedules"]}
    assert set(found) == {active["id"], paused["id"], disabled["id"]}
    assert found[active["id"]]["time_zone"] == "Europe/Berlin"
    assert found[active["id"]]["next_run"] > time.time()
    assert "next_run" not in found[paused["id"]] and "next_run" not in found[disabled["id"]]
    assert (found[paused["id"]]["cron_status"], found[paused["id"]]["time_zone"]) == (
        "paused",
        "UTC",
    )
    assert found[active["id"]]["cron_missed"] == found[active["id"]]["cron_overlap"] == "skip"
    assert "last_tick" not in found[active["id"]]


async def test_a_preview_of_a_schedule(site):
    answer = await site.client.get(
        "/api/schedules/preview",
        params={"cron_schedule": " 0 12 29  2 * ", "cron_time_zone": "Asia/Tokyo"},
    )

    found = answer.json()
    assert (found["cron_schedule"], found["time_zone"]) == ("0 12 29 2 *", "Asia/Tokyo")
    assert [time.gmtime(run)[1:5] for run in found["next_runs"]] == [(2, 29, 3, 0)] * NEXT_RUNS


@pytest.mark.parametrize(
    ("params", "text"),
    [
        pytest.param({}, "cron_schedule: cron_schedule cannot be empty", id="nothing"),
        pytest.param(
            {"cron_schedule": "@daily", "cron_time_zone": "Nope"},
            "cron_time_zone: unknown time zone Nope",
            id="zone",
        ),
    ],
)
async def test_previews_of_nothing(site, params, text):
    answer = await site.client.get("/api/schedules/preview", params=params)

    assert (answer.status_code, answer.json()) == (400, {"error": text})


def test_the_event_of_a_tick():
    """As `rest-api` 7 describes it."""
    job = CronJob(
        function_id="d0k3m2c9a8v7q1e5t6g0",
        name="quotes",
        cron_schedule="*/5 * * * *",
        cron_time_zone=None,
        runs_missed=False,
        since=None,
        last_tick=None,
    )

    event = cron_event(job, 1_767_225_600)

    assert event.to_json() == {
        "method": "POST",
        "path": "/fn/d0k3m2c9a8v7q1e5t6g0",
        "relativePath": "/",
        "headers": {
            "Content-Type": "application/json",
            "X-Cron-Function-Id": "d0k3m2c9a8v7q1e5t6g0",
            "X-Cron-Function-Name": "quotes",
            "X-Cron-Schedule": "*/5 * * * *",
            "X-Cron-Scheduled-Time": "1767225600",
            "X-Trigger": "cron",
        },
        "body": "",
        "query": {},
        "trigger": "cron",
    }


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


async def test_kd_83_the_scheduler_learns_of_changes_at_once(site):
    woken: list[bool] = []
    site.server.scheduler.wake = lambda: woken.append(True)
    function = await create(site, **EVERY_MINUTE)
    before = len(woken)

    await site.client.put(f"/api/functions/{function['id']}", json={"cron_status": "paused"})
    after_change = len(woken)
    await site.client.delete(f"/api/functions/{function['id']}")

    assert 0 < before < after_change < len(woken)


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
async def test_kd_89_accepted_expressions_are_executed(site, expression):
    function = await create(site, cron_schedule=expression, cron_status="active")

    found = (await site.client.get(f"/api/functions/{function['id']}/next-run")).json()

    assert found["next_run"] > time.time()
    assert [job.cron_schedule for job in await site.server.store.ticks.jobs()] == [expression]


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
