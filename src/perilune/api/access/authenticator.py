"""Authenticates requests to the management API by bearer token or session cookie."""

import hashlib
from dataclasses import dataclass

from starlette.types import Scope

from perilune.api.access.audit import AuditEvent, audit
from perilune.api.access.backoff import Backoff
from perilune.api.access.credentials import Credentials, bearer_of
from perilune.api.access.csrf import SAFE_METHODS, has_proof
from perilune.api.access.sessions import Sessions, session_tokens
from perilune.api.errors import (
    ApiError,
    AuthenticationRequired,
    CrossSiteRequest,
    TooManyAttempts,
)
from perilune.api.scopes import Caller

MAX_PROVEN = 1024


class Authenticator:
    """Tells callers from strangers.  Either credential suffices, even if the other is wrong.

    A token that was right lately neither waits for others nor makes up for them: who shares
    its address, or holds a token of few rights, can't lock others out or guess without end.
    """

    def __init__(
        self,
        credentials: Credentials,
        sessions: Sessions,
        backoff: Backoff,
        *,
        base_url: str = "",
    ) -> None:
        self._credentials = credentials
        self._sessions = sessions
        self._backoff = backoff
        self._base_url = base_url
        self._proven: dict[bytes, None] = {}
        """Digests of tokens that were right when they were last shown."""

    async def authenticate(self, scope: Scope) -> Caller:
        """Return who makes a request of the management API.

        Raises:
            AuthenticationRequired: a stranger.
            TooManyAttempts: too many wrong tokens have come from there.
            CrossSiteRequest: the session is right, the page is not.
            StoreError: it can't be found out.
        """
        shown = await self._look_at_bearer(scope)
        if shown.caller is not None:
            return shown.caller
        headers = scope["headers"]
        cookies = session_tokens(headers)
        caller = await self._sessions.find(cookies) if cookies else None
        if caller is None:
            raise await self._refusal(shown)
        if scope["method"] not in SAFE_METHODS and not has_proof(headers, self._base_url):
            raise CrossSiteRequest
        return caller

    async def authenticate_bearer(self, scope: Scope) -> Caller:
        """Return whose bearer token a request carries; cookies don't count.

        Raises:
            AuthenticationRequired: there is none, or none that is in force.
            TooManyAttempts, StoreError: see `authenticate`.
        """
        shown = await self._look_at_bearer(scope)
        if shown.caller is None:
            raise await self._refusal(shown)
        return shown.caller

    async def _look_at_bearer(self, scope: Scope) -> "_Shown":
        bearer, address = bearer_of(scope["headers"]), client_address(scope)
        if not bearer:
            return _Shown(address)
        digest = hashlib.sha256(bearer).digest()
        if digest not in self._proven and (wait_s := await self._backoff.wait_s(address)):
            return _Shown(address, wait_s=wait_s)
        caller = await self._credentials.check(bearer)
        if caller is None:
            self._proven.pop(digest, None)
            return _Shown(address, is_wrong=True)
        if digest not in self._proven:
            await self._backoff.succeeded(address)
            while len(self._proven) >= MAX_PROVEN:
                del self._proven[next(iter(self._proven))]
            self._proven[digest] = None
        return _Shown(address, caller)

    async def _refusal(self, shown: "_Shown") -> ApiError:
        """Return why a request is refused; counts a wrong token."""
        if shown.wait_s:
            return TooManyAttempts(shown.wait_s)
        if shown.is_wrong:
            await note_failure(self._backoff, shown.address, AuditEvent.CREDENTIAL_REFUSED)
        return AuthenticationRequired()


async def note_failure(backoff: Backoff, address: str, event: AuditEvent) -> None:
    """Count and log a wrong credential.  What is refused unseen meanwhile gets no lines."""
    audit(event, address)
    wait_s = await backoff.failed(address)
    if wait_s:
        audit(AuditEvent.ADDRESS_BLOCKED, address, seconds=wait_s)


def client_address(scope: Scope) -> str:
    """Return the address a request comes from; empty if there is none."""
    client = scope.get("client")
    return str(client[0]) if client else ""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What came of looking at a request's bearer token; nothing at all if there is none."""

    address: str
    caller: Caller | None = None
    wait_s: int = 0
    """It was not looked at, because its address has to wait so long."""
    is_wrong: bool = False
