"""How many examples a property is tried with: few in `make test`, all in `make soak`."""

from typing import Final

from hypothesis import settings

IN_TEST: Final = 30
"""Examples of a property in `make test`, unless it asks for less."""


def register() -> None:
    """Register the profiles, and load that of `make test`.

    `pytest --hypothesis-profile=soak` loads the other one afterwards.
    """
    # How long one example takes depends on what else the machine does.
    common = settings(deadline=None, print_blob=True)
    # The same examples each time: a change fails for what it does, not for another's luck.
    # New ones are looked for in `make soak`.
    settings.register_profile("test", common, max_examples=IN_TEST, derandomize=True)
    settings.register_profile("soak", common, max_examples=100, derandomize=False)
    settings.load_profile("test")


def examples(soak: int, in_test: int = IN_TEST) -> settings:
    """Return the settings of a property: *soak* examples in `make soak`, *in_test* otherwise."""
    in_soak = settings.get_current_profile_name() == "soak"
    return settings(max_examples=soak if in_soak else min(soak, in_test))
