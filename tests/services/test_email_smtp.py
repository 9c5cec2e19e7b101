"""Connections over SMTP: addresses, TLS, logins, time."""

import asyncio
import dataclasses
import ssl

import pytest
from cryptography.x509 import DNSName

from perilune.services.email import (
    EmailConfigError,
    EmailError,
)
from perilune.services.http import EgressPolicy
from tests.services.smtp import EMAIL, failure_of, send
from tests.upstream.certificate import LOOPBACK, write_certificate
from tests.upstream.smtp import open_smtp

LOGIN = {"SMTP_USERNAME": "jane", "SMTP_PASSWORD": "right-password"}


class Certificate:
    """A self-signed certificate, and the contexts of both sides."""

    def __init__(self, folder, name):
        certificate, key = write_certificate(folder, name)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(certificate, key)
        self.client = ssl.create_default_context(cafile=certificate)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("tls"), LOOPBACK)


@pytest.fixture(scope="module")
def foreign_certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("foreign"), DNSName("mail.example.org"))


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


async def test_messages_of_the_server_are_repeated_without_the_password():
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


async def test_a_slow_server_has_the_time_that_is_left():
    async def check(command):
        async with open_smtp() as mailbox:
            mailbox.stalls_at = command
            error = await failure_of(mailbox, dataclasses.replace(EMAIL, timeout_s=1.0))

        assert str(error) == "SMTP failed: timed out after 1 s"
        assert mailbox.commands[-1] == command

    await asyncio.gather(*map(check, ("MAIL", "RCPT", "DATA")))


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
