"""Who may call a function over HTTP, how, and how often.

Only functions that ask for it come here (`Function.is_guarded`).  What is refused leaves
no record of an execution.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import NamedTuple, Protocol

from starlette.types import Scope

from perilune.api.calls.rate_limit import CallCounter, Quota, RateLimiter, SharedRateLimiter
from perilune.api.calls.seen_messages import MessageMemory, SeenMessages
from perilune.api.connections.request import Request
from perilune.api.errors import (
    InsufficientScope,
    MethodNotAllowed,
    RateLimited,
    SignatureRefused,
)
from perilune.api.scopes import Caller, TokenScope
from perilune.api.signatures import (
    SIGNATURE_HEADERS,
    Claim,
    check_signature,
    parse_claim,
)
from perilune.clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from perilune.engine import StorageUnavailableError
from perilune.function_settings import DEFAULT_RATE_WINDOW_S, DEFAULT_SIGNATURE_SCHEME
from perilune.store import Function, LimitRows, SigningSecretRows, StoreError

MAX_INLINE_BODY_BYTES = 256 * 1024
"""Checking the signature of a longer body is done outside the event loop."""


class Callers(Protocol):
    """Recognises bearer tokens; see `Doorkeeper`."""

    async def authenticate_bearer(self, scope: Scope) -> Caller:
        """Return whose token a request carries.  Raises `ApiError` or `StoreError`."""
        ...


class AuthorizedCall(NamedTuple):
    """A call that may go on."""

    body: bytes
    quota: Quota | None


class Guards:
    """Decides about calls of guarded functions."""

    def __init__(
        self,
        callers: Callers,
        secrets: SigningSecretRows,
        *,
        shared: LimitRows | None = None,
        clock: WallClock = wall_clock,
        monotonic: MonotonicClock = monotonic_clock,
    ) -> None:
        """Let *callers* tell who calls, and *secrets* who has signed.

        What is counted is *shared* with other servers, or in memory.
        """
        self._callers = callers
        self._secrets = secrets
        self._clock = clock
        self._calls: CallCounter = (
            RateLimiter(monotonic) if shared is None else SharedRateLimiter(shared)
        )
        self._messages: MessageMemory = SeenMessages(clock) if shared is None else shared

    async def authorize(
        self,
        function: Function,
        request: Request,
        read_body: Callable[[], Awaitable[bytes]],
    ) -> AuthorizedCall:
        """Let a call pass, and take what proves it out of what the function sees.

        The body is read last, unless it is what proves the call.

        Raises:
            ApiError: the call is refused.
            StorageUnavailableError: it can't be found out whether it is.
        """
        try:
            return await self._decide(function, request, read_body)
        except StoreError as error:
            raise StorageUnavailableError(error) from error

    async def _decide(
        self,
        function: Function,
        request: Request,
        read_body: Callable[[], Awaitable[bytes]],
    ) -> AuthorizedCall:
        _check_method(function, request.method)
        if function.access == "public":
            return (await self._counted(function, b""))._replace(body=await read_body())
        if function.access == "token":
            await self._check_token(request)
            return (await self._counted(function, b""))._replace(body=await read_body())
        # `signature`, and whatever a later version may have written.
        scheme = function.signature_scheme or DEFAULT_SIGNATURE_SCHEME
        claim = parse_claim(scheme, request.headers, self._clock())
        body = await read_body()
        await self._check_signature(function, scheme, claim, body)
        for name in SIGNATURE_HEADERS & request.headers.keys():
            del request.headers[name]
            request.multi_headers.pop(name, None)
        return await self._counted(function, body)

    async def _check_token(self, request: Request) -> None:
        caller = await self._callers.authenticate_bearer(request.scope())
        if not caller.may(TokenScope.INVOKE):
            raise InsufficientScope(TokenScope.INVOKE)

    async def _check_signature(
        self, function: Function, scheme: str, claim: Claim, body: bytes
    ) -> None:
        values = await self._secrets.values(function.id)
        if len(body) > MAX_INLINE_BODY_BYTES:
            message = await asyncio.to_thread(check_signature, scheme, claim, body, values)
        else:
            message = check_signature(scheme, claim, body, values)
        until = claim.expires_at
        if until is None:
            return
        if self._clock() > until:
            # By now it may be forgotten that it has come before.
            raise SignatureRefused("its time was over before its body had arrived")
        if not await self._messages.is_new(function.id, message, until):
            raise SignatureRefused("it has come before")

    async def _counted(self, function: Function, body: bytes) -> AuthorizedCall:
        """Take one call of the function's rate.  Raises `RateLimited`."""
        if function.rate_limit is None:
            return AuthorizedCall(body, None)
        quota = await self._calls.take(
            function.id, function.rate_limit, function.rate_window_s or DEFAULT_RATE_WINDOW_S
        )
        if quota.retry_s:
            raise RateLimited(quota.retry_s, tuple(quota.headers()))
        return AuthorizedCall(body, quota)


@lru_cache(maxsize=256)
def allow_header(allowed: str) -> str:
    """Return the Allow header of a function with this setting."""
    return ", ".join(sorted(_served(allowed) | {"OPTIONS"}))


@lru_cache(maxsize=256)
def _served(allowed: str) -> frozenset[str]:
    """Return the methods that a setting allows; whoever may GET may HEAD."""
    methods = frozenset(allowed.split(","))
    return methods | {"HEAD"} if "GET" in methods else methods


def _check_method(function: Function, method: str) -> None:
    """Raise `MethodNotAllowed`.  OPTIONS only gets here if the function answers it itself."""
    if function.allowed_methods is None or method == "OPTIONS":
        return
    if method not in _served(function.allowed_methods):
        raise MethodNotAllowed(allow_header(function.allowed_methods))
