"""The example that is a form and sends e-mail, in every language."""

import html
from pathlib import Path
from urllib.parse import urlencode

import pytest

from perilune.services.email import EmailError, FakeEmailClient
from tests.examples.conftest import Example, Stage, open_stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


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


async def test_a_message_that_cannot_be_sent_is_not_lost(tmp_path: Path, language: str) -> None:
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
async def test_a_body_that_is_not_a_form_is_refused(stage: Stage, body: str) -> None:
    form = await deploy_form(stage)

    answer = await form.call("POST", body=body)

    assert (answer.status, answer.text) == (400, shown_form(NO_NAME))
    assert stage.email.requests == []


async def test_characters_that_browsers_escape_are_taken_unchanged(stage: Stage) -> None:
    form = await deploy_form(stage)

    await form.call("POST", body="name=a%zz&email=a@b.example&message=a=b#c")

    ((_, email),) = stage.email.requests
    assert (email.subject, email.text) == ("Message from a%zz", "a=b#c")


async def test_the_first_of_repeated_fields_counts(stage: Stage) -> None:
    form = await deploy_form(stage)

    empty = await form.call("POST", body="name=&" + urlencode(FIELDS))
    sent = await form.call("POST", body=urlencode(FIELDS) + "&name=Eve&email=eve@example.org")

    assert (empty.status, sent.status) == (400, 200)
    ((_, email),) = stage.email.requests
    assert (email.subject, email.reply_to) == ("Message from Ada <b>", ("ada@example.org",))


async def test_quotes_cannot_leave_their_attribute(stage: Stage) -> None:
    form = await deploy_form(stage)

    answer = await form.call("POST", body=urlencode({"name": "\"'&<>"}))

    assert answer.text == shown_form(NO_ADDRESS, name="&quot;&#x27;&amp;&lt;&gt;")


async def test_programs_that_fill_in_everything_are_thanked_and_ignored(stage: Stage) -> None:
    form = await deploy_form(stage)

    answer = await form.call("POST", body=urlencode(FIELDS | {"website": "https://spam"}))

    assert answer.status == 200 and "Thank you" in answer.text
    assert stage.email.requests == []
