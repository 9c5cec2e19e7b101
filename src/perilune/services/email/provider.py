"""What every provider needs: the function's variables, a time limit, texts without secrets."""

from collections.abc import Mapping

from perilune.masking import REDACTED
from perilune.services.email.types import EmailError, SendRequest
from perilune.services.env import Env, EnvError

MAX_SEND_S = 60.0
"""The longest that handing over one e-mail may take, in seconds."""


async def read_variables(env: Env, function_id: str) -> Mapping[str, str]:
    """Return a function's variables.

    Raises:
        EmailError: the store failed.
    """
    try:
        return await env.all(function_id)
    except EnvError as error:
        raise EmailError(str(error)) from error


def time_limit_s(request: SendRequest) -> float:
    """Return how many seconds an e-mail may take."""
    return MAX_SEND_S if request.timeout_s is None else min(request.timeout_s, MAX_SEND_S)


def without_secret(text: str, secret: str) -> str:
    """Return *text* with *secret* replaced: providers may repeat what they were sent."""
    return text.replace(secret, REDACTED) if secret else text
