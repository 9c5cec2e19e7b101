"""Tokens and sessions that tests put into a store."""

import hashlib

from perilune.store import ApiToken, LoginSession
from tests.store.helpers import NOW, fresh_id


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
