"""API tokens and sessions: found by digest, listed, used, ended."""

import pytest

from perilune.store import (
    ApiToken,
    PaginationParams,
    SessionNotFound,
    StoreError,
    TokenNameTaken,
    TokenNotFound,
)
from tests.store.credentials import digest, some_session, some_token
from tests.store.helpers import NOW, fresh_id

ALL = PaginationParams(limit=100)


async def test_a_token_is_found_by_its_digest_alone(store):
    token = await some_token(store, scopes=["deploy", "invoke"], expires_at=NOW + 5)

    assert await store.tokens.find(digest("ci")) == token
    assert await store.tokens.find(digest("other")) is None
    assert await store.tokens.find(b"ci") is None


async def test_names_of_tokens_are_unique(store):
    first = await some_token(store)

    with pytest.raises(TokenNameTaken, match="'ci'"):
        await store.tokens.create(
            ApiToken(id=fresh_id("t"), name="ci", scopes=["admin"], created_at=NOW), digest("x")
        )

    assert await store.tokens.page(ALL) == ([first], 1)
    assert await store.tokens.find(digest("x")) is None


async def test_a_digest_cannot_be_stored_twice(store):
    await some_token(store)

    with pytest.raises(StoreError) as caught:
        await store.tokens.create(
            ApiToken(id=fresh_id("t"), name="b", scopes=["admin"], created_at=NOW), digest("ci")
        )

    assert not isinstance(caught.value, TokenNameTaken)


async def test_tokens_are_listed_newest_first(store):
    old, *_ = [await some_token(store, name, created_at=NOW + i) for i, name in enumerate("abc")]

    found, total = await store.tokens.page(PaginationParams(limit=2, offset=1))

    assert ([one.name for one in found], total) == (["b", "a"], 3)
    assert found[-1] == old


async def test_the_last_use_of_a_token_is_kept(store):
    token = await some_token(store)

    assert store.tokens.note_use(token.id, NOW + 60)
    await some_token(store, "a write that waits for the queued one")

    found = await store.tokens.find(digest("ci"))
    assert found is not None and found.last_used_at == NOW + 60


async def test_a_deleted_token_is_gone_and_is_told(store):
    token = await some_token(store)

    assert await store.tokens.delete(token.id) == token

    assert await store.tokens.find(digest("ci")) is None
    with pytest.raises(TokenNotFound):
        await store.tokens.delete(token.id)


async def test_a_session_lives_until_it_expires(store, clock):
    session = await some_session(store)

    assert await store.sessions.find(digest("s")) == session
    clock.now = NOW + 99.9
    assert await store.sessions.find(digest("s")) == session
    clock.now = NOW + 100
    assert await store.sessions.find(digest("s")) is None
    assert await store.sessions.page(ALL) == ([], 0)
    with pytest.raises(SessionNotFound):
        await store.sessions.delete(session.id)


async def test_one_session_is_ended_the_others_stay(store):
    ended, stays = await some_session(store, "a"), await some_session(store, "b")

    await store.sessions.delete(ended.id)

    assert await store.sessions.find(digest("a")) is None
    assert await store.sessions.page(ALL) == ([stays], 1)


async def test_the_last_use_of_a_session_moves(store):
    session = await some_session(store)

    assert store.sessions.note_use(session.id, NOW + 60)
    await some_session(store, "a write that waits for the queued one")

    found = await store.sessions.find(digest("s"))
    assert found is not None and found.last_used_at == NOW + 60


async def test_all_sessions_are_ended_together(store):
    for text in "abc":
        await some_session(store, text)

    assert await store.sessions.clear() == 3
    assert await store.sessions.page(PaginationParams()) == ([], 0)
