"""The table of guest functions agrees with itself."""

import pytest

from perilune.runtimes.guest_api import GUEST_API, GuestFunction


@pytest.mark.parametrize("function", GUEST_API, ids=lambda function: function.full_name)
def test_what_a_function_returns_on_failure_is_what_it_says(function: GuestFunction) -> None:
    assert function.fails_with_false == function.returns.endswith("false, err")


def test_names_are_unique() -> None:
    names = [function.full_name for function in GUEST_API]

    assert len(names) == len(set(names))
