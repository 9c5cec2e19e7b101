"""The keys of a server: made once, checked at every start, replaced without loss."""

import pytest

from perilune.app import open_data, open_secrets, prune, rotate
from perilune.config import Settings
from perilune.store import Function, StoreError
from perilune.vault import UnusableSecretKeyError
from tests.store.sqlite.file import rows

VALUE = "s3cret-value-of-the-variable"


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path / "data", api_key="0123456789abcdef-test")


def configured(settings, *keys):
    return Settings(data_dir=settings.data_dir, api_key=settings.api_key, secret_key=",".join(keys))


async def fill(settings, value=VALUE):
    async with open_data(settings) as (_, store):
        await store.create_function(Function(id="f", name="f"))
        await store.env.set("f", "KEY", value)


async def value_in(settings):
    async with open_data(settings) as (_, store):
        return await store.env.get("f", "KEY")


async def test_a_first_start_makes_a_key_and_later_ones_use_it(settings):
    await fill(settings)
    file = settings.data_dir / "secret_key.txt"
    key = file.read_text()

    assert await value_in(settings) == VALUE
    assert file.read_text() == key
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("other", [None, "ab" * 32 + "\n"], ids=["missing", "wrong"])
async def test_a_missing_or_wrong_key_refuses_the_start_and_loses_nothing(settings, other):
    await fill(settings)
    file = settings.data_dir / "secret_key.txt"
    right = file.read_text()
    file.unlink()
    if other is not None:
        file.write_text(other)

    with pytest.raises(UnusableSecretKeyError) as caught:
        await value_in(settings)

    assert "the database holds secrets encrypted with the key " in str(caught.value)
    assert str(file) in str(caught.value)
    assert (file.read_text() if file.exists() else None) == other
    file.write_text(right)
    assert await value_in(settings) == VALUE


async def test_a_configured_key_takes_over_from_the_file(settings):
    """With both at first, then alone: a start encrypts everything with the first key."""
    await fill(settings)
    file = settings.data_dir / "secret_key.txt"
    old, new = file.read_text().strip(), "ab" * 32

    with pytest.raises(UnusableSecretKeyError, match="PERILUNE_SECRET_KEY"):
        await value_in(configured(settings, new))
    assert await value_in(configured(settings, new, old)) == VALUE
    file.unlink()
    assert await value_in(configured(settings, new)) == VALUE
    assert not file.exists()


async def test_values_from_before_are_encrypted_at_the_next_start(settings):
    await fill(settings)
    path = settings.data_dir / "lunar.db"
    rows(path, "UPDATE env_vars SET value = ?, key_id = NULL", "plain")

    assert await value_in(settings) == "plain"

    [(stored, key_id)] = rows(path, "SELECT value, key_id FROM env_vars")
    assert stored != "plain" and key_id is not None


async def test_a_rotation_adds_a_key_and_pruning_forgets_the_old_one(settings):
    await fill(settings)
    file = settings.data_dir / "secret_key.txt"
    before = file.read_text().split()

    async with open_secrets(settings) as (keys, store):
        assert (await rotate(store, keys)).resealed == 1
    rotated = file.read_text().split()
    assert rotated[1:] == before
    assert await value_in(settings) == VALUE
    async with open_secrets(settings) as (keys, store):
        assert len((await prune(store, keys)).dropped) == 1
    assert file.read_text().split() == rotated[:1]
    assert await value_in(settings) == VALUE


async def test_a_running_server_follows_a_rotation(settings):
    """Its own writes use the new key at once, so pruning can't take a key they need."""
    await fill(settings)
    async with open_data(settings) as (_, running):
        await running.env.set("f", "OTHER", "before")
        async with open_secrets(settings) as (keys, store):
            await rotate(store, keys)
        await running.env.set("f", "LATER", "after")
        async with open_secrets(settings) as (keys, store):
            done = await prune(store, keys)
        assert done.resealed == 0
        assert len(done.dropped) == 1
        values = {"KEY": VALUE, "OTHER": "before", "LATER": "after"}
        assert await running.env.all("f") == values
    async with open_data(settings) as (_, store):
        assert await store.env.all("f") == values


async def test_pruning_keeps_the_key_that_is_in_use(settings):
    await fill(settings)
    file = settings.data_dir / "secret_key.txt"
    key = file.read_text()

    async with open_secrets(settings) as (keys, store):
        assert (await prune(store, keys)).dropped == ()

    assert file.read_text() == key


async def test_a_rotation_refuses_while_a_key_is_missing(settings):
    await fill(settings)
    file = settings.data_dir / "secret_key.txt"
    file.write_text("ab" * 32)

    async with open_secrets(settings) as (keys, store):
        for work in (rotate, prune):
            with pytest.raises(UnusableSecretKeyError):
                await work(store, keys)

    assert file.read_text() == "ab" * 32


@pytest.mark.parametrize("work", [rotate, prune])
async def test_values_from_before_there_was_a_key_survive_every_command(settings, work):
    """No value may ever be encrypted with a key that is not in the file yet."""
    await fill(settings)
    rows(settings.data_dir / "lunar.db", "UPDATE env_vars SET value = ?, key_id = NULL", "plain")
    file = settings.data_dir / "secret_key.txt"
    file.unlink()

    async with open_secrets(settings) as (keys, store):
        assert (await work(store, keys)).resealed == 1

    assert len(file.read_text().split()) == 1
    assert await value_in(settings) == "plain"


async def test_nothing_is_written_before_there_is_a_key(settings):
    await fill(settings)
    rows(settings.data_dir / "lunar.db", "UPDATE env_vars SET value = ?, key_id = NULL", "plain")
    (settings.data_dir / "secret_key.txt").unlink()

    async with open_secrets(settings) as (_, store):
        with pytest.raises(StoreError, match="no key to encrypt it with"):
            await store.env.set("f", "KEY", "new")

        assert await store.env.get("f", "KEY") == "plain"
