"""Rows of what opens the management API besides its key: API tokens and sessions.

Neither table holds a secret: rows are found by the SHA-256 digest of what the caller shows.
"""

from typing import Any

from perilune.clock import WallClock
from perilune.store.database.access import Access
from perilune.store.database.connection import Connection, Params
from perilune.store.database.operations import Statement, Work
from perilune.store.database.pages import read_page
from perilune.store.database.statements import load_statements
from perilune.store.errors import SessionNotFound, TokenNameTaken, TokenNotFound
from perilune.store.records import ApiToken, LoginSession, PaginationParams

_TOKENS = load_statements(
    "api_tokens", columns="id, name, scopes, created_at, expires_at, last_used_at"
)
_SESSIONS = load_statements(
    "sessions", columns="id, created_at, last_used_at, expires_at, address, user_agent"
)


class TokenStore:
    """API tokens; the methods are those of `TokenRows`."""

    def __init__(self, access: Access) -> None:
        """Use *access*."""
        self._access = access

    async def create(self, token: ApiToken, token_hash: bytes) -> None:
        """See `TokenRows.create`."""
        params = (
            token.id,
            token.name,
            token_hash,
            " ".join(token.scopes),
            token.created_at,
            token.expires_at,
        )
        await self._access.write(
            Statement(_TOKENS["insert_token"], params, explain=_why_no_token_was_stored)
        )

    async def find(self, token_hash: bytes) -> ApiToken | None:
        """See `TokenRows.find`."""

        def read(connection: Connection) -> ApiToken | None:
            row = connection.execute(_TOKENS["find_token"], (token_hash,)).fetchone()
            return None if row is None else _token_of_row(row)

        return await self._access.look_up(read)

    async def page(self, params: PaginationParams) -> tuple[list[ApiToken], int]:
        """See `TokenRows.page`."""
        part = params.normalized()

        def read(connection: Connection) -> tuple[list[ApiToken], int]:
            rows = (_TOKENS["list_tokens"], (part.limit, part.offset))
            return read_page(connection, _token_of_row, rows, (_TOKENS["count_tokens"], ()))

        return await self._access.read(read)

    def note_use(self, token_id: str, used_at: int) -> bool:
        """See `TokenRows.note_use`."""
        return self._access.enqueue_nowait(
            Statement(_TOKENS["note_token_use"], (token_id, used_at))
        )

    async def delete(self, token_id: str) -> ApiToken:
        """See `TokenRows.delete`."""

        def remove(connection: Connection) -> ApiToken:
            row = connection.execute(_TOKENS["delete_token"], (token_id,)).fetchone()
            if row is None:
                raise TokenNotFound
            return _token_of_row(row)

        return await self._access.write(Work(remove))


class SessionStore:
    """Sessions of people who have logged in; the methods are those of `SessionRows`."""

    def __init__(self, access: Access, clock: WallClock) -> None:
        """Use *access*; by *clock* sessions expire."""
        self._access = access
        self._clock = clock

    async def create(self, session: LoginSession, token_hash: bytes) -> None:
        """See `SessionRows.create`."""
        params = (
            session.id,
            token_hash,
            session.created_at,
            session.expires_at,
            session.address,
            session.user_agent,
        )
        await self._access.write(Statement(_SESSIONS["insert_session"], params))

    async def find(self, token_hash: bytes) -> LoginSession | None:
        """See `SessionRows.find`."""
        now = int(self._clock())

        def read(connection: Connection) -> LoginSession | None:
            row = connection.execute(_SESSIONS["find_session"], (token_hash, now)).fetchone()
            return None if row is None else _session_of_row(row)

        return await self._access.look_up(read)

    async def page(self, params: PaginationParams) -> tuple[list[LoginSession], int]:
        """See `SessionRows.page`."""
        part, now = params.normalized(), int(self._clock())

        def read(connection: Connection) -> tuple[list[LoginSession], int]:
            rows = (_SESSIONS["list_sessions"], (now, part.limit, part.offset))
            total = (_SESSIONS["count_sessions"], (now,))
            return read_page(connection, _session_of_row, rows, total)

        return await self._access.read(read)

    def note_use(self, session_id: str, used_at: int) -> bool:
        """See `SessionRows.note_use`."""
        return self._access.enqueue_nowait(
            Statement(_SESSIONS["note_session_use"], (session_id, used_at))
        )

    async def delete(self, session_id: str) -> None:
        """See `SessionRows.delete`."""
        params = (session_id, int(self._clock()))
        await self._access.write(Statement(_SESSIONS["delete_session"], params, SessionNotFound))

    async def clear(self) -> int:
        """See `SessionRows.clear`."""
        return await self._access.write(
            Work(lambda c: c.execute(_SESSIONS["clear_sessions"]).rowcount)
        )


def _why_no_token_was_stored(connection: Connection, params: Params) -> TokenNameTaken | None:
    name: str = params[1]
    is_taken = connection.execute(_TOKENS["is_name_taken"], (name,)).fetchone() is not None
    return TokenNameTaken(name) if is_taken else None


def _token_of_row(row: tuple[Any, ...]) -> ApiToken:
    token_id, name, scopes, created_at, expires_at, last_used_at = row
    return ApiToken(
        id=token_id,
        name=name,
        scopes=scopes.split(),
        created_at=created_at,
        expires_at=expires_at,
        last_used_at=last_used_at,
    )


def _session_of_row(row: tuple[Any, ...]) -> LoginSession:
    session_id, created_at, last_used_at, expires_at, address, user_agent = row
    return LoginSession(
        id=session_id,
        created_at=created_at,
        last_used_at=last_used_at,
        expires_at=expires_at,
        address=address,
        user_agent=user_agent,
    )
