"""The few paths that belong to the server itself."""

import asyncio

import pytest

from perilune import __version__
from perilune.api.health import REUSE_S, Readiness
from perilune.eager import run_task
from perilune.runtimes import SandboxReport
from perilune.store import DiskFull, DiskNearlyFull, PaginationParams, StoreUnavailable
from perilune.store.sqlite.connection import space


async def test_a_working_server_is_alive_and_ready(stranger):
    alive = await stranger.get("/healthz")
    ready = await stranger.get("/readyz")

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ok",
        "sandbox": {
            "grade": "full",
            "layers": ["seccomp"],
            "missing": [],
            "optional_missing": [],
        },
        "store": "ok",
        "workers": "ok",
        "server": "ok",
    }


async def test_without_a_store_it_is_alive_but_not_ready(site, stranger):
    await site.server.store.close()

    alive = await stranger.get("/healthz")
    ready = await stranger.get("/readyz")

    assert alive.status_code == 200
    assert ready.status_code == 503
    assert (ready.json()["status"], ready.json()["store"]) == ("unavailable", "failed")
    assert "closed" not in ready.text, "why is not told to strangers"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DiskFull("/secret/place is full"), "the disk is full"),
        (DiskNearlyFull(), "the disk is nearly full"),
        (StoreUnavailable("why"), None),
    ],
)
async def test_a_full_disk_is_told_and_nothing_else_of_a_failing_store(
    site, stranger, monkeypatch, error, reason
):
    async def fail():
        raise error

    monkeypatch.setattr(site.server.store, "ping", fail)

    ready = await stranger.get("/readyz")

    assert (ready.status_code, ready.json()["store"]) == (503, "failed")
    assert ready.json().get("reason") == reason
    assert "secret" not in ready.text and "why" not in ready.text


async def test_no_call_is_executed_on_a_disk_that_is_nearly_full(site, stranger, monkeypatch):
    monkeypatch.setattr("perilune.api.health.REUSE_S", 0.0)
    function_id = await site.answering()
    with monkeypatch.context() as disk:
        disk.setattr(space, "file_system", lambda _: space.FileSystem(2**40, 2**20))
        ready = await stranger.get("/readyz")
        called = await stranger.get(f"/fn/{function_id}")
    recovered = await stranger.get("/readyz")
    again = await stranger.get(f"/fn/{function_id}")

    assert (ready.status_code, ready.json()["reason"]) == (503, "the disk is nearly full")
    assert (called.status_code, called.headers["Retry-After"]) == (503, "1")
    assert called.json() == {"error": "Storage unavailable"}
    assert (recovered.status_code, again.status_code) == (200, 200)
    _, executions = await site.server.store.list_executions(function_id, PaginationParams())
    assert executions == 1, "what was refused has no record"


async def test_it_is_not_ready_until_all_outcomes_are_written(site, stranger, monkeypatch):
    monkeypatch.setattr("perilune.api.health.REUSE_S", 0.0)
    function_id = await site.answering()
    failures = [1, 2, 3, 4]
    records = site.server.store.execution_records
    close, seen = records.close, []

    async def fail(done):
        seen.append(await stranger.get("/readyz"))
        done(StoreUnavailable("down"))

    def fail_at_first(execution, outcome, done):
        if failures:
            failures.pop()
            run_task(fail(done), lambda *_: None)
        else:
            close(execution, outcome, done)

    monkeypatch.setattr(records, "close", fail_at_first)

    called = await site.client.get(f"/fn/{function_id}")
    ready = await stranger.get("/readyz")

    assert (called.status_code, ready.status_code) == (200, 200)
    assert [one.status_code for one in seen] == [200, 503, 503, 503]
    assert seen[1].json()["reason"] == "outcomes of executions are not written yet"
    assert "reason" not in ready.json()


async def test_without_workers_it_is_not_ready(site, stranger):
    site.runtime.report = SandboxReport("none", (), ("seccomp",))

    ready = await stranger.get("/readyz")

    assert (ready.status_code, ready.json()["workers"]) == (503, "failed")


async def test_a_relaxed_sandbox_is_shown(site, stranger):
    site.runtime.report = SandboxReport("relaxed", (), ("landlock",), ("namespaces: none here",))

    ready = await stranger.get("/readyz")

    assert ready.status_code == 200
    assert ready.json()["sandbox"] == {
        "grade": "relaxed",
        "layers": [],
        "missing": ["landlock"],
        "optional_missing": ["namespaces: none here"],
    }


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
async def test_only_get_and_head(stranger, path):
    got, head = await stranger.get(path), await stranger.head(path)
    posted = await stranger.post(path)

    assert got.status_code == head.status_code == 200 and head.content == b""
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/nope", "/healthz/", "/fnord", "/apix", "/fn1"])
async def test_other_paths_do_not_exist(stranger, path):
    answer = await stranger.get(path)

    assert (answer.status_code, answer.text) == (404, "404 page not found\n")
    assert "access-control-allow-origin" not in answer.headers


async def test_probes_share_one_look_for_a_moment():
    now, looks = 0.0, 0

    async def check():
        nonlocal looks
        looks += 1

    readiness = Readiness({"part": check}, lambda: SandboxReport("full", (), ()), clock=lambda: now)

    await asyncio.gather(*(readiness.report() for _ in range(10)))
    assert looks == 1
    now = REUSE_S + 0.1
    await readiness.report()
    assert looks == 2


async def test_the_management_api_tells_which_server_this_is(site, stranger):
    answer = await site.client.get("/api/version")

    told = answer.json()
    assert told.pop("store_bytes") > 4096
    languages = list(site.runtime.languages)
    assert told == {"name": "Perilune", "version": __version__, "runtimes": languages}
    assert (await stranger.get("/api/version")).status_code == 401
