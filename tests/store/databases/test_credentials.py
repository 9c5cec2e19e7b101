"""API tokens and sessions: found by digest, listed, used, ended."""

from tests.store.credentials import digest, some_session, some_token
from tests.store.databases.outside import rows
from tests.store.helpers import NOW


async def test_purging_removes_the_rows_of_expired_sessions_only(store, clock, where):
    await some_session(store, "old", expires_at=NOW + 1)
    stays = await some_session(store, "new", expires_at=NOW + 2)

    purged = await store.purge_expired(NOW + 1)

    assert purged["sessions"] == 1
    assert rows(where, "SELECT id FROM sessions") == [(stays.id,)]


async def test_no_secret_is_in_the_rows(store, where):
    await some_token(store, "visible-token-text")
    await some_session(store, "visible-session-text")

    stored = rows(where, "SELECT * FROM sessions")
    hashes = rows(where, "SELECT token_hash FROM api_tokens")

    assert "visible-session-text" not in repr(stored)
    assert hashes == [(digest("visible-token-text"),)]
