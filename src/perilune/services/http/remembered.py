"""What the same few texts mean, which every request of a function has again."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")

MAX_TEXTS = 512
MAX_CHARS = 256
"""Of one text: what guests and strangers send may be long, and must not fill the memory."""


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """Have *function*, whose result depends on its text alone, remember those of short texts."""
    of_short = lru_cache(MAX_TEXTS)(function)

    @wraps(function)
    def look_up(text: str) -> T:
        return of_short(text) if len(text) <= MAX_CHARS else function(text)

    return look_up
