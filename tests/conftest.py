"""What holds for all tests."""

import gc

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
