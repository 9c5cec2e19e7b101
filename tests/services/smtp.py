"""What the tests of e-mail over SMTP share: they send to a real server on loopback."""

import pytest
from aiosmtpd.smtp import Envelope

from perilune.services.email import (
    EmailError,
    SendRequest,
    SMTPClient,
)
from perilune.services.env import Env
from perilune.services.http import EgressPolicy
from tests.store.memory import store_with

EMAIL = SendRequest(
    from_="Jane Doe <jane@example.org>", to=("bob@example.net",), subject="Hi", text="Hello Bob\n"
)


def sent_bytes(envelope: Envelope) -> bytes:
    """Return a message as it was transferred."""
    assert isinstance(envelope.content, bytes)
    return envelope.content


async def send(mailbox, request=EMAIL, *, tls="none", trust=None, policy=None, **variables):
    """Send one e-mail with the settings given."""
    given = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mailbox.port), "SMTP_TLS": tls}
    async with store_with("f") as store:
        env = Env(store.env)
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
