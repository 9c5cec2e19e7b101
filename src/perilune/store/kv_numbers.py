"""Numbers as the key-value store keeps them: decimal text that can be added to."""

import math
import re

from perilune.store.errors import NotANumber

MAX_NUMBER_BYTES = 400
"""Longer text is no number: the longest that a double needs is shorter."""
EXACT_INTEGERS = 2.0**53
"""Whole numbers up to this are written without fraction or exponent."""

_NUMBER = re.compile(rb"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")


def add_to_number(stored: bytes, amount: float) -> tuple[float, bytes]:
    """Return the sum of a stored number and *amount*, and the text to store for it.

    Only decimal text is a number; Python's own reading would also take `nan`
    and `1_000`.

    Raises:
        NotANumber: *stored* is none, or the sum is not finite.
    """
    if len(stored) > MAX_NUMBER_BYTES or _NUMBER.fullmatch(stored) is None:
        raise NotANumber
    total = float(stored) + amount
    if not math.isfinite(total):
        raise NotANumber("the sum is not a finite number")
    if total.is_integer() and abs(total) <= EXACT_INTEGERS:
        return total, b"%d" % int(total)
    return total, repr(total).encode()
