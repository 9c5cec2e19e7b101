"""One test per defect of the predecessor in the API's answers; KD-nn names it.

Details are tested beside the code; here stands that the defect is not there.
"""

import asyncio
import json
import re

import pytest

from perilune.config import SettingError, load_settings
from perilune.store import Function, PaginationParams
from tests.api.conftest import KEY, open_site
from tests.api.management import CODE, create


async def test_kd_65_all_settings_given_at_creation_are_kept(site):
    settings = {"disabled": True, "retention_days": 30, "save_response": True}

    function_id = (await create(site, **settings))["id"]

    found = (await site.client.get(f"/api/functions/{function_id}")).json()
    assert {name: found[name] for name in settings} == settings


async def test_kd_68_a_version_belongs_to_the_function_in_the_path(site):
    owner, other = (await create(site))["id"], (await create(site))["id"]
    await site.client.put(f"/api/functions/{owner}", json={"code": "second"})
    version = f"/api/functions/{other}/versions/ver_{owner}_v1"

    activated = await site.client.post(f"{version}/activate")
    deleted = await site.client.delete(version)

    assert (activated.status_code, deleted.status_code) == (404, 404)
    listed = (await site.client.get(f"/api/functions/{owner}/versions")).json()["versions"]
    assert [(one["version"], one["is_active"]) for one in listed] == [(2, True), (1, False)]


async def test_kd_69_lists_can_be_had_without_code(site):
    function_id = (await create(site, code="x" * 100_000))["id"]

    for path in ("/api/functions", f"/api/functions/{function_id}/versions"):
        whole = await site.client.get(path)
        summary = await site.client.get(f"{path}?fields=summary")

        assert len(whole.content) > 100_000, "old clients get what they always got"
        assert len(summary.content) < 2000


async def test_kd_100_code_for_a_missing_function_is_a_404_and_writes_nothing(site):
    answer = await site.client.put("/api/functions/missing", json={"code": CODE})

    assert (answer.status_code, answer.json()) == (404, {"error": "Function not found"})
    versions, total = await site.server.store.list_versions("missing", PaginationParams())
    assert (versions, total) == ([], 0)


async def test_kd_101_deleting_a_missing_function_is_a_404(site):
    answer = await site.client.delete("/api/functions/missing")

    assert (answer.status_code, answer.json()) == (404, {"error": "Function not found"})


async def test_kd_102_empty_lists_are_lists(site):
    functions = (await site.client.get("/api/functions")).json()["functions"]
    await site.server.store.create_function(Function(id="bare", name="bare"))
    versions = (await site.client.get("/api/functions/bare/versions")).json()["versions"]
    executions = (await site.client.get("/api/functions/bare/executions")).json()["executions"]

    assert functions == versions == executions == []


async def test_kd_103_names_are_counted_in_characters_stored_trimmed_and_one_line(site):
    function = await create(site, name=f"  {'é' * 100} ")
    refused = await site.client.post("/api/functions", json={"name": "a\nb", "code": CODE})

    assert function["name"] == "é" * 100
    assert refused.json() == {"error": "name: name cannot contain control characters"}


async def test_kd_104_empty_values_are_values_and_the_first_key_in_order_is_reported(site):
    path = f"/api/functions/{(await create(site))['id']}"

    kept = await site.client.put(f"{path}/env", json={"env_vars": {"A": ""}})
    wrong = {f"-{n}": "" for n in range(50)} | {"Z": "v" * 10_001}
    texts = {
        (await site.client.put(f"{path}/env", json={"env_vars": wrong})).text for _ in range(3)
    }

    assert kept.status_code == 200
    assert (await site.client.get(path)).json()["env_vars"] == {"A": ""}
    assert len(texts) == 1 and "can only contain letters" in texts.pop()


async def test_kd_106_a_function_without_a_version_can_be_viewed(site):
    await site.server.store.create_function(Function(id="bare", name="bare"))

    shown = await site.client.get("/api/functions/bare")
    (listed,) = (await site.client.get("/api/functions")).json()["functions"]
    called = await site.client.get("/fn/bare")

    assert (shown.status_code, shown.json()["active_version"]) == (200, None)
    assert listed["active_version"] is None
    assert (called.status_code, called.json()) == (500, {"error": "No active version found"})


@pytest.mark.parametrize("after", ["x", "{}", "]", "\0"])
async def test_kd_107_nothing_may_follow_a_body(site, after):
    body = json.dumps({"name": "n", "code": CODE, "unknown": 1})

    alone = await site.client.post("/api/functions", content=f" {body}\n ")
    followed = await site.client.post("/api/functions", content=body + after)

    assert alone.status_code == 200
    assert (followed.status_code, followed.json()) == (400, {"error": "Invalid request body"})


async def test_kd_108_nobody_is_waited_for_without_end(tmp_path):
    half = b"POST /api/functions HTTP/1.1\r\nHost: x\r\n"
    limits = {"header_timeout": 1, "body_timeout": 1, "keep_alive": 1}
    async with open_site(tmp_path, **limits) as site:
        key = f"Authorization: Bearer {KEY}\r\n".encode()
        nothing = await site.raw(half)
        no_body = await site.raw(half + key + b"Content-Length: 9\r\n\r\n{")
        idle = await site.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

        assert nothing == b""
        assert no_body.startswith(b"HTTP/1.1 408 ")
        assert idle.startswith(b"HTTP/1.1 200 "), "and then closed: the end was read"


async def test_kd_108_connections_are_capped(tmp_path):
    async with open_site(tmp_path, max_connections=1) as site:
        assert (await site.client.get("/healthz")).status_code == 200

        assert await site.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") == b""


async def test_kd_109_static_files_are_cached_compressed_and_not_listed(site):
    page = await site.client.get("/")
    path = re.findall(r'src="(built/[^"]+)"', page.text)[0]
    script = await site.client.get(path, headers={"Accept-Encoding": "gzip"})
    again = await site.client.get(path, headers={"If-None-Match": script.headers["etag"]})

    assert page.headers["content-type"].startswith("text/html")
    assert script.headers["content-encoding"] == "gzip" and script.headers["cache-control"]
    assert (again.status_code, again.content) == (304, b"")
    for folder in ("/built/", "/built", "/templates/"):
        assert (await site.client.get(folder)).status_code == 404, folder


async def test_kd_117_schedules_have_at_most_100_characters(site):
    just, long = "1," * 45 + "12 * * * *", "1," * 46 + "1 * * * *"
    function_id = (await create(site))["id"]

    answers = [
        await site.client.put(f"/api/functions/{function_id}", json={"cron_schedule": one})
        for one in (just, long)
    ]

    assert [len(just), len(long)] == [100, 101]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert "100 characters" in answers[1].json()["error"]


async def test_kd_113_null_clears_a_setting(site):
    function = await create(site, description="d", retention_days=30)

    cleared = await site.client.put(
        f"/api/functions/{function['id']}", json={"description": None, "retention_days": None}
    )

    assert function["description"] == "d" and function["retention_days"] == 30
    assert not {"description", "retention_days"} & cleared.json().keys()


async def test_kd_114_a_request_that_crashes_is_logged_as_such(site, monkeypatch, caplog):
    from perilune.api.subjects.functions import Functions

    async def crash(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(Functions, "get", crash)
    caplog.set_level("INFO", logger="perilune.access")

    await site.client.get("/api/functions/x")

    (fields,) = [one.fields for one in caplog.records if one.name == "perilune.access"]
    assert (fields["path"], fields["status"]) == ("/api/functions/x", 500)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("EXECUTION_TIMEOUT", "0"),
        ("EXECUTION_TIMEOUT", "-1"),
        ("EXECUTION_TIMEOUT", "soon"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("BASE_URL", "example.org"),
    ],
)
def test_kd_115_a_setting_that_makes_no_sense_stops_the_start(name, text):
    with pytest.raises(SettingError, match=name):
        load_settings({name: text}, {})


def test_kd_115_times_may_have_units():
    texts = ("30", "30s", "5m", "1h")
    found = [load_settings({"EXECUTION_TIMEOUT": one}, {}).execution_timeout for one in texts]

    assert found == [30, 30, 300, 3600]


async def test_kd_118_successful_changes_keep_their_statuses_and_say_what_is_now(site):
    created = await site.client.post("/api/functions", json={"name": "n", "code": CODE})
    path = f"/api/functions/{created.json()['id']}"
    updated = await site.client.put(path, json={"code": "second"})
    variables = await site.client.put(f"{path}/env", json={"env_vars": {}})
    version = f"{path}/versions/ver_{created.json()['id']}_v1"
    activated = await site.client.post(f"{version}/activate")

    assert {one.status_code for one in (created, updated, variables, activated)} == {200}
    assert updated.json()["active_version"]["version"] == 2
    assert variables.json()["version"] == 2, "the active version, as old clients know it"
    assert (activated.json()["version"], activated.json()["is_active"]) == (1, True)
    assert (await site.client.delete(path)).status_code == 204


async def test_kd_64_a_new_function_is_never_seen_without_its_version(site):
    """Neither by somebody who looks while functions are made."""
    seen: list[dict] = []

    async def look() -> None:
        while len(seen) < 40:
            seen.extend((await site.client.get("/api/functions")).json()["functions"])
            await asyncio.sleep(0)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(look())
        for _ in range(10):
            await create(site)

    assert all(one["active_version"] is not None for one in seen)
