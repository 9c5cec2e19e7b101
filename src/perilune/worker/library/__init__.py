"""What the guest library needs Python for: digests, encodings, forms, URLs, times, randomness.

Functions here take and return what guest languages have: byte strings,
numbers and booleans.  An operation that can't be done raises `LibraryError`,
whose text the guest gets.  They hold no state but the counter of identifiers,
and they open no files, since nothing can be opened after the lock-down.
"""

from collections.abc import Callable
from typing import Any

from perilune.worker.library import cookies, digests, encodings, forms, randoms, times, urls
from perilune.worker.library.errors import LibraryError

NATIVE: dict[str, Callable[..., Any]] = {
    **cookies.NATIVE,
    **digests.NATIVE,
    **encodings.NATIVE,
    **forms.NATIVE,
    **randoms.NATIVE,
    **times.NATIVE,
    **urls.NATIVE,
}
"""The functions by the name under which the interpreter of a language finds them."""

__all__ = ["NATIVE", "LibraryError"]
