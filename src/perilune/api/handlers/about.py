"""Which server this is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the server says about itself to whoever may read."""

    version: str
    runtimes: tuple[str, ...]
    """The languages that functions can be written in; the default one first."""
    store_bytes: Callable[[], int]
    """Returns how much room the database takes now."""
