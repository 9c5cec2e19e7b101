"""Sessions: what a login with the management key leaves in a browser (KD-01)."""

import hmac
import secrets
from collections.abc import Iterable
from typing import Any, Protocol

from perilune.api.failures import failing_as, page_info
from perilune.api.headers import SESSION_COOKIE
from perilune.api.scopes import Caller, CallerKind, TokenScope
from perilune.clock import WallClock, wall_clock
from perilune.ids import new_id
from perilune.store import (
    LoginSession,
    PaginationParams,
    SessionNotFound,
    SessionRows,
    to_json,
)

TOKEN_BYTES = 32
MAX_USER_AGENT_CHARS = 200
MAX_COOKIES = 4
"""Cookies of the session's name that are looked at; browsers keep one per path."""
USE_NOTED_EVERY_S = 60

COOKIE_PATH = "/api"
"""Functions below `/fn/` never get the cookie (KD-02)."""

_ALL_RIGHTS = frozenset(TokenScope)


class KeyInForce(Protocol):
    """The part of the management key that sessions depend on."""

    @property
    def digest(self) -> bytes:
        """The digest of the key that is in force now."""
        ...


class Sessions:
    """Opens, recognises and ends sessions.

    A session belongs to the key it was opened with.  The key's digest goes
    into what is stored, so that a new key ends all sessions of the old one.
    """

    def __init__(
        self,
        rows: SessionRows,
        key: KeyInForce,
        *,
        lifetime_s: int = 86400,
        clock: WallClock = wall_clock,
    ) -> None:
        self._rows = rows
        self._key = key
        self.lifetime_s = lifetime_s
        self._clock = clock

    async def open(self, address: str, user_agent: str) -> tuple[str, LoginSession]:
        """Begin a session; return its token, which is nowhere stored, and its record."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), int(self._clock())
        session = LoginSession(
            id=new_id(),
            created_at=now,
            last_used_at=now,
            expires_at=now + self.lifetime_s,
            address=address,
            user_agent=user_agent[:MAX_USER_AGENT_CHARS],
        )
        with failing_as("Failed to create session"):
            await self._rows.create(session, self._hash(token.encode("ascii")))
        return token, session

    async def find(self, tokens: Iterable[bytes]) -> Caller | None:
        """Return who has one of these tokens; None if none of them is in force.

        Raises:
            StoreError: they can't be looked up.
        """
        for token in tokens:
            found = await self._rows.find(self._hash(token))
            if found is None:
                continue
            now = int(self._clock())
            if now - found.last_used_at >= USE_NOTED_EVERY_S:
                self._rows.note_use(found.id, now)
            return Caller(CallerKind.SESSION, _ALL_RIGHTS, id=found.id, expires_at=found.expires_at)
        return None

    async def close(self, tokens: Iterable[bytes]) -> Caller | None:
        """End the session that one of these tokens belongs to; return whose it was."""
        caller = await self.find(tokens)
        if caller is not None:
            with failing_as("Failed to end session"):
                try:
                    await self._rows.delete(caller.id)
                except SessionNotFound:
                    # Somebody else has ended it meanwhile.
                    pass
        return caller

    async def page(self, params: PaginationParams) -> dict[str, Any]:
        """Return one part of the list, newest first."""
        with failing_as("Failed to list sessions"):
            found, total = await self._rows.page(params)
        return {
            "sessions": [to_json(one) for one in found],
            "pagination": page_info(total, params),
        }

    async def revoke(self, session_id: str) -> None:
        """End a session, at once.

        Raises:
            SessionNotFound: there is none with this id.
        """
        with failing_as("Failed to end session"):
            await self._rows.delete(session_id)

    def _hash(self, token: bytes) -> bytes:
        return hmac.digest(self._key.digest, token, "sha256")


def session_tokens(headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """Return the tokens in a request's cookies."""
    name = SESSION_COOKIE.encode("ascii")
    found = []
    for header, value in headers:
        if header == b"cookie" and name in value:
            pairs = (part.strip().partition(b"=") for part in value.split(b";"))
            found += [token for key, _, token in pairs if key == name and token]
    return found[:MAX_COOKIES]


def session_cookie(token: str, lifetime_s: int, *, secure: bool) -> str:
    """Return the Set-Cookie value that gives a browser its session."""
    return (
        f"{SESSION_COOKIE}={token}; Path={COOKIE_PATH}; Max-Age={lifetime_s}; HttpOnly;"
        # Functions' cookies have no priority: Chromium keeps this one when there are too many.
        f" SameSite=Strict; Priority=High{'; Secure' if secure else ''}"
    )


def expired_cookie(*, secure: bool) -> str:
    """Return the Set-Cookie value that takes it away."""
    return (
        f"{SESSION_COOKIE}=; Path={COOKIE_PATH}; Max-Age=0; HttpOnly;"
        f" SameSite=Strict{'; Secure' if secure else ''}"
    )
