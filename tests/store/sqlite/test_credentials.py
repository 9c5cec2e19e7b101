"""API tokens and sessions: found by digest, listed, used, ended."""

import hashlib

from perilune.store import (
    ApiToken,
    LoginSession,
)
from tests.store.helpers import NOW, fresh_id
from tests.store.sqlite.file import rows


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


async def some_token(store, name: str = "ci", **changes) -> ApiToken:
    members = {"id": fresh_id("t"), "name": name, "scopes": ["read"], "created_at": NOW, **changes}
    token = ApiToken(**members)
    await store.tokens.create(token, digest(name))
    return token


async def some_session(store, text: str = "s", **changes) -> LoginSession:
    members = {
        "id": fresh_id("s"),
        "created_at": NOW,
        "last_used_at": NOW,
        "expires_at": NOW + 100,
        "address": "192.0.2.1",
        "user_agent": "browser",
        **changes,
    }
    session = LoginSession(**members)
    await store.sessions.create(session, digest(text))
    return session


async def test_purging_removes_the_rows_of_expired_sessions_only(store, clock, path):
    await some_session(store, "old", expires_at=NOW + 1)
    stays = await some_session(store, "new", expires_at=NOW + 2)

    purged = await store.purge_expired(NOW + 1)

    assert purged["sessions"] == 1
    assert rows(path, "SELECT id FROM sessions") == [(stays.id,)]


async def test_no_secret_is_in_the_rows(store, path):
    await some_token(store, "visible-token-text")
    await some_session(store, "visible-session-text")

    stored = rows(path, "SELECT * FROM sessions")
    hashes = rows(path, "SELECT token_hash FROM api_tokens")

    assert "visible-session-text" not in repr(stored)
    assert hashes == [(digest("visible-token-text"),)]
