import asyncio

import pytest

from perilune.store import StoreError, TooManyVariables
from tests.store.helpers import NOW, some_function


@pytest.fixture
async def fn(store) -> str:
    return (await some_function(store)).id


async def test_variables_are_set_read_and_removed(store, fn):
    assert await store.env.get(fn, "KEY") is None
    await store.env.set(fn, "KEY", "one")
    await store.env.set(fn, "KEY", "two")
    await store.env.set(fn, "", "")

    assert await store.env.get(fn, "KEY") == "two"
    assert await store.env.all(fn) == {"": "", "KEY": "two"}

    await store.env.delete(fn, "KEY")
    await store.env.delete(fn, "KEY")

    assert await store.env.all(fn) == {"": ""}


async def test_variables_belong_to_one_function(store, fn):
    other = await some_function(store)

    await store.env.set(fn, "KEY", "secret")

    assert await store.env.get(other.id, "KEY") is None
    assert await store.env.all(other.id) == {}
    assert await store.env.all("nope") == {}


async def test_replace_makes_the_given_values_the_whole_set(store, fn):
    await store.env.replace(fn, {"A": "1", "B": "2"})
    await store.env.replace(fn, {"B": "3", "C": "4"})

    assert await store.env.all(fn) == {"B": "3", "C": "4"}
    await store.env.replace(fn, {})
    assert await store.env.all(fn) == {}


async def test_a_replacement_that_fails_changes_nothing(store, fn, clock):
    await store.env.replace(fn, {"A": "1"})
    clock.now += 9

    with pytest.raises(StoreError):
        await store.env.replace(fn, {"B": "2", "C": "\ud800"})

    assert await store.env.all(fn) == {"A": "1"}
    assert (await store.get_function(fn)).updated_at == NOW


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        pytest.param(lambda env, fn: env.set(fn, "A", "2"), True, id="set"),
        pytest.param(lambda env, fn: env.replace(fn, {"A": "2"}), True, id="replace"),
        pytest.param(lambda env, fn: env.delete(fn, "A"), True, id="delete"),
        pytest.param(lambda env, fn: env.delete(fn, "nope"), False, id="delete-missing"),
    ],
)
async def test_changes_touch_the_function(store, fn, clock, change, touched):
    await store.env.set(fn, "A", "1")
    clock.now += 9

    await change(store.env, fn)

    assert (await store.get_function(fn)).updated_at == (NOW + 9 if touched else NOW)


async def test_only_as_many_variables_are_set_as_may_be(store, fn):
    await store.env.replace(fn, {"A": "1", "B": "2"})

    done = await asyncio.gather(
        *(store.env.set(fn, f"NEW{number}", "x", most=4) for number in range(5)),
        return_exceptions=True,
    )
    await store.env.set(fn, "A", "changed", most=1)

    assert [type(one) for one in done].count(TooManyVariables) == 3
    assert len(await store.env.all(fn)) == 4
    assert await store.env.get(fn, "A") == "changed"
