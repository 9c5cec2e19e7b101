"""Which provider sends a function's e-mail."""

import pytest

from perilune.services.email import (
    DefaultEmailClient,
    EmailConfigError,
    EmailError,
    EmailValidationError,
    SendRequest,
)
from perilune.services.env import Env
from perilune.services.http import AiohttpClient, EgressPolicy
from tests.services.conftest import BrokenRows
from tests.store.memory import store_with
from tests.upstream.resend import open_resend
from tests.upstream.smtp import open_smtp

EMAIL = SendRequest(from_="a@x.example", to=("b@y.example",), subject="S", text="T")


@pytest.fixture
async def resend():
    async with open_resend() as opened:
        yield opened


@pytest.fixture
async def mailbox():
    async with open_smtp() as opened:
        yield opened


@pytest.fixture
async def env(resend, mailbox):
    """Two functions that know where both providers are, and one that knows nothing."""
    variables = {
        "RESEND_BASE_URL": resend.url,
        "SMTP_PORT": str(mailbox.port),
        "SMTP_TLS": "none",
    }
    async with store_with("f", "f_other") as store:
        env = Env(store.env)
        await env.replace("f", variables)
        await env.replace("f_other", variables | {"RESEND_API_KEY": "re_other"})
        yield env


@pytest.fixture
async def client(env):
    policy = EgressPolicy(["127.0.0.0/8"])
    async with AiohttpClient(policy) as http:
        yield DefaultEmailClient(http, env, policy)


SMTP = {"SMTP_HOST": "127.0.0.1"}
RESEND = {"RESEND_API_KEY": "re_test"}


@pytest.mark.parametrize(
    ("variables", "used"),
    [
        pytest.param(RESEND, "resend", id="key"),
        pytest.param(SMTP, "smtp", id="host"),
        pytest.param(SMTP | RESEND, "resend", id="both"),
        pytest.param(SMTP | {"RESEND_API_KEY": " "}, "smtp", id="host and blank key"),
        pytest.param(SMTP | RESEND | {"EMAIL_PROVIDER": "smtp"}, "smtp", id="smtp chosen"),
        pytest.param(SMTP | RESEND | {"EMAIL_PROVIDER": " Resend "}, "resend", id="resend chosen"),
    ],
)
async def test_the_environment_decides(client, env, resend, mailbox, variables, used):
    for name, value in variables.items():
        await env.set("f", name, value)

    response = await client.send("f", EMAIL)

    assert (len(resend.paths), len(mailbox.envelopes)) == ((1, 0) if used == "resend" else (0, 1))
    assert (response.id == "email_fake_123") is (used == "resend")


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        pytest.param({}, "RESEND_API_KEY not set in function environment", id="nothing"),
        pytest.param(
            SMTP | {"EMAIL_PROVIDER": "resend"},
            "RESEND_API_KEY not set in function environment",
            id="resend chosen",
        ),
        pytest.param(
            RESEND | {"EMAIL_PROVIDER": "smtp"},
            "SMTP_HOST not set in function environment",
            id="smtp chosen",
        ),
        pytest.param(
            RESEND | {"EMAIL_PROVIDER": "pigeon"},
            "EMAIL_PROVIDER is unknown: 'pigeon' (use resend or smtp)",
            id="unknown",
        ),
    ],
)
async def test_missing_configuration(client, env, resend, mailbox, variables, text):
    for name, value in variables.items():
        await env.set("f", name, value)

    with pytest.raises(EmailConfigError) as caught:
        await client.send("f", EMAIL)

    assert str(caught.value) == text
    assert (resend.paths, mailbox.commands) == ([], [])


async def test_an_invalid_email_is_named_before_a_missing_key(client):
    with pytest.raises(EmailValidationError, match="^to is required$"):
        await client.send("f", SendRequest(from_="a@x.example", to=(), subject="S", text="T"))


async def test_a_store_that_fails_is_an_email_error():
    policy = EgressPolicy([])
    async with AiohttpClient(policy) as http:
        client = DefaultEmailClient(http, Env(BrokenRows()), policy)
        with pytest.raises(EmailError, match="^failed to get values: "):
            await client.send("f", EMAIL)
