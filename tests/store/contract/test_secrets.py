"""Secrets at rest: sealed rows, resealing, write-only variables, signing secrets."""

import pytest

from perilune.store import (
    TooManySigningSecrets,
    VariableNotKept,
)
from tests.store.helpers import some_function

VALUE = "s3cret-value-of-the-variable"


async def test_values_of_write_only_variables_are_those_of_now(store):
    """The store keeps them in memory."""
    fn = await some_function(store)
    other = await some_function(store)
    await store.env.replace(fn.id, {"A": "1", "B": "2", "C": "3"}, write_only=["A", "C"])

    assert sorted(await store.write_only_values(fn.id)) == ["1", "3"]
    await store.env.set(fn.id, "A", "4")
    assert sorted(await store.write_only_values(fn.id)) == ["3", "4"]
    async with store.transaction() as transaction:
        await transaction.env.delete(fn.id, "C")
        await transaction.env.set(fn.id, "B", "5", True)
    assert sorted(await store.write_only_values(fn.id)) == ["4", "5"]
    await store.delete_function(fn.id)
    assert await store.write_only_values(fn.id) == ()
    assert await store.write_only_values(other.id) == ()


async def test_write_only_variables_are_listed_without_their_values(store):
    fn = await some_function(store)
    await store.env.set(fn.id, "OPEN", "1")
    await store.env.set(fn.id, "HIDDEN", VALUE, True)
    await store.env.set(fn.id, "LATER", VALUE)
    await store.env.keep(fn.id, "LATER", True)

    listed = {one.key: (one.value, one.write_only) for one in await store.env.readable(fn.id)}

    assert listed == {"HIDDEN": (None, True), "LATER": (None, True), "OPEN": ("1", False)}
    assert await store.env.get(fn.id, "HIDDEN") == VALUE
    assert set(await store.env.all(fn.id)) == {"HIDDEN", "LATER", "OPEN"}


async def test_a_new_value_keeps_the_mark_unless_told_otherwise(store):
    fn = await some_function(store)
    await store.env.set(fn.id, "KEY", "1", True)

    await store.env.set(fn.id, "KEY", "2")
    assert [one.write_only for one in await store.env.readable(fn.id)] == [True]
    await store.env.replace(fn.id, {"KEY": "3"})
    assert [one.write_only for one in await store.env.readable(fn.id)] == [True]
    await store.env.set(fn.id, "KEY", "4", False)
    assert [one.value for one in await store.env.readable(fn.id)] == ["4"]


async def test_replace_leaves_the_values_that_are_kept(store):
    fn = await some_function(store)
    await store.env.replace(fn.id, {"A": "1", "B": "2", "C": "3"}, write_only=["A"])

    await store.env.replace(fn.id, {"D": "4"}, kept=["A", "B"], write_only=["A", "B"])

    assert await store.env.all(fn.id) == {"A": "1", "B": "2", "D": "4"}
    marks = {one.key: one.write_only for one in await store.env.readable(fn.id)}
    assert marks == {"A": True, "B": True, "D": False}


@pytest.mark.parametrize(
    ("kept", "write_only", "text"),
    [
        pytest.param(["NOPE"], None, "there is no variable NOPE", id="missing"),
        pytest.param(["A"], [], "A is write-only", id="would become readable"),
    ],
)
async def test_a_failed_write_changes_nothing(store, kept, write_only, text):
    fn = await some_function(store)
    await store.env.replace(fn.id, {"A": VALUE}, write_only=["A"])

    with pytest.raises(VariableNotKept, match=text):
        await store.env.replace(fn.id, {"B": "2"}, kept, write_only)
    with pytest.raises(VariableNotKept, match="there is no variable NOPE"):
        await store.env.keep(fn.id, "NOPE", True)
    with pytest.raises(VariableNotKept, match="A is write-only"):
        await store.env.keep(fn.id, "A", False)

    assert await store.env.all(fn.id) == {"A": VALUE}
    assert [one.write_only for one in await store.env.readable(fn.id)] == [True]


async def test_a_function_has_at_most_ten_signing_secrets(store):
    fn = await some_function(store)
    for number in range(10):
        await store.signing_secrets.add(fn.id, f"s{number}", VALUE)

    with pytest.raises(TooManySigningSecrets):
        await store.signing_secrets.add(fn.id, "one more", VALUE)

    await store.signing_secrets.delete(fn.id, "s3")
    await store.signing_secrets.add(fn.id, "one more", VALUE)
    assert len(await store.signing_secrets.list(fn.id)) == 10
