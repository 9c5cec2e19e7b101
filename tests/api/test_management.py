"""The management API: `rest-api` 1 to 3 and 5."""

import json

import pytest

from perilune.store import Function, StoreUnavailable

from .conftest import KEY, open_site

CODE = "function handler() end"


async def create(site, **members) -> dict:
    answer = await site.client.post(
        "/api/functions", json={"name": "quotes", "code": CODE, **members}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


# --- who may use it -----------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/api/functions", id="list"),
        pytest.param("POST", "/api/functions", id="create"),
        pytest.param("GET", "/api/nope", id="unknown path"),
        pytest.param("PATCH", "/api/functions", id="wrong method"),
        pytest.param("OPTIONS", "/api/functions", id="preflight"),
        pytest.param("GET", "/api", id="the root"),
        pytest.param("GET", "/api/", id="the root with slash"),
        pytest.param("GET", "/api/executions/x", id="execution"),
    ],
)
async def test_strangers_learn_nothing(stranger, method, path):
    answer = await stranger.request(method, path)

    assert (answer.status_code, answer.json()) == (401, {"error": "Authentication required"})
    assert "access-control-allow-origin" not in answer.headers


async def test_the_key_as_cookie_is_not_accepted(stranger):
    answer = await stranger.get("/api/functions", headers={"Cookie": f"auth_token={KEY}"})

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/api/functions", "/api/functions/x", "/api/nope"])
async def test_every_answer_is_hardened_and_without_cors(site, path):
    answer = await site.client.get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    assert not any(name.startswith("access-control-") for name in answer.headers)
    assert answer.headers["content-type"] == "application/json"
    assert answer.text.endswith("}\n")


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/api/nope", 404, None),
        ("GET", "/api", 404, None),
        ("GET", "/api/functions/", 404, None),
        ("PATCH", "/api/functions", 405, "GET, HEAD, POST"),
        ("POST", "/api/functions/x", 405, "DELETE, GET, HEAD, PUT"),
        ("GET", "/api/functions/x/env", 405, "PUT"),
        ("DELETE", "/api/executions/x/logs", 405, "GET, HEAD"),
        ("OPTIONS", "/api/functions", 405, "GET, HEAD, POST"),
    ],
)
async def test_unknown_paths_and_methods(site, method, path, status, allow):
    answer = await site.client.request(method, path)

    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert answer.headers.get("allow") == allow


async def test_head_is_get_without_body(site):
    answer = await site.client.head("/api/functions")

    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


# --- functions ----------------------------------------------------------------


async def test_create_answers_the_function(site):
    function = await create(site, name="  quotes ", description="random quotes")

    created_at = function["created_at"]
    assert function == {
        "id": function["id"],
        "name": "quotes",
        "description": "random quotes",
        "env_vars": {},
        "disabled": False,
        "save_response": False,
        "created_at": created_at,
        "updated_at": function["updated_at"],
        "active_version": {
            "id": f"ver_{function['id']}_v1",
            "function_id": function["id"],
            "version": 1,
            "code": CODE,
            "created_at": function["active_version"]["created_at"],
            "is_active": True,
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


async def test_lists_are_newest_first_in_pages(site):
    assert (await site.client.get("/api/functions")).json() == {
        "functions": [],
        "pagination": {"total": 0, "limit": 20, "offset": 0},
    }
    ids = [(await create(site, name=f"f{number}"))["id"] for number in range(3)]
    await site.client.put(f"/api/functions/{ids[0]}/env", json={"env_vars": {"A": "secret"}})

    page = (await site.client.get("/api/functions?limit=2&offset=1")).json()

    everything = (await site.client.get("/api/functions")).json()["functions"]
    assert sorted(one["id"] for one in everything) == sorted(ids)
    assert page["functions"] == everything[1:]
    assert page["pagination"] == {"total": 3, "limit": 2, "offset": 1}
    assert all(one["env_vars"] == {} for one in everything)
    assert all(one["active_version"]["code"] == CODE for one in everything)


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [
        ("", 20, 0),
        ("limit=101", 100, 0),
        ("limit=0", 20, 0),
        ("limit=-5", 20, 0),
        ("limit=abc", 20, 0),
        ("limit=1_0", 20, 0),
        ("limit=5.0", 20, 0),
        ("limit=%205", 20, 0),
        ("limit=%D9%A3", 20, 0),
        ("limit=%2B5", 5, 0),
        ("limit=99999999999999999999999", 20, 0),
        ("offset=-1", 20, 0),
        ("offset=x", 20, 0),
        ("offset=7", 20, 7),
        ("offset=9223372036854775807", 20, 9223372036854775807),
        ("offset=9223372036854775808", 20, 0),
    ],
)
async def test_pagination_never_fails(site, query, limit, offset):
    answer = await site.client.get(f"/api/functions?{query}")

    assert answer.status_code == 200
    assert answer.json()["pagination"] == {"total": 0, "limit": limit, "offset": offset}


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


# --- validation ---------------------------------------------------------------

FIELD_ERRORS = [
    pytest.param({"name": ""}, "name: name cannot be empty", id="name empty"),
    pytest.param({"name": " \t"}, "name: name cannot be empty", id="name blank"),
    pytest.param(
        {"name": "é" * 101}, "name: name cannot be longer than 100 characters", id="name long"
    ),
    pytest.param({"name": "a\nb"}, "name: name cannot contain control characters", id="name lf"),
    pytest.param(
        {"description": "d" * 501},
        "description: description cannot be longer than 500 characters",
        id="description",
    ),
    pytest.param({"code": " \n"}, "code: code cannot be empty", id="code blank"),
    pytest.param(
        {"code": "é" * 524289}, "code: code cannot be longer than 1048576 bytes", id="code long"
    ),
    pytest.param(
        {"retention_days": 8},
        "retention_days: retention_days must be one of: [7 15 30 365]",
        id="retention",
    ),
    pytest.param(
        {"cron_schedule": "* * * * *"},
        "cron_schedule: schedules are not available yet",
        id="schedule",
    ),
    pytest.param(
        {"cron_status": "on"},
        "cron_status: cron_status must be one of: [active paused]",
        id="cron status",
    ),
    pytest.param(
        {"cron_status": "on", "retention_days": 1, "description": "d" * 501},
        "description: description cannot be longer than 500 characters",
        id="the first error in order",
    ),
]


@pytest.mark.parametrize(("members", "text"), FIELD_ERRORS)
async def test_broken_rules(site, members, text):
    """A rule is reported the same way by create and update, before existence is looked at."""
    created = await site.client.post("/api/functions", json={"name": "n", "code": "c"} | members)
    updated = await site.client.put("/api/functions/missing", json=members)

    for answer in (created, updated):
        assert (answer.status_code, answer.json()) == (400, {"error": text})
    assert (await site.client.get("/api/functions")).json()["functions"] == []


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"name": "é" * 100}, id="longest name"),
        pytest.param({"name": " " * 50 + "x" * 100}, id="blanks around don't count"),
        pytest.param({"description": "d" * 500}, id="longest description"),
        pytest.param({"code": "x" * 1048576}, id="longest code"),
        pytest.param({"cron_status": "paused"}, id="cron status"),
        pytest.param({"unknown": {"a": 1}}, id="unknown field"),
    ],
)
async def test_what_the_rules_allow(site, members):
    await create(site, **members)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b'{"name":"n","code":"c"} x', id="something after it"),
        pytest.param(b'{"name":1,"code":"c"}', id="number as name"),
        pytest.param(b'{"name":"n","code":"c","disabled":"yes"}', id="text as flag"),
        pytest.param(b'{"name":"n","code":"c","retention_days":"7"}', id="text as number"),
        pytest.param(b'{"name":"n","code":"c","retention_days":7.5}', id="fraction"),
        pytest.param(b'{"name":"\xff","code":"c"}', id="not utf-8"),
        pytest.param(b'{"name":"\\ud800","code":"c"}', id="half a character"),
        pytest.param(b'{"name":"n","code":"c","z":' + b"[" * 100_000, id="too deep"),
    ],
)
async def test_bodies_that_are_not_what_is_expected(site, body):
    answers = [
        await site.client.post("/api/functions", content=body),
        await site.client.put("/api/functions/missing", content=body),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()) == (400, {"error": "Invalid request body"})


async def test_the_content_type_does_not_matter(site):
    answer = await site.client.post(
        "/api/functions",
        content=json.dumps({"name": "n", "code": "c"}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 200


async def test_a_missing_code_is_an_empty_one(site):
    answer = await site.client.post("/api/functions", json={"name": "n"})

    assert answer.json() == {"error": "code: code cannot be empty"}


async def test_bodies_above_two_mebibytes_are_refused(site):
    answer = await site.client.post("/api/functions", content=b" " * (2 * 1024 * 1024 + 1))

    assert (answer.status_code, answer.json()) == (413, {"error": "Request body too large"})


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


# --- executions ---------------------------------------------------------------


async def test_executions_are_listed_without_and_shown_with_their_response(site):
    function_id = await site.answering(body="hi", status_code=404)
    await site.client.put(f"/api/functions/{function_id}", json={"save_response": True})
    execution_id = (await site.client.post(f"/fn/{function_id}/p", content=b"in")).headers[
        "x-execution-id"
    ]

    listed = (await site.client.get(f"/api/functions/{function_id}/executions")).json()
    shown = (await site.client.get(f"/api/executions/{execution_id}")).json()

    assert listed["pagination"] == {"total": 1, "limit": 20, "offset": 0}
    (row,) = listed["executions"]
    assert "response_json" not in row
    assert json.loads(shown.pop("response_json"))["body"] == "hi"
    assert shown == row
    assert (row["status"], row["trigger"]) == ("error", "http")
    assert json.loads(row["event_json"])["body"] == "in"


async def test_logs_come_with_their_execution(site):
    function_id = await site.answering()
    execution_id = (await site.client.get(f"/fn/{function_id}")).headers["x-execution-id"]
    rows = site.server.store.logs
    for number, level in enumerate((0, 1, 2, 3, 9)):
        rows.append(f"l{number}", execution_id, level, f"line {number}", 1000 + number)
    await site.client.put(f"/api/functions/{function_id}", json={"disabled": True})

    shown = (await site.client.get(f"/api/executions/{execution_id}/logs?limit=3")).json()
    rest = (await site.client.get(f"/api/executions/{execution_id}/logs?offset=3")).json()

    assert shown["id"] == execution_id and shown["status"] == "success"
    assert shown["pagination"] == {"total": 5, "limit": 3, "offset": 0}
    assert shown["logs"][0] == {"level": "info", "message": "line 0", "created_at": 1000}
    levels = [line["level"] for line in shown["logs"] + rest["logs"]]
    assert levels == ["info", "debug", "warn", "error", "info"]


async def test_empty_lists_of_executions_and_logs(site):
    function_id = await site.answering()

    executions = (await site.client.get(f"/api/functions/{function_id}/executions")).json()

    assert executions["executions"] == []
    execution_id = (await site.client.get(f"/fn/{function_id}")).headers["x-execution-id"]
    assert (await site.client.get(f"/api/executions/{execution_id}/logs")).json()["logs"] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/api/functions/missing", "Function not found"),
        ("/api/functions/missing/executions", "Function not found"),
        ("/api/executions/missing", "Execution not found"),
        ("/api/executions/missing/logs", "Execution not found"),
    ],
)
async def test_what_does_not_exist(site, path, text):
    answer = await site.client.get(path)

    assert (answer.status_code, answer.json()) == (404, {"error": text})


# --- a store that fails -------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [
        ("GET", "/api/functions", None, "Failed to list functions"),
        ("POST", "/api/functions", {"name": "n", "code": "c"}, "Failed to create function"),
        ("GET", "/api/functions/x", None, "Failed to get function"),
        ("PUT", "/api/functions/x", {"name": "n"}, "Failed to update function"),
        ("DELETE", "/api/functions/x", None, "Failed to delete function"),
        ("PUT", "/api/functions/x/env", {"env_vars": {}}, "Failed to get current env vars"),
        ("GET", "/api/functions/x/executions", None, "Failed to list executions"),
        ("GET", "/api/executions/x", None, "Failed to get execution"),
    ],
)
async def test_a_broken_store_is_not_a_missing_record(site, caplog, method, path, body, text):
    await site.server.store.close()

    answer = await site.client.request(method, path, json=body)

    assert (answer.status_code, answer.json()) == (500, {"error": text})
    assert "closed" in caplog.text, "the cause belongs into the log"
    assert "closed" not in answer.text


async def test_a_failed_first_version_leaves_no_function(site, monkeypatch):
    from perilune.store.versions import Versions

    async def fail(*_, **__):
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(Versions, "create", fail)

    answer = await site.client.post("/api/functions", json={"name": "n", "code": "c"})

    assert answer.json() == {"error": "Failed to create initial version"}
    assert (await site.client.get("/api/functions")).json()["functions"] == []


async def test_a_crash_is_answered_and_logged_once(site, monkeypatch, caplog):
    from perilune.api.functions import Functions

    async def crash(*_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Functions, "get", crash)

    answer = await site.client.get("/api/functions/x")

    assert (answer.status_code, answer.json()) == (500, {"error": "Internal server error"})
    assert caplog.text.count("Traceback") == 1


# --- the log ------------------------------------------------------------------


async def test_requests_are_logged_without_query_and_secrets(site, caplog):
    caplog.set_level("INFO", logger="perilune.access")
    function_id = await site.answering()

    await site.client.get("/api/functions?limit=1&token=abc", headers={"X-Request-Id": "r1"})
    await site.client.get(f"/fn/{function_id}")

    fields = [record.fields for record in caplog.records if record.name == "perilune.access"]
    assert [one["path"] for one in fields] == ["/api/functions", "/api/functions"]
    assert fields[1]["method"] == "GET" and fields[1]["status"] == 200
    assert fields[1]["request_id"] == "r1" and fields[1]["duration_ms"] > 0
    assert KEY not in caplog.text and "token" not in caplog.text


async def test_calls_of_functions_can_be_logged_too(tmp_path, caplog):
    caplog.set_level("INFO", logger="perilune.access")
    async with open_site(tmp_path, access_log="all") as site:
        answer = await site.client.get("/fn/x%0Ay?a=1")

        assert answer.status_code == 404
    fields = [record.fields for record in caplog.records if record.name == "perilune.access"]
    assert [(one["path"], one["status"]) for one in fields] == [("/fn/x%0Ay", 404)]
