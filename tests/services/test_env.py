"""Environment variables and the rules they obey."""

import asyncio

import pytest

from perilune.errors import PeriluneError
from perilune.services.env import (
    MAX_VARIABLES,
    Env,
    EnvError,
    EnvValidationError,
    EnvVariableNotFound,
    check_env_variable,
    check_env_variables,
)
from perilune.store import StoreUnavailable
from tests.services.conftest import BrokenRows

CHARSET = "env_var_key: environment variable key can only contain letters, numbers, and underscores"
EMPTY = "env_var_key: environment variable key cannot be empty"
LONG_KEY = "env_var_key: environment variable key cannot be longer than 100 characters"
LONG_VALUE = "env_var_value: environment variable value cannot be longer than 10000 characters"
TOO_MANY = "env_vars: cannot have more than 100 environment variables"


@pytest.fixture
def env(store) -> Env:
    return Env(store.env)


async def test_a_variable_is_read_back_overwritten_and_removed(env):
    await env.set("f_ours", "MODE", "fast")
    assert await env.get("f_ours", "MODE") == "fast"

    await env.set("f_ours", "MODE", "")
    assert await env.get("f_ours", "MODE") == ""

    await env.delete("f_ours", "MODE")
    with pytest.raises(EnvVariableNotFound):
        await env.get("f_ours", "MODE")


@pytest.mark.parametrize("key", ["NOPE", "bad key!", "\udcff", ""])
async def test_a_missing_variable_is_named(env, key):
    """Asking for an impossible name is no different from asking for a missing one."""
    with pytest.raises(EnvVariableNotFound) as caught:
        await env.get("f_ours", key)

    assert str(caught.value) == f"Env error: key not found: {key}"
    assert isinstance(caught.value, EnvError)
    assert isinstance(caught.value, PeriluneError)


async def test_the_servers_own_environment_is_out_of_reach(env, monkeypatch):
    monkeypatch.setenv("API_KEY", "s3cret")

    with pytest.raises(EnvVariableNotFound):
        await env.get("f_ours", "API_KEY")
    assert await env.all("f_ours") == {}


@pytest.mark.parametrize("key", ["NOPE", "bad key!", "\udcff"])
async def test_deleting_a_missing_variable_changes_nothing(env, key):
    await env.set("f_ours", "OTHER", "1")

    await env.delete("f_ours", key)

    assert await env.all("f_ours") == {"OTHER": "1"}


async def test_functions_do_not_see_each_other(env):
    await env.set("f_ours", "TOKEN", "s3cret")
    await env.delete("f_theirs", "TOKEN")
    await env.replace("f_theirs", {})

    assert await env.all("f_theirs") == {}
    assert await env.get("f_ours", "TOKEN") == "s3cret"


async def test_all_is_a_copy(env):
    await env.set("f_ours", "A", "1")

    (await env.all("f_ours"))["A"] = "changed"

    assert await env.all("f_ours") == {"A": "1"}


async def test_all_of_an_unknown_function_is_empty(env):
    assert await env.all("f_unknown") == {}


async def test_replace_makes_the_whole_set(env):
    await env.replace("f_ours", {"A": "1", "B": "2"})
    given = {"B": "3", "C": ""}

    await env.replace("f_ours", given)
    given["D"] = "later"

    assert await env.all("f_ours") == {"B": "3", "C": ""}


VARIABLES = [
    pytest.param("A", "", None, id="empty value is allowed"),
    pytest.param("9_lives", "x", None, id="leading digit is allowed"),
    pytest.param("K" * 100, "v" * 10_000, None, id="exactly the limits"),
    pytest.param("A", "é😀" * 5000, None, id="characters are counted, not bytes"),
    pytest.param("", "x", EMPTY, id="empty key"),
    pytest.param(" \t", "x", EMPTY, id="blank key"),
    pytest.param("K" * 101, "x", LONG_KEY, id="long key"),
    pytest.param("bad key!", "x", CHARSET, id="blank and mark"),
    pytest.param("KEY\n", "x", CHARSET, id="final line feed"),
    pytest.param("É", "x", CHARSET, id="letter of another alphabet"),
    pytest.param("\u0661", "x", CHARSET, id="digit of another script"),
    pytest.param("A", "v" * 10_001, LONG_VALUE, id="long value"),
    pytest.param("bad key!", "v" * 10_001, CHARSET, id="key before value"),
    pytest.param(
        "A", "\udcff", "env_var_value: environment variable value must be UTF-8 text", id="no text"
    ),
]


@pytest.mark.parametrize(("key", "value", "error"), VARIABLES)
def test_rules_of_a_variable(key, value, error):
    if error is None:
        check_env_variable(key, value)
        return
    with pytest.raises(EnvValidationError) as caught:
        check_env_variable(key, value)

    assert str(caught.value) == error
    assert caught.value.field == error.partition(":")[0]
    assert isinstance(caught.value, EnvError)


@pytest.mark.parametrize("way_in", ["set", "replace"])
@pytest.mark.parametrize(("key", "value", "error"), VARIABLES)
async def test_the_same_rules_hold_for_both_ways_in(env, way_in, key, value, error):
    async def write() -> None:
        if way_in == "set":
            await env.set("f_ours", key, value)
        else:
            await env.replace("f_ours", {key: value})

    await env.set("f_ours", "OLD", "kept")
    if error is None:
        await write()
        assert await env.get("f_ours", key) == value
        return
    with pytest.raises(EnvValidationError) as caught:
        await write()

    assert str(caught.value) == error
    assert await env.all("f_ours") == {"OLD": "kept"}


def test_the_first_error_in_key_order_is_reported():
    values = {"z z": "x", "A": "v" * 10_001, "b b": "x"}

    with pytest.raises(EnvValidationError) as caught:
        check_env_variables(values)

    assert str(caught.value) == LONG_VALUE


async def test_a_function_has_at_most_a_hundred_variables(env):
    full = {f"K{number}": "x" for number in range(MAX_VARIABLES)}
    await env.replace("f_ours", full)

    with pytest.raises(EnvValidationError) as caught:
        await env.set("f_ours", "ONE_MORE", "x")
    assert str(caught.value) == TOO_MANY
    with pytest.raises(EnvValidationError, match="env_vars: "):
        await env.replace("f_ours", full | {"ONE_MORE": "x"})
    await env.set("f_ours", "K0", "changed")

    assert await env.all("f_ours") == full | {"K0": "changed"}


async def test_parallel_sets_do_not_pass_the_limit(env):
    await env.replace("f_ours", {f"K{number}": "x" for number in range(MAX_VARIABLES - 1)})

    results = await asyncio.gather(
        *(env.set("f_ours", f"NEW{number}", "x") for number in range(5)), return_exceptions=True
    )

    assert results.count(None) == 1
    assert len(await env.all("f_ours")) == MAX_VARIABLES


@pytest.mark.parametrize(
    ("call", "text"),
    [
        pytest.param(lambda env: env.get("f", "A"), "failed to get value: ", id="get"),
        pytest.param(lambda env: env.set("f", "A", "1"), "failed to set value: ", id="set"),
        pytest.param(lambda env: env.delete("f", "A"), "failed to delete value: ", id="delete"),
        pytest.param(lambda env: env.all("f"), "failed to get values: ", id="all"),
        pytest.param(lambda env: env.replace("f", {}), "failed to set values: ", id="replace"),
    ],
)
async def test_a_failing_store_is_an_error_and_not_absence(call, text):
    with pytest.raises(EnvError) as caught:
        await call(Env(BrokenRows()))

    assert str(caught.value) == f"{text}database is locked"
    assert not isinstance(caught.value, EnvVariableNotFound)
    assert isinstance(caught.value.__cause__, StoreUnavailable)


async def test_write_only_variables_are_listed_without_values(env):
    await env.replace("f_ours", {"A": "1", "B": "2", "C": "3"}, write_only=["B"])
    await env.keep("f_ours", "C", True)
    await env.set("f_ours", "D", "4", write_only=True)

    listed = [(one.key, one.value, one.write_only) for one in await env.readable("f_ours")]

    assert listed == [("A", "1", False), ("B", None, True), ("C", None, True), ("D", None, True)]
    assert await env.get("f_ours", "D") == "4"


async def test_a_replacement_may_keep_values(env):
    await env.replace("f_ours", {"A": "1", "B": "2"}, write_only=["B"])

    await env.replace("f_ours", {"C": "3"}, kept=["B"])

    assert await env.all("f_ours") == {"B": "2", "C": "3"}
    assert [one.write_only for one in await env.readable("f_ours")] == [True, False]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda env: env.replace("f_ours", {}, kept=["NOPE"]), id="missing"),
        pytest.param(lambda env: env.replace("f_ours", {}, kept=["B"], write_only=[]), id="shown"),
        pytest.param(lambda env: env.keep("f_ours", "NOPE", None), id="missing one"),
        pytest.param(lambda env: env.keep("f_ours", "NOPE", True), id="missing one hidden"),
        pytest.param(lambda env: env.keep("f_ours", "B", False), id="one shown"),
        pytest.param(
            lambda env: env.replace("f_ours", {f"K{n}": "" for n in range(100)}, kept=["B"]),
            id="too many",
        ),
    ],
)
async def test_a_failed_write_changes_nothing(env, call):
    await env.replace("f_ours", {"A": "1", "B": "2"}, write_only=["B"])

    with pytest.raises(EnvValidationError, match="env_var(s|_value): "):
        await call(env)

    assert await env.all("f_ours") == {"A": "1", "B": "2"}
    assert [one.write_only for one in await env.readable("f_ours")] == [False, True]
