"""E-mail over SMTP, against a real server on loopback."""

import asyncio
import dataclasses
import ssl
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.utils import parseaddr

import pytest
from aiosmtpd.smtp import Envelope
from cryptography.x509 import DNSName
from hypothesis import given
from hypothesis import strategies as st

from perilune.services.email import (
    Attachment,
    EmailConfigError,
    EmailError,
    EmailValidationError,
    SendRequest,
    SMTPClient,
    Tag,
)
from perilune.services.email.message import build_message
from perilune.services.env import MemoryEnv
from perilune.services.http import EgressPolicy
from tests.upstream.certificate import LOOPBACK, write_certificate
from tests.upstream.smtp import open_smtp

EMAIL = SendRequest(
    from_="Jane Doe <jane@example.org>", to=("bob@example.net",), subject="Hi", text="Hello Bob\n"
)
LOGIN = {"SMTP_USERNAME": "jane", "SMTP_PASSWORD": "right-password"}


class Certificate:
    """A self-signed certificate, and the contexts of both sides."""

    def __init__(self, folder, name):
        certificate, key = write_certificate(folder, name)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(certificate, key)
        self.client = ssl.create_default_context(cafile=certificate)


def sent_bytes(envelope: Envelope) -> bytes:
    """Return a message as it was transferred."""
    assert isinstance(envelope.content, bytes)
    return envelope.content


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("tls"), LOOPBACK)


@pytest.fixture(scope="module")
def foreign_certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("foreign"), DNSName("mail.example.org"))


async def send(mailbox, request=EMAIL, *, tls="none", trust=None, policy=None, **variables):
    """Send one e-mail with the settings given."""
    env = MemoryEnv()
    given = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mailbox.port), "SMTP_TLS": tls}
    await env.replace("f", given | variables)
    client = SMTPClient(
        env,
        policy or EgressPolicy(["127.0.0.0/8"]),
        tls_context=trust,
        clock=lambda: 1_700_000_000.5,
        new_id=lambda: "id1",
    )
    return await client.send("f", request)


def content_of(part):
    """Return the text of a part with the line ends that it had before it travelled."""
    return part.get_content().replace("\r\n", "\n")


async def failure_of(mailbox, request=EMAIL, **settings):
    """Return the error; nothing must have been handed over."""
    with pytest.raises(EmailError) as caught:
        await send(mailbox, request, **settings)
    assert mailbox.envelopes == []
    assert "password" not in str(caught.value)
    return caught.value


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


@pytest.mark.parametrize("tls", ["starttls", "implicit", ""])
async def test_login_over_tls(certificate, tls):
    options = (
        {"implicit_tls": certificate.server, "auth_require_tls": False}
        if tls == "implicit"
        else {"tls_context": certificate.server, "require_starttls": True, "auth_required": True}
    )
    async with open_smtp(**options) as mailbox:
        await send(mailbox, tls=tls, trust=certificate.client, **LOGIN)

    assert mailbox.logins == [("jane", "right-password")]
    assert mailbox.only_message()["Subject"] == "Hi"


async def test_no_fall_back_to_clear_text(certificate):
    async with open_smtp(auth_require_tls=False) as mailbox:
        error = await failure_of(mailbox, tls="starttls", trust=certificate.client, **LOGIN)

    assert str(error) == "SMTP failed: SMTP STARTTLS extension not supported by server."
    assert error.request_json.startswith('{"from"')
    assert mailbox.logins == []
    assert mailbox.commands == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("trusts", [True, False], ids=["other name", "unknown issuer"])
async def test_a_wrong_certificate_is_refused(foreign_certificate, tls, trusts):
    trust = foreign_certificate.client if trusts else None
    side = {"implicit": "implicit_tls", "starttls": "tls_context"}[tls]
    async with open_smtp(**{side: foreign_certificate.server}) as mailbox:
        error = await failure_of(mailbox, tls=tls, trust=trust, **LOGIN)

    assert str(error).startswith("SMTP failed: certificate refused: ")
    assert ("IP address mismatch" if trusts else "self-signed certificate") in str(error)
    assert mailbox.logins == []


async def test_wrong_credentials(certificate):
    async with open_smtp(tls_context=certificate.server) as mailbox:
        error = await failure_of(
            mailbox,
            tls="starttls",
            trust=certificate.client,
            SMTP_USERNAME="jane",
            SMTP_PASSWORD="wrong-password",
        )

    assert str(error) == "SMTP failed: the server refused the credentials (535)"
    assert mailbox.commands == []


async def test_a_password_in_clear_text_stays_on_this_machine():
    async with open_smtp(auth_require_tls=False) as mailbox:
        await send(mailbox, tls="none", **LOGIN)

    assert mailbox.logins == [("jane", "right-password")]
    assert mailbox.was_encrypted == [False]


class Answering:
    """A policy that resolves every name to the addresses given."""

    def __init__(self, *addresses):
        self._addresses = addresses

    async def resolve(self, host, port):
        return self._addresses


async def test_a_password_is_not_sent_in_clear_text_over_a_network():
    async with open_smtp(auth_require_tls=False) as mailbox:
        with pytest.raises(EmailConfigError, match="^SMTP_TLS=none sends no password over a net"):
            await send(mailbox, tls="none", policy=Answering("192.0.2.1"), **LOGIN)

    assert mailbox.logins == []


async def test_the_next_address_is_tried():
    async with open_smtp() as mailbox:
        await send(mailbox, policy=Answering("127.0.0.2", "127.0.0.1"), SMTP_HOST="mail.example")

    assert len(mailbox.envelopes) == 1


async def test_a_private_address_is_refused():
    async with open_smtp() as mailbox:
        error = await failure_of(mailbox, policy=EgressPolicy([]))

    assert "127.0.0.1" in str(error)
    assert mailbox.commands == []


async def test_a_refused_recipient_means_that_nothing_is_sent():
    request = dataclasses.replace(EMAIL, to=("amy@example.net", "no@example.net"))
    async with open_smtp() as mailbox:
        mailbox.refused["no@example.net"] = "550 5.1.1 no such user"
        error = await failure_of(mailbox, request)

    assert str(error) == (
        "SMTP failed: nothing was sent, recipients were refused: "
        "no@example.net (550 5.1.1 no such user)"
    )
    assert "DATA" not in mailbox.commands


async def test_what_the_server_says_is_repeated_but_for_the_password():
    async with open_smtp(auth_require_tls=False) as mailbox:
        mailbox.data_answer = "554-5.7.1 too bad\r\n554 right-password"
        with pytest.raises(EmailError) as caught:
            await send(mailbox, tls="none", **LOGIN)

    assert str(caught.value) == "SMTP failed: 554 5.7.1 too bad [REDACTED]"


async def test_nobody_listens():
    async with open_smtp() as mailbox:
        pass
    error = await failure_of(mailbox)

    assert str(error) == (
        f"SMTP failed: cannot connect to 127.0.0.1:{mailbox.port}: Connection refused"
    )


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_slow_server_has_the_time_that_is_left(command):
    async with open_smtp() as mailbox:
        mailbox.stalls_at = command
        error = await failure_of(mailbox, dataclasses.replace(EMAIL, timeout_s=1.0))

    assert str(error) == "SMTP failed: timed out after 1 s"
    assert mailbox.commands[-1] == command


async def test_a_server_that_says_no_goodbye_has_taken_the_email_all_the_same():
    async with open_smtp() as mailbox:
        mailbox.stalls_at = "QUIT"
        response = await send(mailbox, dataclasses.replace(EMAIL, timeout_s=2.0))

    assert response.id == "id1@example.org"
    assert mailbox.commands == ["MAIL", "RCPT", "DATA", "QUIT"]


async def test_a_cancelled_email_leaves_no_connection():
    async with open_smtp() as mailbox:
        mailbox.stalls_at = "MAIL"
        sending = asyncio.create_task(send(mailbox))
        while not mailbox.commands:
            await asyncio.sleep(0)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

    assert mailbox.envelopes == []


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
async def test_what_smtp_cannot_do_is_not_ignored(changes, text):
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


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        pytest.param({"SMTP_HOST": " "}, "SMTP_HOST not set in function environment", id="host"),
        pytest.param({"SMTP_HOST": "a b"}, "SMTP_HOST is not a host name: 'a b'", id="bad host"),
        pytest.param({"SMTP_PORT": "0"}, "SMTP_PORT is not a port: '0'", id="port 0"),
        pytest.param({"SMTP_PORT": "99999"}, "SMTP_PORT is not a port: '99999'", id="port"),
        pytest.param({"SMTP_PORT": "smtp"}, "SMTP_PORT is not a port: 'smtp'", id="named port"),
        pytest.param(
            {"SMTP_TLS": "maybe"},
            "SMTP_TLS is unknown: 'maybe' (use starttls, implicit or none)",
            id="tls",
        ),
        pytest.param(
            {"SMTP_USERNAME": "jane"}, "SMTP_PASSWORD not set in function environment", id="no pw"
        ),
        pytest.param(
            {"SMTP_PASSWORD": "pw"}, "SMTP_USERNAME not set in function environment", id="no user"
        ),
    ],
)
async def test_settings_that_cannot_be_used(variables, text):
    async with open_smtp() as mailbox:
        with pytest.raises(EmailConfigError) as caught:
            await send(mailbox, **variables)

    assert str(caught.value) == text
    assert mailbox.commands == []
