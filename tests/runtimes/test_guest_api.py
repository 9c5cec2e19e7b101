"""The table of guest functions agrees with itself."""

import re

import pytest

from perilune.runtimes.guest.api import GUEST_API, PLATFORM_MODULES, GuestFunction
from perilune.runtimes.guest.api.shapes import OPTIONS, STRUCTURES


@pytest.mark.parametrize("function", GUEST_API, ids=lambda function: function.full_name)
def test_a_function_that_returns_a_failure_keeps_its_answer(function: GuestFunction) -> None:
    assert function.fails_with_false == function.returns.endswith("false, err")


@pytest.mark.parametrize("function", GUEST_API, ids=lambda function: function.full_name)
def test_there_is_an_example_in_each_language(function: GuestFunction) -> None:
    assert set(function.examples) == {"javascript", "typescript", "python"}
    assert all([function.example, *function.examples.values()])


def test_a_module_that_javascript_lacks_altogether_says_what_it_has_instead() -> None:
    absent = {one.module for one in GUEST_API if one.instead}
    partly = {one.module for one in GUEST_API if not one.instead}

    assert set(PLATFORM_MODULES) == absent - partly
    assert absent & partly == {"time"}


def test_options_belong_to_functions_that_have_some() -> None:
    with_options = {
        function.full_name
        for function in GUEST_API
        if any(argument.name == "options" for argument in function.args)
    }

    assert set(OPTIONS) == with_options


def test_types_are_made_of_known_names() -> None:
    members = [
        one for members in [*STRUCTURES.values(), *OPTIONS.values()] for one in members.values()
    ]
    types = members + [function.result for function in GUEST_API]
    words = {word for type_ in types for word in re.findall(r"\w+", type_)}

    plain = {"string", "int", "number", "boolean", "any", "bytes", "nothing"}
    assert words <= plain | {"list", "map", "Router"} | set(STRUCTURES)
