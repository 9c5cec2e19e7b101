"""What arrives when an e-mail is sent over SMTP."""

import dataclasses
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.services.email import (
    Attachment,
    EmailValidationError,
    Tag,
)
from perilune.services.email.message import build_message
from tests.services.smtp import EMAIL, content_of, failure_of, send, sent_bytes
from tests.upstream.smtp import open_smtp


async def test_an_email_arrives():
    async with open_smtp() as mailbox:
        response = await send(mailbox)

    message = mailbox.only_message()
    assert response.id == "id1@example.org"
    assert response.request_json == (
        '{"from":"Jane Doe <jane@example.org>","subject":"Hi","text":"Hello Bob\\n",'
        '"to":["bob@example.net"]}'
    )
    assert mailbox.envelopes[0].mail_from == "jane@example.org"
    assert mailbox.envelopes[0].rcpt_tos == ["bob@example.net"]
    assert message["From"] == "Jane Doe <jane@example.org>"
    assert message["To"] == "bob@example.net"
    assert message["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert message["Message-ID"] == "<id1@example.org>"
    assert content_of(message) == "Hello Bob\n"


async def test_every_recipient_gets_it_and_nobody_sees_the_blind_copies():
    request = dataclasses.replace(
        EMAIL,
        to=('"Doe, Bob" <bob@example.net>', "amy@example.net"),
        cc=("cleo@example.net",),
        bcc=("dan@example.net", "amy@example.net"),
        reply_to=("r1@example.org", "r2@example.org"),
    )
    async with open_smtp() as mailbox:
        await send(mailbox, request)

    people = ("bob", "amy", "cleo", "dan")
    assert mailbox.envelopes[0].rcpt_tos == [f"{person}@example.net" for person in people]
    assert mailbox.only_message()["To"] == '"Doe, Bob" <bob@example.net>, amy@example.net'
    assert mailbox.only_message()["Cc"] == "cleo@example.net"
    assert mailbox.only_message()["Reply-To"] == "r1@example.org, r2@example.org"
    assert "bcc" not in mailbox.only_message()
    assert b"dan@" not in sent_bytes(mailbox.envelopes[0])


async def test_text_html_attachments_and_headers():
    request = dataclasses.replace(
        EMAIL,
        subject="Grüße – 世界 " * 20,
        text="Ünïcode\n" + "x" * 5000 + "\n.\n..dots\n",
        html="<p>Ünïcode</p>\n",
        headers={"X-Custom": "v – w", "List-Unsubscribe": "<https://example.org/u>"},
        attachments=(
            Attachment(filename="a.txt", content=b"\0\r\n.\r\n\xff"),
            Attachment(filename='bé"; x.bin', content=b"", content_type="application/x-b"),
            Attachment(filename="mail.eml", content=b"From: x\n\nbody"),
        ),
    )
    async with open_smtp() as mailbox:
        response = await send(mailbox, request)

    message = mailbox.only_message()
    assert sent_bytes(mailbox.envelopes[0]).isascii()
    assert max(len(line) for line in sent_bytes(mailbox.envelopes[0]).splitlines()) < 998
    assert message["Subject"].strip() == request.subject.strip()
    assert message["X-Custom"] == "v – w"
    assert message["List-Unsubscribe"] == "<https://example.org/u>"
    assert content_of(message.get_body(("plain",))) == request.text
    assert content_of(message.get_body(("html",))) == request.html
    parts = [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in message.iter_attachments()
    ]
    assert parts == [
        ("a.txt", "text/plain", b"\0\r\n.\r\n\xff"),
        ('bé"; x.bin', "application/x-b", b""),
        ("mail.eml", "application/octet-stream", b"From: x\n\nbody"),
    ]
    assert '"attachments":[{"filename":"a.txt","size":7},' in response.request_json


def decoded(text):
    """Read a header value as a mail program does."""
    return str(make_header(decode_header(text.replace("\r\n", ""))))


WORDS = st.lists(
    st.sampled_from(
        ("für", "Küche", "–", "hello,", "Nr.", "12345", "世界", "(test)", ";", "=?x?=", "\\", '"')
    ),
    min_size=1,
    max_size=40,
).map(" ".join)


@given(WORDS, WORDS)
def test_long_subjects_names_and_headers_keep_their_words(line, name):
    escaped = name[:200].strip().replace("\\", "\\\\").replace('"', '\\"')
    request = dataclasses.replace(
        EMAIL, from_=f'"{escaped}" <jane@example.org>', subject=line, headers={"X-Custom": line}
    )

    data = build_message(request, local_id="id1", now=0.0).data

    message = BytesParser().parsebytes(data)
    written_name, address = parseaddr(message["From"])
    assert max(len(row) for row in data.splitlines()) <= 998
    assert decoded(message["Subject"]) == decoded(message["X-Custom"]) == line
    assert decoded(written_name) == name[:200].strip()
    assert address == "jane@example.org"
    assert message.keys() == [
        *("From", "To", "Subject", "Date", "Message-ID", "X-Custom"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    ]


@pytest.mark.parametrize("text", ["=?utf-8?q?=0D=0ABcc:_eve@x?=", "=?utf-8?b?DQpCY2M6IGV2ZUB4?="])
async def test_encoded_line_breaks_stay_encoded(text):
    request = dataclasses.replace(
        EMAIL, from_=f"{text} <jane@example.org>", subject=text, headers={"X-Custom": text}
    )
    async with open_smtp() as mailbox:
        await send(mailbox, request)

    (envelope,) = mailbox.envelopes
    assert b"\nbcc" not in sent_bytes(envelope).lower()
    assert sent_bytes(envelope).count(text.encode()) == 3


async def test_html_alone():
    async with open_smtp() as mailbox:
        await send(mailbox, dataclasses.replace(EMAIL, text="", html="<b>x</b>"))

    assert mailbox.only_message().get_content_type() == "text/html"


async def test_an_international_address_needs_a_server_that_knows_them():
    request = dataclasses.replace(EMAIL, to=("zoë@bücher.example",))
    async with open_smtp(enable_SMTPUTF8=True) as mailbox:
        await send(mailbox, request)
    async with open_smtp() as old:
        error = await failure_of(old, request)

    assert mailbox.envelopes[0].rcpt_tos == ["zoë@bücher.example"]
    assert mailbox.only_message()["To"] == "zoë@bücher.example"
    assert str(error) == (
        "SMTP failed: the server does not support addresses like zoë@bücher.example (SMTPUTF8)"
    )
    assert old.commands == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({"tags": (Tag("a", "b"),)}, "tags are not supported by SMTP", id="tags"),
        pytest.param(
            {"scheduled_at": "in 1 min"}, "scheduled_at is not supported by SMTP", id="schedule"
        ),
    ],
)
async def test_options_that_smtp_lacks_are_errors(changes, text):
    async with open_smtp() as mailbox:
        error = await failure_of(mailbox, dataclasses.replace(EMAIL, **changes))

    assert str(error) == text
    assert mailbox.commands == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"to": ("bob@example.net\r\nRCPT TO:<eve@x>",)}, id="line break in address"),
        pytest.param({"to": ("<bob@example.net> SIZE=1 <eve@x.example>",)}, id="two addresses"),
        pytest.param({"to": ("bob@example.net, eve@x.example",)}, id="a list"),
        pytest.param({"to": ("team: eve@x.example;",)}, id="a group"),
        pytest.param({"to": ("",)}, id="empty"),
        pytest.param({"to": ("bob",)}, id="no domain"),
        pytest.param({"from_": "(" * 320}, id="comments without end"),
        pytest.param({"subject": "Hi\nBcc: eve@x.example"}, id="line break in subject"),
        pytest.param({"headers": {"X-A\r\nBcc": "eve@x.example"}}, id="line break in header name"),
        pytest.param({"headers": {"X-A": "a\rb"}}, id="line break in header value"),
        pytest.param({"headers": {"X A": "b"}}, id="blank in header name"),
        pytest.param({"headers": {"X" * 77: "b"}}, id="long header name"),
        pytest.param({"headers": {"bcc": "eve@x.example"}}, id="reserved"),
        pytest.param({"headers": {"Content-Type": "text/x"}}, id="content type"),
        pytest.param(
            {"attachments": (Attachment(filename="=?utf-8?q?=0D=0A?=", content=b""),)},
            id="encoded file name",
        ),
    ],
)
async def test_no_way_to_add_recipients_or_headers(changes):
    async with open_smtp() as mailbox:
        error = await failure_of(mailbox, dataclasses.replace(EMAIL, **changes))

    assert isinstance(error, EmailValidationError)
    assert mailbox.commands == []
