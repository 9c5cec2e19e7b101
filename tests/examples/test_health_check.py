"""The example that watches another server, in every language."""

import json

import pytest

from perilune.services.http import FakeClient, HTTPClientError, Response
from tests.examples.conftest import (
    STRANGERS,
    TOKEN,
    Example,
    Stage,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


SITE, HOOK = "https://site.example.org/", "https://hook.example.org/"


async def deploy_check(stage: Stage, **env: str) -> Example:
    alerts = env or {"ALERT_WEBHOOK": HOOK}
    stage.http.set_response("POST", HOOK, Response(status_code=200))
    return await stage.deploy("health_check", CHECK_URL=SITE, CHECK_TOKEN="opensesame", **alerts)


def alerts(http: FakeClient) -> list[str]:
    return [json.loads(one.body)["text"] for one in http.requests if one.url == HOOK]


async def test_each_change_is_told_once(stage: Stage) -> None:
    check = await deploy_check(stage)
    states = []

    for outcome in (
        Response(status_code=200),
        *[Response(status_code=500)] * 2,
        Response(status_code=200),
    ):
        stage.http.set_response("GET", SITE, outcome)
        states.append((await check.call("POST", trigger="cron")).json["state"])

    assert states == ["up", "down", "down", "up"]
    assert alerts(stage.http) == [
        f"{SITE} is down (status 500)",
        f"{SITE} is up (status 200)",
    ]
    assert (await check.call("GET")).json == {"state": "up"}


async def test_an_alert_that_fails_is_tried_again(stage: Stage) -> None:
    check = await deploy_check(stage)
    stage.http.set_error("GET", SITE, HTTPClientError("HTTP request failed: no such host"))
    stage.http.set_response("POST", HOOK, Response(status_code=503))

    first = await check.call("POST", headers=TOKEN)
    stage.http.set_response("POST", HOOK, Response(status_code=200))
    second = await check.call("POST", headers=TOKEN)

    assert (first.status, first.json) == (502, {"error": "alert not sent", "state": "down"})
    assert first.logs == ["alert not sent: status 503"]
    assert (second.status, second.json) == (200, {"state": "down", "changed": True})
    assert alerts(stage.http) == [f"{SITE} is down (HTTP request failed: no such host)"] * 2


@pytest.mark.parametrize(("status", "state"), [(204, "up"), (399, "up"), (400, "down")])
async def test_a_status_below_400_is_up(stage: Stage, status: int, state: str) -> None:
    check = await deploy_check(stage)
    stage.http.set_response("GET", SITE, Response(status_code=status))

    unknown = await check.call("GET")
    answer = await check.call("POST", headers=TOKEN)

    assert unknown.json == {"state": "unknown"}
    assert answer.json == {"state": state, "changed": state == "down"}


@pytest.mark.parametrize("env", [{}, {"CHECK_URL": ""}], ids=["missing", "empty"])
async def test_nothing_is_checked_without_an_address(stage: Stage, env: dict[str, str]) -> None:
    check = await stage.deploy("health_check", CHECK_TOKEN="opensesame", **env)

    answer = await check.call("POST", headers=TOKEN)

    assert (answer.status, answer.json) == (500, {"error": "not configured"})
    assert answer.logs == ["CHECK_URL is not set"]


async def test_a_state_that_cannot_be_stored_is_logged(stage: Stage) -> None:
    stage.kv.fill()
    check = await deploy_check(stage)
    stage.http.set_response("GET", SITE, Response(status_code=200))

    answer = await check.call("POST", headers=TOKEN)

    assert (answer.status, answer.json) == (200, {"state": "up", "changed": False})
    (line,) = answer.logs
    assert line.startswith("state not stored: KV error: ")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_state_that_cannot_be_read_is_an_error(stage: Stage, method: str) -> None:
    """It is not taken for up: somebody would be told of a change at each check."""
    stage.kv.is_readable = False
    check = await deploy_check(stage)
    stage.http.set_response("GET", SITE, Response(status_code=500))

    result = await check.attempt(method, headers=TOKEN)

    assert result.error is not None and "KV error" in str(result.error)
    assert alerts(stage.http) == []


async def test_alerts_may_go_by_email(stage: Stage) -> None:
    check = await deploy_check(
        stage, ALERT_WEBHOOK="", ALERT_TO="ops@example.org", ALERT_FROM="check@example.org"
    )
    stage.http.set_response("GET", SITE, Response(status_code=404))

    answer = await check.call("POST", trigger="cron")

    assert answer.json == {"state": "down", "changed": True}
    ((_, email),) = stage.email.requests
    assert (email.to, email.subject) == (("ops@example.org",), f"{SITE} is down (status 404)")


async def test_an_alert_that_reaches_nobody_is_an_error(stage: Stage) -> None:
    check = await deploy_check(stage, ALERT_FROM="check@example.org")
    stage.http.set_response("GET", SITE, Response(status_code=500))

    answer = await check.call("POST", trigger="cron")

    assert answer.status == 502
    assert answer.logs == ["alert not sent: to is required"]


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strangers_cannot_start_a_check(stage: Stage, headers: dict[str, str]) -> None:
    check = await deploy_check(stage)

    answer = await check.call("POST", headers=headers | {"X-Trigger": "cron"})

    assert (answer.status, answer.json) == (401, {"error": "wrong or missing token"})
    assert stage.http.requests == []
