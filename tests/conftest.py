"""What holds for all tests."""

import gc

from hypothesis import settings

# How long one example takes depends on what else the machine does.
settings.register_profile(
    "perilune", settings.get_profile(settings.get_current_profile_name()), deadline=None
)
settings.load_profile("perilune")


def pytest_collection_finish() -> None:
    """Spare the garbage collector the thousands of tests and all that they import.

    They stay until the end; looking through them took most of a second, again and again.
    """
    gc.collect()
    gc.freeze()
