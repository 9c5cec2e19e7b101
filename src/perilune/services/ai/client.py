"""The AI client that ships: OpenAI and Anthropic, over the HTTP client of guest code."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from perilune.clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from perilune.masking import REDACTED
from perilune.services.ai.providers import (
    PROVIDERS,
    Provider,
    ProviderFailure,
    build_request,
    read_answer,
    unreadable,
)
from perilune.services.ai.types import AIConfigError, AIError, ChatRequest, ChatResponse
from perilune.services.env import Env, EnvError, EnvVariableNotFound
from perilune.services.http import HTTPClient, HTTPClientError, Request, Response

MAX_TIMEOUT_S = 600.0
MAX_ATTEMPTS = 3
FIRST_PAUSE_S = 0.25
"""Doubles with each attempt, give or take half of it."""
MAX_PAUSE_SHARE = 0.25
"""Of the time that is left; what is worth waiting for is the answer."""
MIN_KEY_CHARS = 8
"""Shorter keys are not looked for in texts: they would be found in innocent words."""

_SECONDS = re.compile(r"[0-9]+")


class ChatClient:
    """Talks to the providers with the keys of a function's environment.

    Requests go through *http*, hence through its egress policy: a model on
    the operator's own network has to be allowed there.  An answer 429 or 5xx
    is asked for again.  A network error is not: the provider may have got, and
    charged for, the request.
    """

    def __init__(
        self,
        http: HTTPClient,
        env: Env,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: WallClock = wall_clock,
        monotonic: MonotonicClock = monotonic_clock,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Use *http* and *env*; *jitter* gives numbers from 0 up to 1."""
        self._http = http
        self._env = env
        self._sleep = sleep
        self._clock = clock
        self._monotonic = monotonic
        self._jitter = jitter

    async def chat(self, function_id: str, request: ChatRequest) -> ChatResponse:
        """Return the model's answer.

        Raises:
            AIConfigError: the provider is unknown, or its key is not set or can't be one.
            AIError: there is no answer; the message never holds the key.
        """
        limit_s = MAX_TIMEOUT_S if request.timeout_s is None else request.timeout_s
        deadline = self._monotonic() + min(limit_s, MAX_TIMEOUT_S)
        provider = PROVIDERS.get(request.provider)
        if provider is None:
            raise AIConfigError(
                f"unsupported provider: {request.provider} (use openai or anthropic)"
            )
        key = await self._key(function_id, provider)
        endpoint = request.endpoint or await self._variable(function_id, provider.endpoint_variable)
        sent = build_request(
            provider, request, key=key, endpoint=endpoint or provider.default_endpoint
        )
        return await self._ask(provider, sent, key, deadline)

    async def _ask(
        self, provider: Provider, sent: Request, key: str, deadline: float
    ) -> ChatResponse:
        partial = ChatResponse(endpoint=sent.url, request_json=_text(sent.body))
        try:
            response = await self._post(sent, deadline)
        except HTTPClientError as error:
            raise AIError(_without(key, str(error)), partial) from error
        text = _text(response.body)
        shown = _without(key, text)
        partial = replace(partial, response_json=shown)
        status = response.status_code
        answer = read_answer(provider, status, text) or unreadable(status, shown)
        if isinstance(answer, ProviderFailure):
            raise AIError(
                _without(key, answer.message),
                partial,
                status_code=status,
                provider_code=answer.provider_code,
            )
        return replace(partial, content=answer.content, model=answer.model, usage=answer.usage)

    async def _post(self, request: Request, deadline: float) -> Response:
        """Send the request until it is answered, or asking again makes no sense."""
        response = await self._post_once(request, deadline)
        for attempt in range(1, MAX_ATTEMPTS):
            if not _is_worth_a_retry(response.status_code):
                break
            pause_s = self._pause_s(response, attempt)
            if pause_s > MAX_PAUSE_SHARE * (deadline - self._monotonic()):
                break
            await self._sleep(pause_s)
            response = await self._post_once(request, deadline)
        return response

    async def _post_once(self, request: Request, deadline: float) -> Response:
        left_s = deadline - self._monotonic()
        if left_s <= 0:
            raise HTTPClientError("HTTP request failed: no time is left")
        return await self._http.post(replace(request, timeout_s=left_s))

    def _pause_s(self, response: Response, attempt: int) -> float:
        """Return how long to wait: as the provider says, else longer each time."""
        asked_s = _retry_after_s(response.headers.get("Retry-After", ""), self._clock())
        if asked_s is not None:
            return asked_s
        return FIRST_PAUSE_S * 2.0 ** (attempt - 1) * (0.5 + self._jitter())

    async def _key(self, function_id: str, provider: Provider) -> str:
        key = await self._variable(function_id, provider.key_variable)
        if not key:
            raise AIConfigError(f"{provider.key_variable} not set in function environment")
        if not (key.isascii() and key.isprintable()):
            # An HTTP client would quote the header it can't send.
            raise AIConfigError(f"{provider.key_variable} holds characters that no key has")
        return key

    async def _variable(self, function_id: str, name: str) -> str:
        """Return a variable of the function without surrounding white space, or nothing."""
        try:
            return (await self._env.get(function_id, name)).strip()
        except EnvVariableNotFound:
            return ""
        except EnvError as error:
            raise AIError(str(error)) from error


def _is_worth_a_retry(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or 500 <= status <= 599


def _retry_after_s(value: str, now: float) -> float | None:
    """Read a `Retry-After` header (RFC 9110, 10.2.3); None if there is no readable one."""
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max(at.replace(tzinfo=at.tzinfo or UTC).timestamp() - now, 0.0)


def _text(body: str | bytes) -> str:
    return body if isinstance(body, str) else body.decode("utf-8", "replace")


def _without(key: str, text: str) -> str:
    return text.replace(key, REDACTED) if len(key) >= MIN_KEY_CHARS else text
