"""The example that counts visits, in every language."""

import pytest

from tests.examples.conftest import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_counter_counts(stage: Stage) -> None:
    counter = await stage.deploy("counter")

    assert [(await counter.call()).json["visits"] for _ in range(3)] == [1, 2, 3]


async def test_the_counter_says_when_it_cannot_count(stage: Stage) -> None:
    counter = await stage.deploy("counter")
    await stage.kv.set(counter.id, b"visits", b"many")

    answer = await counter.call()

    assert (answer.status, answer.json) == (503, {"error": "can't count at the moment"})
    (line,) = answer.logs
    assert line == "visit not counted: failed to increment value: the value is not a number"
