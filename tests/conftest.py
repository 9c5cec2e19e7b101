"""What holds for all tests."""

import gc
from collections.abc import Generator

import pytest

from tests import profiles

profiles.register()
gc.disable()  # nothing of what is collected is garbage


def pytest_collection_finish() -> None:
    """Spare the garbage collector the thousands of tests and all that they import.

    They stay until the end; looking through them took most of a second, again and again.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    """Skip all tests that miss the same program at one place: the summary has one line for them."""
    try:
        yield
    except pytest.skip.Exception as skipped:
        pytest.skip(skipped.msg or "")
