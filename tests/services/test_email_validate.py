"""What an e-mail must have and may have, whoever sends it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.services.email import (
    Attachment,
    EmailValidationError,
    FakeEmailClient,
    SendRequest,
    Tag,
    validate_send_request,
)

EMAIL = {"from_": "a@x.example", "to": ("b@y.example",), "subject": "S", "text": "T"}


def email(**changes):
    return SendRequest(**(EMAIL | changes))


def failure_of(**changes):
    """Return what is wrong with an e-mail, None if nothing is."""
    try:
        validate_send_request(email(**changes))
    except EmailValidationError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        pytest.param(("from_", "to", "subject", "text"), "from is required", id="all"),
        pytest.param(("to", "subject", "text"), "to is required", id="all but from"),
        pytest.param(("subject", "text"), "subject is required", id="subject and text"),
        pytest.param(("text",), "either text or html content is required", id="content"),
    ],
)
def test_missing_layers_are_named_in_this_order(missing, text):
    assert failure_of(**{name: type(EMAIL[name])() for name in missing}) == text


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="text"),
        pytest.param({"text": "", "html": "<b>"}, id="html"),
        pytest.param({"from_": "notanemail", "to": ("alsonot",)}, id="left to the provider"),
        pytest.param({"to": ("",)}, id="empty address"),
        pytest.param({"to": tuple(f"u{i}@y.example" for i in range(60))}, id="60 recipients"),
        pytest.param({"subject": "S\té–世"}, id="unicode"),
        pytest.param({"text": "a\r\nb\0"}, id="texts have lines"),
        pytest.param({"text": "x" * 10_000_000}, id="large"),
    ],
)
def test_requests_that_may_be_sent(changes):
    assert failure_of(**changes) is None


@pytest.mark.parametrize("sign", ["\r", "\n", "\0", "\x0b", "\x1e", "\x7f", "\x85", "\u2028"])
@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("from", lambda value: {"from_": value}),
        ("to", lambda value: {"to": ("b@y.example", value)}),
        ("cc", lambda value: {"cc": (value,)}),
        ("bcc", lambda value: {"bcc": (value,)}),
        ("reply_to", lambda value: {"reply_to": (value,)}),
        ("subject", lambda value: {"subject": value}),
        ("scheduled_at", lambda value: {"scheduled_at": value}),
        ("a header name", lambda value: {"headers": {value: "v"}}),
        ("a header value", lambda value: {"headers": {"X": value}}),
        ("a tag name", lambda value: {"tags": (Tag(value, "v"),)}),
        ("a tag value", lambda value: {"tags": (Tag("n", value),)}),
        (
            "an attachment's filename",
            lambda value: {"attachments": (Attachment(filename=value, content=b""),)},
        ),
    ],
)
def test_no_line_breaks(field, change, sign):
    assert failure_of(**change(f"a{sign}Bcc: eve@x.example")) == (
        f"{field} contains a line break or a control character"
    )
    limit = 320 if field in ("from", "to", "cc", "bcc", "reply_to") else 900
    assert failure_of(**change("x" * (limit + 1))) == f"{field} is longer than {limit} characters"
    assert failure_of(**change("\udcff")) == f"{field} is not UTF-8 text"


ATTACHMENT = Attachment(filename="f", content=b"")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param(
            {"to": ("b@y.example",) * 500, "cc": ("c",) * 500, "bcc": ("d",)},
            "the e-mail has more than 1000 recipients",
            id="recipients",
        ),
        pytest.param(
            {"headers": {f"X-{i}": "" for i in range(101)}},
            "the e-mail has more than 100 headers",
            id="headers",
        ),
        pytest.param(
            {"attachments": (ATTACHMENT,) * 101},
            "the e-mail has more than 100 attachments",
            id="attachments",
        ),
        pytest.param(
            {"html": "é" * 5 * 1024 * 1024}, "the e-mail is larger than 10485760 bytes", id="text"
        ),
        pytest.param(
            {"attachments": (Attachment(filename="f", content=bytes(10 * 1024 * 1024)),)},
            "the e-mail is larger than 10485760 bytes",
            id="content",
        ),
        pytest.param(
            {"attachments": (Attachment(filename="", content=b""),)},
            "an attachment's filename is required",
            id="no filename",
        ),
        pytest.param(
            {"attachments": (Attachment(filename="f", content=b"", content_type="a/b\r\nc"),)},
            "an attachment's content_type must look like text/plain",
            id="content type",
        ),
        pytest.param({"text": "\ud800"}, "text is not UTF-8 text", id="text not UTF-8"),
    ],
)
def test_limits_are_named(changes, text):
    assert failure_of(**changes) == text


async def test_the_fake_checks_too_and_answers_in_turn():
    fake = FakeEmailClient()

    with pytest.raises(EmailValidationError) as caught:
        await fake.send("f", email(subject=""))
    assert caught.value.request_json == "", "it was not sent"
    response = await fake.send("f", email())

    assert response.id == "fake"
    assert fake.requests == [("f", email())]


@given(st.text(), st.text(), st.text())
def test_whatever_is_accepted_has_one_line(address, subject, value):
    request = email(to=(address,), subject=subject, headers={"X": value})
    try:
        validate_send_request(request)
    except EmailValidationError:
        return

    assert not any(sign in text for text in (address, subject, value) for sign in "\r\n\0")
