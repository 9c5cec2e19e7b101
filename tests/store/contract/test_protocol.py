"""The store offers what its contract promises, with the same arguments."""

import inspect

import pytest

from perilune.store import (
    DB,
    EnvRows,
    KVRows,
    LimitRows,
    LogRows,
    RequestRows,
    SecretRows,
    ServerRows,
    SessionRows,
    SigningSecretRows,
    StatisticsRows,
    Store,
    TickRows,
    TokenRows,
)


def differences(promised, offered):
    """Return the methods whose arguments are others."""
    for name, method in inspect.getmembers(promised, inspect.isfunction):
        if not name.startswith("_"):
            _, *expected = inspect.signature(method).parameters.values()
            given = inspect.signature(getattr(offered, name)).parameters.values()
            if [(one.name, one.default) for one in given] != [
                (one.name, one.default) for one in expected
            ]:
                yield name


@pytest.mark.parametrize(
    ("protocol", "part"),
    [
        pytest.param(DB, lambda store: store, id="db"),
        pytest.param(KVRows, lambda store: store.kv, id="kv"),
        pytest.param(EnvRows, lambda store: store.env, id="env"),
        pytest.param(SigningSecretRows, lambda store: store.signing_secrets, id="signing"),
        pytest.param(LogRows, lambda store: store.logs, id="logs"),
        pytest.param(RequestRows, lambda store: store.ai_requests, id="ai"),
        pytest.param(RequestRows, lambda store: store.email_requests, id="email"),
        pytest.param(TokenRows, lambda store: store.tokens, id="tokens"),
        pytest.param(SessionRows, lambda store: store.sessions, id="sessions"),
        pytest.param(StatisticsRows, lambda store: store.statistics, id="statistics"),
        pytest.param(TickRows, lambda store: store.ticks, id="ticks"),
        pytest.param(ServerRows, lambda store: store.servers, id="servers"),
        pytest.param(LimitRows, lambda store: store.limits, id="limits"),
    ],
)
async def test_names_and_arguments_are_those_of_the_contract(store, protocol, part):
    async with store.transaction() as tx:
        for offered in (part(store), part(tx)):
            assert list(differences(protocol, offered)) == []


async def test_an_open_store_offers_more(store):
    assert list(differences(Store, store)) == []
    assert list(differences(SecretRows, store.secrets)) == []


async def test_what_belongs_to_the_whole_store_is_not_in_a_transaction(store):
    async with store.transaction() as tx:
        assert not hasattr(tx, "close")
        assert not hasattr(tx, "on_change")
