"""API tokens and sessions: found by digest, listed, used, ended."""

from tests.store.credentials import digest, some_session, some_token
from tests.store.helpers import NOW
from tests.store.sqlite.file import rows


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
