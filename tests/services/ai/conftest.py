"""Chats over real sockets, with stand-ins for the providers."""

from collections.abc import AsyncIterator

import pytest

from perilune.services.ai import AIError, ChatClient, ChatRequest, Message
from perilune.services.env import Env
from perilune.services.http import AiohttpClient, EgressPolicy
from tests.upstream.ai_provider import (
    AIProvider,
    open_ai_provider,
)

KEY = "sk-test-0123456789"
OVERLOADED = {"error": {"message": "Rate limit exceeded", "code": "rate_limit"}}


class Pauses:
    """Sleeps without taking time, and remembers how long."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
async def provider() -> AsyncIterator[AIProvider]:
    async with open_ai_provider() as opened:
        yield opened


@pytest.fixture
async def http() -> AsyncIterator[AiohttpClient]:
    async with AiohttpClient(EgressPolicy(["127.0.0.0/8"])) as opened:
        yield opened


@pytest.fixture
async def env(provider, store) -> Env:
    """The environment of `f_ours`, which knows both providers."""
    env = Env(store.env)
    await env.replace(
        "f_ours",
        {
            "OPENAI_API_KEY": KEY,
            "OPENAI_ENDPOINT": provider.url + "/v1",
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_ENDPOINT": provider.url,
        },
    )
    return env


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def client(http, env, pauses, now) -> ChatClient:
    return ChatClient(http, env, sleep=pauses, clock=now, jitter=lambda: 0.5)


def asking(provider: str = "openai", **members) -> ChatRequest:
    return ChatRequest(
        **{
            "provider": provider,
            "model": "m",
            "messages": (Message("user", "hi"),),
            "max_tokens": 50,
            "timeout_s": 60.0,
            **members,
        }
    )


async def failure(client: ChatClient, request: ChatRequest) -> AIError:
    with pytest.raises(AIError) as caught:
        await client.chat("f_ours", request)
    error = caught.value
    assert KEY not in f"{error!r} {error.partial!r}"
    return error
