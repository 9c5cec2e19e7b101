"""Functions that change their own environment: under the rules of the API, and on record."""

import pytest

from perilune.store import Function
from tests.runtimes.conftest import ALL_VALUES, Box

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def messages(box: Box, execution_id: str) -> list[str]:
    rows, _ = await box.store.logs.page(execution_id, None, 0)
    return [row.message for row in rows]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("env.set('', 'v')", "env_var_key: environment variable key cannot be empty"),
        (
            "env.set('NOT-THIS', 'v')",
            "env_var_key: environment variable key can only contain letters, numbers, and"
            " underscores",
        ),
        (
            "env.set('K', ('v'):rep(10001))",
            "env_var_value: environment variable value cannot be longer than 10000 characters",
        ),
        ("env.set('K', '\\255')", "env_var_value: environment variable value must be UTF-8 text"),
    ],
)
async def test_the_rules_of_the_api_hold(world: Box, call: str, problem: str) -> None:
    values, execution_id = await world.values(call)

    assert values == [False, problem]
    assert await messages(world, execution_id) == []


async def test_changes_are_logged_without_the_value(world: Box) -> None:
    values, execution_id = await world.values(
        "env.set('TOKEN', 'hidden-value'), env.get('TOKEN'), env.delete('TOKEN')"
    )

    assert values == [True, "hidden-value", True]
    logged = await messages(world, execution_id)
    assert logged == [
        "environment variable TOKEN was set by the function",
        "environment variable TOKEN was removed by the function",
    ]


async def test_a_function_that_may_not_change_it_is_told_so(world: Box) -> None:
    calls = "{env.set('MODE', 'x')}, {env.delete('MODE')}, env.get('MODE')"
    function_id = await world.add(ALL_VALUES.format(expression=calls), env_writable=False)
    await world.store.env.set(function_id, "MODE", "safe")

    result = await world.call(function_id)

    assert result.response is not None, result.error
    refused = b'[false,"env is read-only for this function"]'
    assert result.response.body == b"[" + refused + b"," + refused + b',"safe"]'
    assert await world.store.env.all(function_id) == {"MODE": "safe"}
    assert await messages(world, result.execution_id) == []


async def test_functions_may_unless_told_otherwise() -> None:
    assert Function(id="f", name="f").env_writable
