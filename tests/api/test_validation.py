"""The management API: what requests may say (`rest-api` 3.4)."""

import json

import pytest

from .management import CODE, create

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
        {"cron_schedule": "* * *"},
        "cron_schedule: invalid cron expression: expected exactly 5 fields, found 3: [* * *]",
        id="schedule",
    ),
    pytest.param(
        {"cron_status": "on"},
        "cron_status: cron_status must be one of: [active paused]",
        id="cron status",
    ),
    pytest.param(
        {"runtime": "cobol"}, "runtime: runtime must be one of: [lua python]", id="language"
    ),
    pytest.param(
        {"retention_bytes": 1048575},
        f"retention_bytes: retention_bytes must be between 1048576 and {2**50}",
        id="retention bytes",
    ),
    pytest.param({"memory_mb": 15}, "memory_mb: memory_mb must be between 16 and 128", id="little"),
    pytest.param({"memory_mb": 129}, "memory_mb: memory_mb must be between 16 and 128", id="much"),
    *(
        pytest.param(
            {name: value}, f"{name}: {name} must be between 1 and {most}", id=f"{name} {value}"
        )
        for name, most in (
            ("timeout_s", 300),
            ("rate_limit", 1000000),
            ("rate_window_s", 86400),
            ("max_concurrency", 10000),
        )
        for value in (0, -1, most + 1, 2**62)
    ),
    pytest.param(
        {"access": "nobody"},
        "access: access must be one of: [public token signature]",
        id="access",
    ),
    pytest.param(
        {"signature_scheme": "slack"},
        "signature_scheme: signature_scheme must be one of: [standard github stripe]",
        id="scheme",
    ),
    *(
        pytest.param(
            {"allowed_methods": methods},
            "allowed_methods: allowed_methods must be a comma-separated list of:"
            " [GET HEAD POST PUT PATCH DELETE]",
            id=f"methods {methods}",
        )
        for methods in ("TRACE", "GET,", "GET POST", "OPTIONS", "*", ",")
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
async def test_values_within_the_rules(site, members):
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
async def test_unexpected_bodies_are_refused(site, body):
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


@pytest.mark.parametrize("after", ["x", "{}", "]", "\0"])
async def test_kd_107_nothing_may_follow_a_body(site, after):
    body = json.dumps({"name": "n", "code": CODE, "unknown": 1})

    alone = await site.client.post("/api/functions", content=f" {body}\n ")
    followed = await site.client.post("/api/functions", content=body + after)

    assert alone.status_code == 200
    assert (followed.status_code, followed.json()) == (400, {"error": "Invalid request body"})
