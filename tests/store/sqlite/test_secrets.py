"""Secrets at rest leave no trace in the file."""

from pathlib import Path

from perilune.store import (
    open_store,
)
from perilune.vault import PLAIN, KeyRing, SecretKey
from tests.store.helpers import SettableClock, some_function
from tests.store.sqlite.file import rows

OLD = SecretKey(bytes(32))
VALUE = "s3cret-value-of-the-variable"


def opened(path: Path, vault=None):
    return open_store(path, clock=SettableClock(), vault=vault or KeyRing([OLD]))


def contents(path: Path) -> bytes:
    """All bytes of the database and its companions."""
    return b"".join(each.read_bytes() for each in path.parent.glob(path.name + "*"))


async def test_values_are_not_in_the_file(path):
    async with opened(path) as store:
        fn = await some_function(store)
        await store.env.set(fn.id, "KEY", VALUE)
        await store.env.replace(fn.id, {"A": VALUE + "2"}, kept=["KEY"])
        await store.signing_secrets.add(fn.id, "s1", VALUE + "3")

        assert VALUE.encode() not in contents(path)
        assert await store.env.get(fn.id, "KEY") == VALUE
        assert await store.env.all(fn.id) == {"A": VALUE + "2", "KEY": VALUE}
        assert await store.signing_secrets.values(fn.id) == (VALUE + "3",)
    assert VALUE.encode() not in contents(path)
    assert rows(path, "SELECT DISTINCT key_id FROM env_vars") == [(OLD.key_id,)]


async def test_plain_rows_are_read_and_then_sealed_without_a_trace(path):
    async with opened(path, PLAIN) as store:
        fn = await some_function(store)
        for number in range(50):
            await store.env.set(fn.id, f"K{number}", f"{VALUE}{number}")
    assert VALUE.encode() in contents(path)

    async with opened(path) as store:
        assert await store.env.get(fn.id, "K7") == f"{VALUE}7"
        assert await store.secrets.reseal() == 50
        assert await store.secrets.reseal() == 0
        assert await store.env.all(fn.id) == {f"K{n}": f"{VALUE}{n}" for n in range(50)}

    assert VALUE.encode() not in contents(path)
