"""The management API: functions and their environment (`rest-api` 3)."""

import asyncio

import pytest

from perilune.store import Function

from .conftest import open_site
from .management import CODE, create

# --- functions ----------------------------------------------------------------


async def test_create_answers_the_function(site):
    function = await create(site, name="  quotes ", description="random quotes")

    created_at = function["created_at"]
    assert function == {
        "id": function["id"],
        "name": "quotes",
        "address": "quotes",
        "url": "/fn/quotes",
        "description": "random quotes",
        "env_vars": {},
        "disabled": False,
        "save_response": False,
        "env_writable": True,
        "runtime": "lua",
        "cron_missed": "skip",
        "cron_overlap": "skip",
        "access": "public",
        "handles_options": False,
        "unsandboxed_html": False,
        "created_at": created_at,
        "updated_at": function["updated_at"],
        "active_version": {
            "id": f"ver_{function['id']}_v1",
            "function_id": function["id"],
            "version": 1,
            "code": CODE,
            "created_at": function["active_version"]["created_at"],
            "is_active": True,
            "runtime": "lua",
        },
    } | ({"cron_status": function["cron_status"]} if "cron_status" in function else {})
    assert len(function["id"]) == 20 and isinstance(created_at, int)


async def test_create_accepts_settings(site):
    function = await create(
        site, disabled=True, retention_days=30, save_response=True, cron_schedule=""
    )

    found = (await site.client.get(f"/api/functions/{function['id']}")).json()
    assert (found["disabled"], found["retention_days"], found["save_response"]) == (True, 30, True)
    assert "cron_schedule" not in found


async def test_get_shows_the_environment(site):
    function_id = (await create(site))["id"]
    await site.client.put(f"/api/functions/{function_id}/env", json={"env_vars": {"A": "1"}})

    answer = await site.client.get(f"/api/functions/{function_id}")

    assert answer.json()["env_vars"] == {"A": "1"}
    assert answer.json()["active_version"]["version"] == 1


async def test_a_function_without_a_version_can_be_seen(site):
    await site.server.store.create_function(Function(id="bare", name="bare"))

    one = await site.client.get("/api/functions/bare")
    every = await site.client.get("/api/functions")

    assert one.status_code == 200 and one.json()["active_version"] is None
    assert every.json()["functions"][0]["active_version"] is None


async def test_update_changes_settings_and_code_together(site):
    function_id = (await create(site))["id"]

    answer = await site.client.put(
        f"/api/functions/{function_id}",
        json={"name": " new ", "code": "other", "retention_days": 7, "disabled": True},
    )

    assert answer.status_code == 200
    function = answer.json()
    assert (function["name"], function["retention_days"], function["disabled"]) == ("new", 7, True)
    assert function["active_version"]["version"] == 2
    assert function["active_version"]["code"] == "other"
    assert function == (await site.client.get(f"/api/functions/{function_id}")).json()


async def test_the_same_code_makes_no_version(site):
    function_id = (await create(site))["id"]

    answer = await site.client.put(f"/api/functions/{function_id}", json={"code": CODE})

    assert (answer.status_code, answer.json()["active_version"]["version"]) == (200, 1)


async def test_null_clears_what_can_be_cleared(site):
    function_id = (await create(site, description="d", retention_days=30))["id"]

    answer = await site.client.put(
        f"/api/functions/{function_id}",
        json={"description": None, "retention_days": None, "name": None, "code": None},
    )

    function = answer.json()
    assert answer.status_code == 200
    assert "description" not in function and "retention_days" not in function
    assert function["name"] == "quotes" and function["active_version"]["version"] == 1


@pytest.mark.parametrize("body", [{}, {"name": None}, {"code": None, "disabled": None}, {"x": 1}])
async def test_an_update_needs_a_field(site, body):
    answer = await site.client.put("/api/functions/missing", json=body)

    assert answer.status_code == 400
    assert answer.json() == {"error": "request: at least one field must be provided for update"}


@pytest.mark.parametrize(
    "body", [pytest.param({"name": "x"}, id="settings"), pytest.param({"code": "x"}, id="code")]
)
async def test_updating_a_missing_function_writes_nothing(site, body):
    answer = await site.client.put("/api/functions/missing", json=body)

    assert (answer.status_code, answer.json()) == (404, {"error": "Function not found"})
    assert (await site.client.get("/api/functions")).json()["pagination"]["total"] == 0


async def test_delete_removes_the_function_and_its_secrets(site):
    function_id = (await create(site))["id"]
    await site.client.put(f"/api/functions/{function_id}/env", json={"env_vars": {"A": "1"}})

    first = await site.client.delete(f"/api/functions/{function_id}")
    second = await site.client.delete(f"/api/functions/{function_id}")

    assert (first.status_code, first.content) == (204, b"")
    assert (second.status_code, second.json()) == (404, {"error": "Function not found"})
    assert await site.server.store.env.all(function_id) == {}


# --- environment --------------------------------------------------------------


async def test_the_environment_is_replaced_as_a_whole(site):
    function_id = (await create(site))["id"]
    path = f"/api/functions/{function_id}/env"
    await site.client.put(path, json={"env_vars": {"A": "1", "B": "2"}})

    answer = await site.client.put(path, json={"env_vars": {"B": "", "9_x": "é"}})

    assert answer.status_code == 200
    assert answer.json()["id"] == f"ver_{function_id}_v1"
    found = (await site.client.get(f"/api/functions/{function_id}")).json()
    assert found["env_vars"] == {"B": "", "9_x": "é"}
    assert found["active_version"]["version"] == 1


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        pytest.param(None, "env_vars: env_vars cannot be nil", id="null"),
        pytest.param(
            {f"K{n}": "" for n in range(101)},
            "env_vars: cannot have more than 100 environment variables",
            id="too many",
        ),
        pytest.param(
            {" ": "v"}, "env_var_key: environment variable key cannot be empty", id="blank key"
        ),
        pytest.param(
            {"K" * 101: "v"},
            "env_var_key: environment variable key cannot be longer than 100 characters",
            id="long key",
        ),
        pytest.param(
            {"A-B": "v"},
            "env_var_key: environment variable key can only contain letters, numbers,"
            " and underscores",
            id="bad key",
        ),
        pytest.param(
            {"A": "v" * 10001},
            "env_var_value: environment variable value cannot be longer than 10000 characters",
            id="long value",
        ),
        pytest.param(
            {"B-": "v", "A": "v" * 10001},
            "env_var_value: environment variable value cannot be longer than 10000 characters",
            id="first in key order",
        ),
    ],
)
async def test_broken_rules_of_the_environment(site, variables, text):
    answer = await site.client.put("/api/functions/missing/env", json={"env_vars": variables})

    assert (answer.status_code, answer.json()) == (400, {"error": text})


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 400, "env_vars: env_vars cannot be nil"),
        ({"env_vars": {"A": 1}}, 400, "Invalid request body"),
        ({"env_vars": []}, 400, "Invalid request body"),
        ({"env_vars": {}}, 404, "Function not found"),
    ],
)
async def test_environments_of_missing_functions(site, body, status, text):
    answer = await site.client.put("/api/functions/missing/env", json=body)

    assert (answer.status_code, answer.json()) == (status, {"error": text})


# --- languages and memory -----------------------------------------------------


async def test_a_language_is_chosen_at_creation_and_shown_everywhere(site):
    function = await create(site, runtime="python")

    one = (await site.client.get(f"/api/functions/{function['id']}")).json()
    listed = (await site.client.get("/api/functions")).json()["functions"][0]
    for shown in (function, one, listed):
        assert shown["runtime"] == shown["active_version"]["runtime"] == "python"


async def test_a_language_never_changes(site):
    function = await create(site, runtime="python")
    path = f"/api/functions/{function['id']}"

    same = await site.client.put(path, json={"runtime": "python", "code": "other"})
    other = await site.client.put(path, json={"runtime": "lua", "code": "third"})

    assert same.status_code == 200 and same.json()["active_version"]["runtime"] == "python"
    assert other.status_code == 400
    assert other.json()["error"] == (
        "runtime: runtime cannot be changed; this function is in python"
    )
    assert (await site.client.get(path)).json()["active_version"]["code"] == "other"


async def test_language_and_memory_reach_the_runtime(site):
    async def behaviour(_):
        return None

    function_id = await site.create(behaviour, runtime="python", memory_mb=32)
    await site.client.get(f"/fn/{function_id}")
    cleared = await site.client.put(f"/api/functions/{function_id}", json={"memory_mb": None})
    await site.client.get(f"/fn/{function_id}")

    assert "memory_mb" not in cleared.json()
    seen = [(request.runtime, request.memory_mb) for request in site.runtime.requests]
    assert seen == [("python", 32), ("python", None)]


async def test_workers_are_made_ready_when_a_function_is_created(site):
    await create(site, runtime="python")
    await site.client.post("/api/functions", json={"name": "", "runtime": "python"})

    assert site.runtime.prepared == ["python"]


async def test_workers_are_made_ready_at_the_next_start(tmp_path):
    async with open_site(tmp_path) as site:
        await create(site, runtime="python")

    async with open_site(tmp_path) as site:
        assert site.runtime.prepared == ["python"]


async def test_settings_of_calls_are_stored_and_cleared(site):
    """Methods are stored in one form; null and an empty text clear."""
    given = {
        "timeout_s": 5,
        "access": "signature",
        "signature_scheme": "github",
        "rate_limit": 10,
        "rate_window_s": 60,
        "max_concurrency": 3,
        "handles_options": True,
        "unsandboxed_html": True,
    }
    function = await create(site, allowed_methods="delete, Get,get", **given)
    path = f"/api/functions/{function['id']}"

    found = (await site.client.get(path)).json()
    cleared = dict.fromkeys(["timeout_s", "signature_scheme", "rate_limit", "rate_window_s"])
    await site.client.put(path, json=cleared | {"max_concurrency": None, "allowed_methods": ""})
    left = (await site.client.get(path)).json()

    assert {name: found[name] for name in given} == given
    assert found["allowed_methods"] == "GET,DELETE"
    assert not (cleared.keys() | {"max_concurrency", "allowed_methods"}) & left.keys()
    assert (left["access"], left["handles_options"]) == ("signature", True)


async def test_the_bytes_that_executions_may_take_up_are_set_shown_and_cleared(site):
    function_id = await site.create(given_up, retention_bytes=2**20)
    url = f"/api/functions/{function_id}"

    created = (await site.client.get(url)).json()
    changed = (await site.client.put(url, json={"retention_bytes": 2**30})).json()
    kept = (await site.client.put(url, json={"name": "other"})).json()
    cleared = (await site.client.put(url, json={"retention_bytes": None})).json()

    assert [one["retention_bytes"] for one in (created, changed, kept)] == [2**20, 2**30, 2**30]
    assert "retention_bytes" not in cleared


async def given_up(_):
    raise AssertionError("is never called")


async def test_kd_102_empty_lists_are_lists(site):
    functions = (await site.client.get("/api/functions")).json()["functions"]
    await site.server.store.create_function(Function(id="bare", name="bare"))
    versions = (await site.client.get("/api/functions/bare/versions")).json()["versions"]
    executions = (await site.client.get("/api/functions/bare/executions")).json()["executions"]

    assert functions == versions == executions == []


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


async def test_kd_118_successful_changes_keep_their_statuses_and_return_the_new_state(site):
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

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(look())
        for _ in range(10):
            await create(site)

    assert all(one["active_version"] is not None for one in seen)
