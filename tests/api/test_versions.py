"""The management API: versions of functions' code (`rest-api` 4)."""

import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest

import perilune.api.handlers.versions as api_versions
from perilune.api.handlers.diff import diff_lines
from perilune.api.routes.shapes import SummarizedVersion
from perilune.store import FunctionVersion, VersionSummary

from .management import CODE, create


async def updated(site, function_id: str, code: str) -> dict:
    answer = await site.client.put(f"/api/functions/{function_id}", json={"code": code})
    assert answer.status_code == 200, answer.text
    return answer.json()["active_version"]


@pytest.fixture
async def function_id(site) -> str:
    """A function with three versions."""
    function_id = (await create(site))["id"]
    await updated(site, function_id, "second")
    await updated(site, function_id, "third\n\nline")
    return function_id


async def test_lists_have_the_latest_first(site, function_id):
    answer = await site.client.get(f"/api/functions/{function_id}/versions?limit=2")

    assert answer.status_code == 200
    found = answer.json()
    assert [one["version"] for one in found["versions"]] == [3, 2]
    assert [one["is_active"] for one in found["versions"]] == [True, False]
    assert found["versions"][1]["code"] == "second"
    assert found["versions"][1]["id"] == f"ver_{function_id}_v2"
    assert found["pagination"] == {"total": 3, "limit": 2, "offset": 0}


async def test_kd_69_summaries_leave_out_the_code(site, function_id):
    path = f"/api/functions/{function_id}/versions"
    whole = (await site.client.get(path)).json()
    functions = (await site.client.get("/api/functions")).json()

    summary = (await site.client.get(f"{path}?fields=summary")).json()
    listed = (await site.client.get("/api/functions?fields=summary")).json()

    for one in [*whole["versions"], functions["functions"][0]["active_version"]]:
        del one["code"]
    figures = [
        (one.pop("code_bytes"), one.pop("first_line"), one.pop("executions"), one.pop("errors"))
        for one in summary["versions"]
    ]
    assert figures[:2] == [(len("third\n\nline"), "third", 0, 0), (6, "second", 0, 0)]
    assert summary == whole
    assert listed == functions


@pytest.mark.parametrize("path", ["/api/functions", "/api/functions/missing/versions"])
async def test_unknown_fields_are_refused(site, path):
    answer = await site.client.get(f"{path}?fields=code")

    assert answer.status_code == 400
    assert answer.json() == {"error": "fields: fields must be one of: [full summary]"}


def test_listed_versions_have_the_members_of_versions():
    listed = {*SummarizedVersion.__struct_fields__}
    assert listed == {*VersionSummary.__struct_fields__, *FunctionVersion.__struct_fields__}


async def test_a_version_says_what_its_author_wrote_of_it_and_which_token_made_it(site):
    token = await site.client.post("/api/tokens", json={"name": "ci", "scopes": ["deploy"]})
    key = {"Authorization": f"Bearer {token.json()['token']}"}
    body = {"name": "noted", "code": "one", "note": "  begins  "}
    made = (await site.client.post("/api/functions", json=body)).json()
    path = f"/api/functions/{made['id']}"

    await site.client.put(path, json={"code": "two", "note": "goes on"}, headers=key)
    await site.client.put(path, json={"code": "three", "note": " "})
    # Code that is the same makes no version, so there is nothing to say it of.
    await site.client.put(path, json={"code": "three", "note": "again"})

    for fields in ("full", "summary"):
        found = (await site.client.get(f"{path}/versions?fields={fields}")).json()["versions"]
        assert [(one.get("note"), one.get("created_by")) for one in found] == [
            (None, None),
            ("goes on", "ci"),
            ("begins", None),
        ]


async def test_a_note_has_a_length(site, function_id):
    path = f"/api/functions/{function_id}"
    for note, status in (("é" * 500, 200), ("é" * 501, 400)):
        answer = await site.client.put(path, json={"code": f"-- {status}", "note": note})
        assert answer.status_code == status

    assert answer.json() == {"error": "note: note cannot be longer than 500 characters"}


async def test_a_version_is_deleted_and_its_executions_stay_if_wanted(site):
    made = await create(site)
    called = await site.client.get(f"/fn/{made['id']}")
    await updated(site, made["id"], "second")
    path = f"/api/functions/{made['id']}/versions/{made['active_version']['id']}"

    refused = await site.client.delete(f"{path}?keep_executions=perhaps")
    answer = await site.client.delete(f"{path}?keep_executions=true")

    assert refused.json() == {
        "error": "keep_executions: keep_executions must be one of: [true false]"
    }
    assert answer.status_code == 204
    listed = await site.client.get(f"/api/functions/{made['id']}/executions")
    assert listed.json()["pagination"]["total"] == 1
    shown = await site.client.get(f"/api/executions/{called.headers['x-execution-id']}")
    assert shown.json()["function_version_id"] == made["active_version"]["id"]


@pytest.mark.parametrize("number", ["2", "+2", "02"])
async def test_versions_are_found_by_number(site, function_id, number):
    answer = await site.client.get(f"/api/functions/{function_id}/versions/{number}")

    assert (answer.status_code, answer.json()["code"]) == (200, "second")


async def test_an_activated_version_is_the_only_active_one(site, function_id):
    answer = await site.client.post(
        f"/api/functions/{function_id}/versions/ver_{function_id}_v1/activate"
    )

    assert (answer.status_code, answer.json()["is_active"]) == (200, True)
    assert answer.json()["code"] == CODE
    listed = (await site.client.get(f"/api/functions/{function_id}/versions")).json()["versions"]
    assert [one["is_active"] for one in listed] == [False, False, True]
    function = (await site.client.get(f"/api/functions/{function_id}")).json()
    assert function["active_version"]["version"] == 1


async def test_deleted_versions_take_their_executions_along(site):
    function_id = await site.answering(body="x")
    await site.client.get(f"/fn/{function_id}")
    assert len(await site.executions(function_id)) == 1
    await updated(site, function_id, "other")

    answer = await site.client.delete(f"/api/functions/{function_id}/versions/ver_{function_id}_v1")

    assert (answer.status_code, answer.content) == (204, b"")
    assert await site.executions(function_id) == []
    gone = await site.client.get(f"/api/functions/{function_id}/versions/1")
    assert (gone.status_code, gone.json()) == (404, {"error": "Version not found"})


async def test_numbers_are_never_used_again(site, function_id):
    version = f"/api/functions/{function_id}/versions/ver_{function_id}_v"
    await site.client.post(f"{version}2/activate")
    await site.client.delete(f"{version}3")

    assert (await updated(site, function_id, "fourth"))["version"] == 4


@pytest.mark.parametrize("method", ["activate", "delete"])
async def test_kd_68_versions_belong_to_the_function_in_the_path(site, function_id, method):
    other = (await create(site))["id"]
    path = f"/api/functions/{other}/versions/ver_{function_id}_v1"

    if method == "activate":
        answer = await site.client.post(f"{path}/activate")
    else:
        answer = await site.client.delete(path)

    assert (answer.status_code, answer.json()) == (404, {"error": "Version not found"})
    kept = (await site.client.get(f"/api/functions/{function_id}/versions")).json()["versions"]
    assert [one["is_active"] for one in kept] == [True, False, False]


async def test_kd_72_activating_counts_as_a_change(site, function_id):
    file = site.server.settings.data_dir / "lunar.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE functions SET updated_at = 1")

    await site.client.post(f"/api/functions/{function_id}/versions/ver_{function_id}_v1/activate")

    assert (await site.client.get(f"/api/functions/{function_id}")).json()["updated_at"] > 1


# --- differences --------------------------------------------------------------


async def test_versions_are_compared_in_the_order_asked_for(site, function_id):
    there = await site.client.get(f"/api/functions/{function_id}/diff/2/3")
    back = await site.client.get(f"/api/functions/{function_id}/diff/03/+2")

    assert there.headers["content-type"] == "application/json"
    assert there.text.endswith("}\n")
    assert there.json() == {
        "old_version": 2,
        "new_version": 3,
        "diff": [
            {"line_type": "removed", "old_line": 1, "content": "second"},
            {"line_type": "added", "new_line": 1, "content": "third"},
            {"line_type": "added", "new_line": 2, "content": ""},
            {"line_type": "added", "new_line": 3, "content": "line"},
        ],
    }
    assert [one["line_type"] for one in back.json()["diff"]] == ["removed"] * 3 + ["added"]


async def test_a_version_does_not_differ_from_itself(site, function_id):
    answer = await site.client.get(f"/api/functions/{function_id}/diff/2/2")

    assert answer.json()["diff"] == [
        {"line_type": "unchanged", "old_line": 1, "new_line": 1, "content": "second"}
    ]


async def test_comparing_does_not_stop_the_server(site, function_id, monkeypatch):
    """While one comparison runs, other requests are answered, and the next one waits."""
    may_end, threads = threading.Event(), []

    def slow(old: str, new: str):
        threads.append(threading.current_thread())
        assert may_end.wait(30)
        return diff_lines(old, new)

    monkeypatch.setattr(api_versions, "diff_lines", slow)
    path = f"/api/functions/{function_id}/diff/1/2"
    asked = [asyncio.create_task(site.client.get(path)) for _ in range(2)]
    try:
        while not threads:
            assert (await site.client.get("/api/functions")).status_code == 200
        assert (await site.client.get("/api/functions")).status_code == 200
        assert len(threads) == 1 and threads[0] is not threading.main_thread()
    finally:
        may_end.set()

    assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200, 200]
    assert len(threads) == 2
