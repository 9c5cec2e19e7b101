"""The tables of the REST contract for functions, row by row (sections 2 and 3).

Rows of schedules and of sign-in stand in the tests of their own.
"""

import pytest

from perilune.store import StoreUnavailable

from .replay import SECOND, VERSION_2, Row, page, refused, replay, row

ONE = "/api/functions/{id}"
GONE = "/api/functions/nope"
FUNCTION = {
    "id": "{id}",
    "name": "quotes",
    "description": "random",
    "env_vars": {"A": "1"},
    "disabled": False,
    "save_response": True,
    "created_at": ...,
    "updated_at": ...,
    "active_version": ...,
    ...: ...,
}
NEW = {"name": "n", "code": "c"}


def name_rule(text: str) -> str:
    return f"name: name {text}"


FUNCTIONS = [
    row(
        "create",
        "POST /api/functions",
        200,
        {
            "id": ...,
            "name": "n",
            "env_vars": {},
            "disabled": False,
            "save_response": False,
            "created_at": ...,
            "updated_at": ...,
            "active_version": {"version": 1, "code": "c", "is_active": True, ...: ...},
            ...: ...,
        },
        sent=NEW,
    ),
    refused("create: body", "POST /api/functions", 400, "Invalid request body", sent=b"{"),
    refused("create: empty body", "POST /api/functions", 400, "Invalid request body", sent=b""),
    refused("create: type", "POST /api/functions", 400, "Invalid request body", sent={"name": 1}),
    refused(
        "kd-107 text after the body",
        "POST /api/functions",
        400,
        "Invalid request body",
        sent=b'{"name":"n","code":"c"} x',
    ),
    refused(
        "create: store",
        "POST /api/functions",
        500,
        "Failed to create initial version",
        sent=NEW,
        failing="Versions.create",
    ),
    row("list", "GET /api/functions?limit=100", 200, {"functions": ..., **page(6, 100)}),
    row(
        "list: beyond the end",
        "GET /api/functions?offset=9",
        200,
        {"functions": [], **page(6, 20, 9)},
    ),
    row("list: 0", "GET /api/functions?limit=0", 200, {"functions": ..., **page(6)}),
    row(
        "list: negative",
        "GET /api/functions?limit=-1&offset=-1",
        200,
        {"functions": ..., **page(6)},
    ),
    row(
        "list: not numbers",
        "GET /api/functions?limit=x&offset=y",
        200,
        {"functions": ..., **page(6)},
    ),
    row("list: too many", "GET /api/functions?limit=101", 200, {"functions": ..., **page(6, 100)}),
    refused(
        "list: store",
        "GET /api/functions",
        500,
        "Failed to list functions",
        failing="list_functions",
    ),
    row("get", f"GET {ONE}", 200, FUNCTION),
    row(
        "kd-106 get without a version",
        "GET /api/functions/bare",
        200,
        {"id": "bare", "active_version": None, ...: ...},
    ),
    refused("get: missing", f"GET {GONE}", 404, "Function not found"),
    refused("get: store", f"GET {ONE}", 500, "Failed to get env vars", failing="env.readable"),
    row("update", f"PUT {ONE}", 200, FUNCTION | {"name": "new"}, sent={"name": " new "}),
    row(
        "update: code",
        f"PUT {ONE}",
        200,
        FUNCTION | {"active_version": {"version": 3, "code": "third", ...: ...}},
        sent={"code": "third"},
    ),
    row(
        "update: the same code",
        f"PUT {ONE}",
        200,
        FUNCTION | {"active_version": VERSION_2},
        sent={"code": SECOND},
    ),
    refused("update: body", f"PUT {ONE}", 400, "Invalid request body", sent=b"[1]"),
    refused(
        "update: nothing",
        f"PUT {ONE}",
        400,
        "request: at least one field must be provided for update",
        sent={},
    ),
    refused("update: missing", f"PUT {GONE}", 404, "Function not found", sent={"name": "x"}),
    refused(
        "kd-100 code for a missing function",
        f"PUT {GONE}",
        404,
        "Function not found",
        sent={"code": "x"},
    ),
    refused(
        "update: rules come first",
        f"PUT {GONE}",
        400,
        name_rule("cannot be empty"),
        sent={"name": " "},
    ),
    refused(
        "update: store",
        f"PUT {ONE}",
        500,
        "Failed to create new version",
        sent={"code": "x"},
        failing="Versions.create",
    ),
    row("delete", f"DELETE {ONE}", 204),
    refused("kd-101 delete: missing", f"DELETE {GONE}", 404, "Function not found"),
    refused(
        "delete: store",
        f"DELETE {ONE}",
        500,
        "Failed to delete function",
        failing="delete_function",
    ),
    row("env", f"PUT {ONE}/env", 200, VERSION_2, sent={"env_vars": {"B": "2"}}),
    refused(
        "env: body", f"PUT {ONE}/env", 400, "Invalid request body", sent={"env_vars": {"A": 1}}
    ),
    refused("env: missing", f"PUT {GONE}/env", 404, "Function not found", sent={"env_vars": {}}),
    refused(
        "env: store reads",
        f"PUT {ONE}/env",
        500,
        "Failed to get current env vars",
        sent={"env_vars": {}},
        failing="get_function",
    ),
    refused(
        "env: store writes",
        f"PUT {ONE}/env",
        500,
        "Failed to set env var",
        sent={"env_vars": {}},
        failing="env.replace",
    ),
    refused(
        "env: store version",
        f"PUT {ONE}/env",
        500,
        "Failed to get active version",
        sent={"env_vars": {}},
        failing="get_active_version",
    ),
]
"""Section 3 with the pages of section 2."""

RULES = [
    ("name: blank", {"name": " \t"}, name_rule("cannot be empty")),
    ("name: long", {"name": "é" * 101}, name_rule("cannot be longer than 100 characters")),
    (
        "kd-103 name: control character",
        {"name": "a\nb"},
        name_rule("cannot contain control characters"),
    ),
    (
        "description: long",
        {"description": "é" * 501},
        "description: description cannot be longer than 500 characters",
    ),
    ("code: blank", {"code": " \n"}, "code: code cannot be empty"),
    ("code: long", {"code": "é" * 524_288 + "x"}, "code: code cannot be longer than 1048576 bytes"),
    (
        "retention_days",
        {"retention_days": 8},
        "retention_days: retention_days must be one of: [7 15 30 365]",
    ),
    ("order", {"name": "", "code": "", "retention_days": 1}, name_rule("cannot be empty")),
]
"""Section 3.4: the rules for the members of functions."""

VARIABLES = [
    ("env_vars: absent", None, "env_vars: env_vars cannot be nil"),
    (
        "env_vars: many",
        {f"K{n}": "" for n in range(101)},
        "env_vars: cannot have more than 100 environment variables",
    ),
    ("key: blank", {" ": "v"}, "env_var_key: environment variable key cannot be empty"),
    (
        "key: long",
        {"K" * 101: "v"},
        "env_var_key: environment variable key cannot be longer than 100 characters",
    ),
    (
        "key: letters",
        {"A-B": "v"},
        "env_var_key: environment variable key can only contain letters, numbers, and underscores",
    ),
    (
        "value: long",
        {"A": "v" * 10_001},
        "env_var_value: environment variable value cannot be longer than 10000 characters",
    ),
]
"""Section 3.4: the rules for variables."""

ACCEPTED = [
    ("name: 100 characters", {"name": "é" * 100}),
    ("description: 500 characters", {"description": "é" * 500}),
    ("code: 1048576 bytes", {"code": "é" * 524_288}),
    *((f"retention_days: {days}", {"retention_days": days}) for days in (7, 15, 30, 365)),
    ("kd-113 description: null", {"description": None}),
    ("kd-113 retention_days: null", {"retention_days": None}),
    ("unknown members", {"name": "n", "colour": "red"}),
]


@pytest.mark.parametrize("one", FUNCTIONS)
async def test_functions(site, one: Row, monkeypatch):
    await replay(site, one, monkeypatch)


@pytest.mark.parametrize(
    ("members", "text"), [pytest.param(*rest, id=name) for name, *rest in RULES]
)
async def test_rules_of_functions(site, members, text):
    """They are the same for a new function and for a change."""
    created = await site.client.post("/api/functions", json=NEW | members)
    changed = await site.client.put("/api/functions/nope", json=members)

    for answer in (created, changed):
        assert (answer.status_code, answer.json()) == (400, {"error": text})
    assert (await site.client.get("/api/functions")).json()["functions"] == []


@pytest.mark.parametrize(
    ("variables", "text"), [pytest.param(*rest, id=name) for name, *rest in VARIABLES]
)
async def test_rules_of_variables(site, variables, text):
    answer = await site.client.put("/api/functions/nope/env", json={"env_vars": variables})

    assert (answer.status_code, answer.json()) == (400, {"error": text})


@pytest.mark.parametrize("members", [pytest.param(one, id=name) for name, one in ACCEPTED])
async def test_values_just_within_the_rules(site, members):
    created = await site.client.post("/api/functions", json=NEW | members)
    assert created.status_code == 200, created.text

    changed = await site.client.put(f"/api/functions/{created.json()['id']}", json=members)

    assert changed.status_code == 200, changed.text


async def test_kd_104_empty_values_and_leading_digits(site):
    function_id = await site.answering()

    answer = await site.client.put(
        f"/api/functions/{function_id}/env", json={"env_vars": {"9": "", "A": "v" * 10_000}}
    )

    assert answer.status_code == 200


async def test_kd_65_settings_given_at_creation_are_stored(site):
    settings = {"disabled": True, "retention_days": 30, "save_response": True}

    created = (await site.client.post("/api/functions", json=NEW | settings)).json()
    found = (await site.client.get(f"/api/functions/{created['id']}")).json()

    for one in (created, found):
        assert {name: one[name] for name in settings} == settings


async def test_kd_64_a_change_that_fails_half_way_changes_nothing(site, monkeypatch):
    function_id = await site.answering()
    from perilune.store.tables.functions import Functions

    async def fail(*_):
        raise StoreUnavailable("disk full")

    before = (await site.client.get(f"/api/functions/{function_id}")).json()
    with monkeypatch.context() as patch:
        patch.setattr(Functions, "update", fail)
        answer = await site.client.put(
            f"/api/functions/{function_id}", json={"code": "other", "name": "other"}
        )

    assert (answer.status_code, answer.json()) == (500, {"error": "Failed to update function"})
    assert (await site.client.get(f"/api/functions/{function_id}")).json() == before
