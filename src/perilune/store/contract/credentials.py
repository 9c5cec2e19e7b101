"""Rows of what lets people and programs in.  Tokens are found by their SHA-256 digest."""

from typing import Protocol

from perilune.store.records import ApiToken, LoginSession, PaginationParams


class TokenRows(Protocol):
    """Rows of the API tokens, found by the SHA-256 digest of a token."""

    async def create(self, token: ApiToken, token_hash: bytes) -> None:
        """Store a new token.  Raises `TokenNameTaken`."""
        ...

    async def find(self, token_hash: bytes) -> ApiToken | None:
        """Return the token with this digest, expired or not; None if there is none."""
        ...

    async def page(self, params: PaginationParams) -> tuple[list[ApiToken], int]:
        """Return one page, newest first, and the total."""
        ...

    def note_use(self, token_id: str, used_at: int) -> bool:
        """Queue the time of a use, as `LogRows.append` does; never raises."""
        ...

    async def delete(self, token_id: str) -> ApiToken:
        """Remove a token and return what it was.  Raises `TokenNotFound`."""
        ...


class SessionRows(Protocol):
    """Rows of the sessions.  What has expired is as good as gone everywhere."""

    async def create(self, session: LoginSession, token_hash: bytes) -> None:
        """Store a new session."""
        ...

    async def find(self, token_hash: bytes) -> LoginSession | None:
        """Return the session with this digest, or None."""
        ...

    async def page(self, params: PaginationParams) -> tuple[list[LoginSession], int]:
        """Return one page, newest first, and the total."""
        ...

    def note_use(self, session_id: str, used_at: int) -> bool:
        """Queue the time of a use, as `LogRows.append` does; never raises."""
        ...

    async def delete(self, session_id: str) -> None:
        """End one session.  Raises `SessionNotFound`."""
        ...

    async def clear(self) -> int:
        """End all sessions; return how many rows that were."""
