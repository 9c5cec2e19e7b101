"""The example functions that talk to others: a model, an e-mail provider, other servers."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from perilune.services.ai import AIError, ChatResponse, FakeAIClient, Usage
from perilune.services.email import EmailError, FakeEmailClient
from perilune.services.http import FakeClient, HTTPClientError, Response
from tests.examples.conftest import STRANGERS, TOKEN, Example, Stage, open_stage

# ai_summary -----------------------------------------------------------------------


async def deploy_summary(stage: Stage) -> Example:
    return await stage.deploy("ai_summary", SUMMARY_TOKEN="opensesame", AI_MODEL="small")


async def test_a_text_is_summarised(tmp_path: Path, language: str) -> None:
    answer = ChatResponse(content="Short.", model="small", usage=Usage(100, 20))
    async with open_stage(tmp_path, ai=FakeAIClient(answer), language=language) as stage:
        summary = await deploy_summary(stage)

        given = await summary.call("POST", headers=TOKEN, body=" A long text. ")

        assert (given.status, given.json) == (200, {"summary": "Short.", "tokens": 120})
        function_id, request = stage.ai.requests[0]
        assert function_id == summary.id
        assert (request.provider, request.model) == ("anthropic", "small")
        assert [message.role for message in request.messages] == ["system", "user"]
        assert request.messages[1].content == "A long text."


async def test_callers_do_not_learn_why_the_provider_failed(tmp_path: Path, language: str) -> None:
    failing = FakeAIClient(AIError("anthropic API error: account 4711 is overdrawn"))
    async with open_stage(tmp_path, ai=failing, language=language) as stage:
        summary = await deploy_summary(stage)

        given = await summary.call("POST", headers=TOKEN, body="text")

        assert (given.status, given.json) == (502, {"error": "the language model gave no answer"})
        assert "overdrawn" in given.logs[0]


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strangers_can_not_use_the_model(stage: Stage, headers: dict[str, str]) -> None:
    summary = await deploy_summary(stage)

    given = await summary.call("POST", headers=headers, body="text")

    assert given.status == 401
    assert stage.ai.requests == []


@pytest.mark.parametrize(
    ("body", "status"),
    [pytest.param("  ", 400, id="empty"), pytest.param("x" * 50_001, 413, id="too long")],
)
async def test_unfit_texts_are_not_sent(stage: Stage, body: str, status: int) -> None:
    summary = await deploy_summary(stage)

    given = await summary.call("POST", headers=TOKEN, body=body)

    assert given.status == status
    assert stage.ai.requests == []


# contact_form ---------------------------------------------------------------------

FIELDS = {
    "name": "Ada <b>",
    "email": "ada@example.org",
    "message": "Hi & <i>bye</i>\r\nA.",
    "website": "",
}


async def deploy_form(stage: Stage) -> Example:
    return await stage.deploy(
        "contact_form", CONTACT_TO="us@example.org", CONTACT_FROM="form@example.org"
    )


async def test_a_message_is_sent(stage: Stage) -> None:
    form = await deploy_form(stage)

    shown = await form.call("GET")
    sent = await form.call("POST", body=urlencode(FIELDS))

    assert shown.status == 200 and '<form method="post">' in shown.text
    assert shown.response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert sent.status == 200 and "Thank you, Ada &lt;b&gt;." in sent.text
    ((_, email),) = stage.email.requests
    assert (email.from_, email.to) == ("form@example.org", ("us@example.org",))
    assert email.reply_to == ("ada@example.org",)
    assert email.subject == "Message from Ada <b>"
    assert email.text == "Hi & <i>bye</i>\r\nA."
    assert email.html == "<p>Hi &amp; &lt;i&gt;bye&lt;/i&gt;<br>A.</p>"


async def test_a_message_that_can_not_be_sent_is_not_lost(tmp_path: Path, language: str) -> None:
    failing = FakeEmailClient(EmailError("[ERROR]: domain is not verified"))
    async with open_stage(tmp_path, email=failing, language=language) as stage:
        form = await deploy_form(stage)

        answer = await form.call("POST", body=urlencode(FIELDS))

        assert answer.status == 502
        assert "Hi &amp; &lt;i&gt;bye&lt;/i&gt;" in answer.text, "it is still in the form"
        assert "verified" not in answer.text
        assert "domain is not verified" in answer.logs[0]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"name": " "}, id="no name"),
        pytest.param({"name": "a\r\nBcc: all@example.org"}, id="line break in the name"),
        pytest.param({"email": "ada"}, id="no address"),
        pytest.param({"email": "a@b.c, d@e.f"}, id="two addresses"),
        pytest.param({"message": ""}, id="no message"),
        pytest.param({"message": "x" * 5001}, id="too long"),
    ],
)
async def test_unfit_fields_are_refused(stage: Stage, change: dict[str, str]) -> None:
    form = await deploy_form(stage)

    answer = await form.call("POST", body=urlencode(FIELDS | change))

    assert answer.status == 400 and "<p role=alert>" in answer.text
    assert "Ada <b>" not in answer.text
    assert stage.email.requests == []


async def test_a_body_that_is_no_form_is_refused(stage: Stage) -> None:
    form = await deploy_form(stage)

    assert (await form.call("POST", body="\x00%zz")).status == 400
    assert stage.email.requests == []


async def test_programs_that_fill_in_everything_are_thanked_and_ignored(stage: Stage) -> None:
    form = await deploy_form(stage)

    answer = await form.call("POST", body=urlencode(FIELDS | {"website": "https://spam"}))

    assert answer.status == 200
    assert stage.email.requests == []


# health_check ---------------------------------------------------------------------

SITE, HOOK = "https://site.example.org/", "https://hook.example.org/"


async def deploy_check(stage: Stage, **env: str) -> Example:
    alerts = env or {"ALERT_WEBHOOK": HOOK}
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
    assert len(alerts(stage.http)) == 2


async def test_alerts_may_go_by_email(stage: Stage) -> None:
    check = await deploy_check(stage, ALERT_TO="ops@example.org", ALERT_FROM="check@example.org")
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
async def test_strangers_can_not_start_a_check(stage: Stage, headers: dict[str, str]) -> None:
    check = await deploy_check(stage)

    answer = await check.call("POST", headers=headers | {"X-Trigger": "cron"})

    assert answer.status == 401
    assert stage.http.requests == []
