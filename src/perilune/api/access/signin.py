"""Logging in with the management key, and out again."""

from dataclasses import dataclass

import msgspec

from perilune.api.access.audit import AuditEvent, audit
from perilune.api.access.authenticator import note_failure
from perilune.api.access.backoff import Backoff
from perilune.api.access.keys import KeyHolder
from perilune.api.access.sessions import Sessions, expired_cookie, session_cookie
from perilune.api.errors import InvalidKey, TooManyAttempts


class LoginBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a login."""

    api_key: str | None = msgspec.field(default=None, name="apiKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who wants to log in or out, as far as that is known."""

    address: str
    is_https: bool
    user_agent: str = ""
    tokens: tuple[bytes, ...] = ()
    """Of the sessions its cookies name."""


class SignIn:
    """Opens sessions for those who have the key.  Answers are values for Set-Cookie."""

    def __init__(
        self, key: KeyHolder, sessions: Sessions, backoff: Backoff, *, base_url: str = ""
    ) -> None:
        self._key = key
        self._sessions = sessions
        self._backoff = backoff
        self._is_public_https = base_url.startswith("https://")

    async def login(self, key: str, visitor: Visitor) -> str:
        """Open a session.

        Raises:
            TooManyAttempts: too many wrong keys have come from there; this one was not looked at.
            InvalidKey: *key* is not the management key.
            OperationFailed: the session can't be stored.
        """
        wait_s = await self._backoff.wait_s(visitor.address)
        if wait_s:
            raise TooManyAttempts(wait_s)
        if not self._key.is_key(key.strip().encode("utf-8", "surrogatepass")):
            await note_failure(self._backoff, visitor.address, AuditEvent.LOGIN_FAILED)
            raise InvalidKey
        token, session = await self._sessions.open(visitor.address, visitor.user_agent)
        await self._backoff.succeeded(visitor.address)
        audit(AuditEvent.LOGIN, visitor.address, session=session.id)
        return session_cookie(token, self._sessions.lifetime_s, secure=self._is_secure(visitor))

    async def logout(self, visitor: Visitor) -> str:
        """End the visitor's session, if there is one.

        Raises:
            StoreError, OperationFailed: it can't be ended.
        """
        caller = await self._sessions.close(visitor.tokens)
        if caller is not None:
            audit(AuditEvent.LOGOUT, visitor.address, session=caller.id)
        return expired_cookie(secure=self._is_secure(visitor))

    def _is_secure(self, visitor: Visitor) -> bool:
        """Whether browsers may be told to send the cookie over HTTPS only."""
        return visitor.is_https or self._is_public_https
