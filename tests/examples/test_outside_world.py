"""The example functions that talk to others: a model, an e-mail provider, other servers."""

import html
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from perilune.services.ai import AIError, ChatResponse, FakeAIClient, Usage
from perilune.services.email import EmailError, FakeEmailClient
from perilune.services.http import FakeClient, HTTPClientError, Response
from tests.examples.conftest import (
    STRANGERS,
    TOKEN,
    Example,
    Stage,
    UnreadableKV,
    full_kv,
    open_stage,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
        assert given.logs == ["no summary: anthropic API error: account 4711 is overdrawn"]


@pytest.mark.parametrize("headers", STRANGERS)
async def test_strangers_can_not_use_the_model(stage: Stage, headers: dict[str, str]) -> None:
    summary = await deploy_summary(stage)

    given = await summary.call("POST", headers=headers, body="text")

    assert (given.status, given.json) == (401, {"error": "wrong or missing token"})
    assert stage.ai.requests == []


TOO_LONG = "the text must not be longer than 50000 characters"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        pytest.param("  ", 400, "the body must be a text", id="empty"),
        pytest.param("x" * 50_001, 413, TOO_LONG, id="too long"),
        pytest.param("🌙" * 50_001, 413, TOO_LONG, id="too long, of large characters"),
    ],
)
async def test_unfit_texts_are_not_sent(stage: Stage, body: str, status: int, error: str) -> None:
    summary = await deploy_summary(stage)

    given = await summary.call("POST", headers=TOKEN, body=body)

    assert (given.status, given.json) == (status, {"error": error})
    assert stage.ai.requests == []


async def test_the_longest_text_is_counted_in_characters(stage: Stage) -> None:
    summary = await deploy_summary(stage)

    given = await summary.call("POST", headers=TOKEN, body="🌙" * 50_000)

    assert given.status == 200


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"AI_MODEL": "small"}, id="no token"),
        pytest.param({"AI_MODEL": "small", "SUMMARY_TOKEN": ""}, id="empty token"),
        pytest.param({"SUMMARY_TOKEN": "opensesame"}, id="no model"),
        pytest.param({"SUMMARY_TOKEN": "opensesame", "AI_MODEL": ""}, id="empty model"),
    ],
)
async def test_nothing_is_sent_before_all_is_configured(stage: Stage, env: dict[str, str]) -> None:
    summary = await stage.deploy("ai_summary", **env)

    given = await summary.call("POST", headers=TOKEN, body="text")

    assert (given.status, given.json) == (500, {"error": "not configured"})
    assert given.logs == ["SUMMARY_TOKEN and AI_MODEL must be set"]
    assert stage.ai.requests == []


# contact_form ---------------------------------------------------------------------

FIELDS = {
    "name": "Ada <b>",
    "email": "ada@example.org",
    "message": "Hi & <i>bye</i>\r\nA.",
    "website": "",
}


def page(content: str) -> str:
    return f"<!doctype html><meta charset=utf-8><title>Contact</title>{content}"


def shown_form(problem: str = "", **values: str) -> str:
    """Return the form with these values, which are HTML."""
    values = {"name": "", "email": "", "message": ""} | values
    return page(
        (f"<p role=alert>{problem}</p>" if problem else "")
        + '<form method="post">'
        + f'<p><label>Name <input name="name" value="{values["name"]}"></label>'
        + f'<p><label>E-mail <input name="email" value="{values["email"]}"></label>'
        + f'<p><label>Message <textarea name="message">{values["message"]}</textarea></label>'
        + '<p hidden><label>Website <input name="website" tabindex="-1" autocomplete="off"></label>'
        + "<p><button>Send</button></form>"
    )


async def deploy_form(stage: Stage) -> Example:
    return await stage.deploy(
        "contact_form", CONTACT_TO="us@example.org", CONTACT_FROM="form@example.org"
    )


async def test_a_message_is_sent(stage: Stage) -> None:
    form = await deploy_form(stage)

    shown = await form.call("GET")
    sent = await form.call("POST", body=urlencode(FIELDS))

    assert (shown.status, shown.text) == (200, shown_form())
    assert shown.response.headers["Content-Type"] == "text/html; charset=utf-8"
    thanks = "<p>Thank you, Ada &lt;b&gt;. We will answer soon.</p>"
    assert (sent.status, sent.text) == (200, page(thanks))
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
        assert answer.text == shown_form(
            "Your message could not be sent. Please try again later.",
            name="Ada &lt;b&gt;",
            email="ada@example.org",
            message="Hi &amp; &lt;i&gt;bye&lt;/i&gt;\r\nA.",
        ), "what was written is still in the form"
        assert answer.logs == ["message not sent: [ERROR]: domain is not verified"]


async def test_a_form_without_a_receiver_sends_nothing(stage: Stage) -> None:
    form = await stage.deploy("contact_form")

    answer = await form.call("POST", body=urlencode(FIELDS))

    assert answer.status == 502
    assert answer.logs == ["message not sent: to is required"]
    assert stage.email.requests == []


NO_NAME = "Please tell us your name."
NO_ADDRESS = "Please give an e-mail address at which we can answer."
NO_MESSAGE = "Please write a message of at most 5000 characters."


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({"name": " "}, NO_NAME, id="no name"),
        pytest.param({"name": "é" * 101}, NO_NAME, id="long name"),
        pytest.param({"name": "a\r\nBcc: b@example.org"}, NO_NAME, id="line break in the name"),
        pytest.param({"name": "a\x7fb"}, NO_NAME, id="control character in the name"),
        pytest.param({"email": "ada"}, NO_ADDRESS, id="no address"),
        pytest.param({"email": "a@b"}, NO_ADDRESS, id="no domain"),
        pytest.param({"email": "a@b.c, d@e.f"}, NO_ADDRESS, id="two addresses"),
        pytest.param({"email": "a\x01@b.c"}, NO_ADDRESS, id="control character in the address"),
        pytest.param({"email": "a" * 251 + "@b.c"}, NO_ADDRESS, id="long address"),
        pytest.param({"message": ""}, NO_MESSAGE, id="no message"),
        pytest.param({"message": "é" * 5001}, NO_MESSAGE, id="too long"),
    ],
)
async def test_unfit_fields_are_refused(stage: Stage, change: dict[str, str], problem: str) -> None:
    form = await deploy_form(stage)

    answer = await form.call("POST", body=urlencode(FIELDS | change))

    written = {name: html.escape(value.strip()) for name, value in (FIELDS | change).items()}
    assert answer.status == 400
    assert answer.text == shown_form(problem, **written)
    assert stage.email.requests == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"name": "é" * 100}, id="long name"),
        pytest.param({"name": "山田\u3000太郎"}, id="wide blank"),
        pytest.param({"name": "a\u200cb"}, id="joiner"),
        pytest.param({"email": "zoë@büro.example"}, id="international address"),
        pytest.param({"message": "🌙" * 5000}, id="long message"),
    ],
)
async def test_people_may_write_as_they_do_elsewhere(stage: Stage, change: dict[str, str]) -> None:
    form = await deploy_form(stage)

    answer = await form.call("POST", body=urlencode(FIELDS | change))

    assert answer.status == 200, answer.text
    assert len(stage.email.requests) == 1


@pytest.mark.parametrize("body", ["", "\x00%zz", "[]", "name=&email=&message="])
async def test_a_body_that_is_no_form_is_refused(stage: Stage, body: str) -> None:
    form = await deploy_form(stage)

    answer = await form.call("POST", body=body)

    assert (answer.status, answer.text) == (400, shown_form(NO_NAME))
    assert stage.email.requests == []


async def test_of_repeated_fields_the_first_counts(stage: Stage) -> None:
    form = await deploy_form(stage)

    empty = await form.call("POST", body="name=&" + urlencode(FIELDS))
    sent = await form.call("POST", body=urlencode(FIELDS) + "&name=Eve&email=eve@example.org")

    assert (empty.status, sent.status) == (400, 200)
    ((_, email),) = stage.email.requests
    assert (email.subject, email.reply_to) == ("Message from Ada <b>", ("ada@example.org",))


async def test_quotes_can_not_leave_their_attribute(stage: Stage) -> None:
    form = await deploy_form(stage)

    answer = await form.call("POST", body=urlencode({"name": "\"'&<>"}))

    assert answer.text == shown_form(NO_ADDRESS, name="&quot;&#x27;&amp;&lt;&gt;")


async def test_programs_that_fill_in_everything_are_thanked_and_ignored(stage: Stage) -> None:
    form = await deploy_form(stage)

    answer = await form.call("POST", body=urlencode(FIELDS | {"website": "https://spam"}))

    assert answer.status == 200 and "Thank you" in answer.text
    assert stage.email.requests == []


# health_check ---------------------------------------------------------------------

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


async def test_a_state_that_can_not_be_stored_is_logged(tmp_path: Path, language: str) -> None:
    async with open_stage(tmp_path, kv=full_kv, language=language) as stage:
        check = await deploy_check(stage)
        stage.http.set_response("GET", SITE, Response(status_code=200))

        answer = await check.call("POST", headers=TOKEN)

        assert (answer.status, answer.json) == (200, {"state": "up", "changed": False})
        (line,) = answer.logs
        assert line.startswith("state not stored: KV error: ")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_state_that_can_not_be_read_is_an_error(
    tmp_path: Path, language: str, method: str
) -> None:
    """It is not taken for up: somebody would be told of a change at each check."""
    async with open_stage(tmp_path, kv=UnreadableKV, language=language) as stage:
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
async def test_strangers_can_not_start_a_check(stage: Stage, headers: dict[str, str]) -> None:
    check = await deploy_check(stage)

    answer = await check.call("POST", headers=headers | {"X-Trigger": "cron"})

    assert (answer.status, answer.json) == (401, {"error": "wrong or missing token"})
    assert stage.http.requests == []
