"""What guest code may use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

from perilune.clock import WallClock, wall_clock
from perilune.config import SettingError, Settings
from perilune.services.ai import ChatClient, StoreAITracker
from perilune.services.email import DefaultEmailClient, StoreEmailTracker
from perilune.services.env import Env
from perilune.services.http import MAX_LARGE_BODIES, AiohttpClient, EgressPolicy, HTTPLimits
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from perilune.services.maskers import ExecutionMaskers
from perilune.store import Store

PROVIDER_TIMEOUT_S = 600.0
"""Longest time that a provider of AI or e-mail gets to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What guest code may use, as the runtime gets it."""

    logger: StoreLogger
    kv: KV
    env: Env
    http: AiohttpClient
    ai: ChatClient
    ai_tracker: StoreAITracker
    email: DefaultEmailClient
    email_tracker: StoreEmailTracker


@asynccontextmanager
async def open_services(
    settings: Settings, store: Store, maskers: ExecutionMaskers, clock: WallClock = wall_clock
) -> AsyncIterator[Services]:
    """Open what guest code may use.  Raises `SettingError` for a list that can't be understood."""
    try:
        policy = EgressPolicy(settings.http_allow)
    except ValueError as problem:
        raise SettingError("PERILUNE_HTTP_ALLOW", str(problem)) from None
    env = Env(store.env)
    limits = HTTPLimits(timeout_s=settings.http_timeout, max_bytes=settings.http_response_body)
    large_bodies = max(MAX_LARGE_BODIES, settings.workers_max)
    with (
        closing(StoreLogger(store.logs, maskers=maskers)) as logger,
        closing(StoreAITracker(store.ai_requests, maskers=maskers)) as ai_tracker,
        closing(StoreEmailTracker(store.email_requests, maskers=maskers)) as email_tracker,
    ):
        async with AiohttpClient(policy, limits, large_bodies=large_bodies) as http:
            providers = http.with_limits(HTTPLimits(timeout_s=PROVIDER_TIMEOUT_S))
            yield Services(
                logger=logger,
                kv=KV(store.kv, clock=clock),
                env=env,
                http=http,
                ai=ChatClient(providers, env),
                ai_tracker=ai_tracker,
                email=DefaultEmailClient(providers, env, policy),
                email_tracker=email_tracker,
            )
