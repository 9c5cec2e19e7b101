import pytest

from tests.store.helpers import NOW, some_function, some_version
from tests.store.sqlite.file import rows

PLENTY = 10**9


@pytest.fixture
async def fn(store) -> str:
    return (await some_function(store)).id


async def test_purge_deletes_what_has_expired(store, fn, path):
    for number in range(1200):
        await store.kv.set(fn, b"%d" % number, b"v", NOW + number % 2, PLENTY)
    await store.kv.set(fn, b"stays", b"v", None, PLENTY)

    assert (await store.purge_expired(NOW))["kv_store"] == 600
    assert (await store.purge_expired(NOW))["kv_store"] == 0

    assert rows(path, "SELECT count(*) FROM kv_store") == [(601,)]


async def test_kd_74_values_are_bytes(store, path):
    version = await some_version(store)
    every = bytes(range(256))

    await store.kv.set(version.function_id, every, every, None, 1000)

    assert await store.kv.get(version.function_id, every) == every
    assert rows(path, "SELECT typeof(key), typeof(value) FROM kv_store") == [("blob", "blob")]
