"""The table of guest functions agrees with itself."""

import re

import pytest

from perilune.runtimes.guest.api import EXAMPLES, GUEST_API, GuestFunction
from perilune.runtimes.guest.api.shapes import OPTIONS, STRUCTURES, result_of


@pytest.mark.parametrize("function", GUEST_API, ids=lambda function: function.full_name)
def test_what_a_function_returns_on_failure_is_what_it_says(function: GuestFunction) -> None:
    assert function.fails_with_false == function.returns.endswith("false, err")


def test_names_are_unique() -> None:
    names = [function.full_name for function in GUEST_API]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("language", EXAMPLES)
def test_there_are_examples_of_exactly_the_functions_there_are(language: str) -> None:
    assert set(EXAMPLES[language]) == {function.full_name for function in GUEST_API}


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
    types = members + [result_of(function.full_name) for function in GUEST_API]
    words = {word for type_ in types for word in re.findall(r"\w+", type_)}

    known = {"string", "int", "number", "boolean", "any", "nothing", "list", "map", "Router"}
    assert words <= known | set(STRUCTURES)
