"""Secrets at rest: sealed rows, resealing, write-only variables, signing secrets."""

from pathlib import Path

import pytest

from perilune.store import (
    FunctionNotFound,
    SecretUnreadable,
    SigningSecretNotFound,
    open_store,
)
from perilune.store.tables.secrets import CHUNK_ROWS
from perilune.vault import PLAIN, KeyRing, SecretKey
from tests.store.databases.outside import other_connection, rows
from tests.store.helpers import NOW, SettableClock, some_function

OLD, NEW = SecretKey(bytes(32)), SecretKey(bytes(range(32)))


VALUE = "s3cret-value-of-the-variable"


def opened(where: Path | str, vault=None):
    return open_store(where, clock=SettableClock(), vault=vault or KeyRing([OLD]))


async def test_a_rotation_takes_every_value_to_the_first_key(where):
    count = CHUNK_ROWS + 3
    async with opened(where) as store:
        for _ in range(count // 100 + 1):
            fn = await some_function(store)
            await store.env.replace(fn.id, {f"K{n}": VALUE for n in range(100)})
        await store.signing_secrets.add(fn.id, "s1", VALUE)
        total = 100 * (count // 100 + 1) + 1

    async with opened(where, KeyRing([NEW, OLD])) as store:
        assert await store.secrets.key_ids() == {OLD.key_id}
        assert await store.secrets.reseal() == total
        assert await store.secrets.key_ids() == {NEW.key_id}

    async with opened(where, KeyRing([NEW])) as store:
        assert await store.secrets.unknown_key_ids() == set()
        assert set((await store.env.all(fn.id)).values()) == {VALUE}
        assert await store.signing_secrets.values(fn.id) == (VALUE,)


async def test_a_rotation_that_broke_off_goes_on(where):
    """A value that can't be read stops it; what is done stays done, nothing is lost."""
    async with opened(where) as store:
        fn = await some_function(store)
        await store.env.replace(fn.id, {f"K{n:03}": VALUE for n in range(CHUNK_ROWS + 50)})
    with other_connection(where) as connection:
        [(sound,)] = connection.execute("SELECT value FROM env_vars WHERE key = 'K249'").fetchall()
        connection.execute("UPDATE env_vars SET value = 'AAAA' WHERE key = 'K249'")

    async with opened(where, KeyRing([NEW, OLD])) as store:
        with pytest.raises(SecretUnreadable, match="K249"):
            await store.secrets.reseal()
        assert await store.secrets.key_ids() == {OLD.key_id, NEW.key_id}
        with other_connection(where) as connection:
            connection.execute("UPDATE env_vars SET value = ? WHERE key = 'K249'", (sound,))
        assert await store.secrets.reseal() == 50
        assert set((await store.env.all(fn.id)).values()) == {VALUE}


async def test_a_missing_key_is_known_before_anything_is_read(where):
    async with opened(where) as store:
        fn = await some_function(store)
        await store.env.set(fn.id, "KEY", VALUE)

    for vault in (PLAIN, KeyRing([NEW])):
        async with opened(where, vault) as store:
            assert await store.secrets.unknown_key_ids() == {OLD.key_id}
            with pytest.raises(SecretUnreadable, match=f"KEY of {fn.id}"):
                await store.env.get(fn.id, "KEY")


async def test_signing_secrets_belong_to_one_function(store, where):
    ours, theirs = await some_function(store), await some_function(store)

    added = await store.signing_secrets.add(ours.id, "s1", VALUE)
    with pytest.raises(FunctionNotFound):
        await store.signing_secrets.add("nope", "s1", VALUE)

    assert (added.id, added.function_id, added.created_at) == ("s1", ours.id, NOW)
    assert await store.signing_secrets.list(ours.id) == [added]
    assert await store.signing_secrets.values(theirs.id) == ()
    with pytest.raises(SigningSecretNotFound):
        await store.signing_secrets.delete(theirs.id, "s1")
    await store.delete_function(ours.id)
    assert rows(where, "SELECT * FROM signing_secrets") == []
