"""The e-mail client that ships: each function chooses its provider by its environment."""

import ssl
from collections.abc import Mapping

from perilune.services.email.provider import read_variables
from perilune.services.email.resend import KEY_VARIABLE, Poster, ResendClient
from perilune.services.email.smtp import Egress, SMTPClient
from perilune.services.email.types import (
    EmailClient,
    EmailConfigError,
    SendRequest,
    SendResponse,
)
from perilune.services.env import Env

PROVIDER_VARIABLE = "EMAIL_PROVIDER"


class DefaultEmailClient:
    """Sends e-mail through Resend or SMTP.

    `EMAIL_PROVIDER` decides.  Without it a function with `SMTP_HOST` and no
    `RESEND_API_KEY` uses SMTP, every other one Resend.

    An e-mail is never sent a second time, whatever comes of the first: what
    looks like a failure may be an answer that was lost.  Whether to risk two
    e-mails or none is for guest code to decide.
    """

    def __init__(
        self,
        http: Poster,
        env: Env,
        policy: Egress,
        *,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        """Make a client.

        Args:
            http: talks to Resend.
            env: the functions' variables.
            policy: decides which SMTP servers may be connected to.
            tls_context: whom SMTP trusts; by default what the system trusts.
        """
        self._env = env
        self._providers: dict[str, EmailClient] = {
            "resend": ResendClient(http, env),
            "smtp": SMTPClient(env, policy, tls_context=tls_context),
        }

    async def send(self, function_id: str, request: SendRequest) -> SendResponse:
        """Hand one e-mail to the function's provider.  Raises `EmailError`."""
        variables = await read_variables(self._env, function_id)
        name = _provider_name(variables)
        if name not in self._providers:
            known = " or ".join(self._providers)
            raise EmailConfigError(f"{PROVIDER_VARIABLE} is unknown: {name!r} (use {known})")
        return await self._providers[name].send(function_id, request)


def _provider_name(variables: Mapping[str, str]) -> str:
    has_smtp, has_resend = (
        bool(variables.get(name, "").strip()) for name in ("SMTP_HOST", KEY_VARIABLE)
    )
    chosen = variables.get(PROVIDER_VARIABLE, "").strip().lower()
    return chosen or ("smtp" if has_smtp and not has_resend else "resend")
