"""The store offers what its protocols promise, with the same arguments."""

import inspect

import pytest

from perilune.store import (
    DB,
    AIRequestRows,
    EmailRequestRows,
    EnvRows,
    KVRows,
    LogRows,
    SessionRows,
    SqliteStore,
    SqliteTransaction,
    TickRows,
    TokenRows,
)

Parts = tuple[DB, KVRows, EnvRows, LogRows, AIRequestRows, EmailRequestRows, TickRows]
Credentials = tuple[TokenRows, SessionRows]


def as_promised(store: SqliteStore) -> Parts:
    """Checked by mypy."""
    requests = store.ai_requests, store.email_requests
    return store, store.kv, store.env, store.logs, *requests, store.ticks


def inside_as_well(store: SqliteTransaction) -> Parts:
    """Checked by mypy."""
    requests = store.ai_requests, store.email_requests
    return store, store.kv, store.env, store.logs, *requests, store.ticks


def credentials_too(store: SqliteStore) -> Credentials:
    """Checked by mypy."""
    return store.tokens, store.sessions


@pytest.mark.parametrize(
    ("protocol", "part"),
    [
        pytest.param(DB, lambda store: store, id="db"),
        pytest.param(KVRows, lambda store: store.kv, id="kv"),
        pytest.param(EnvRows, lambda store: store.env, id="env"),
        pytest.param(LogRows, lambda store: store.logs, id="logs"),
        pytest.param(AIRequestRows, lambda store: store.ai_requests, id="ai"),
        pytest.param(EmailRequestRows, lambda store: store.email_requests, id="email"),
        pytest.param(TokenRows, lambda store: store.tokens, id="tokens"),
        pytest.param(SessionRows, lambda store: store.sessions, id="sessions"),
        pytest.param(TickRows, lambda store: store.ticks, id="ticks"),
    ],
)
async def test_names_and_arguments_are_those_of_the_protocol(store, protocol, part):
    promised = inspect.getmembers(protocol, inspect.isfunction)
    assert promised
    async with store.transaction() as tx:
        for offered in (part(store), part(tx)):
            for name, method in promised:
                if name.startswith("_"):
                    continue
                _, *expected = inspect.signature(method).parameters.values()
                given = [*inspect.signature(getattr(offered, name)).parameters.values()]
                assert [(each.name, each.default) for each in given] == [
                    (each.name, each.default) for each in expected
                ], name
