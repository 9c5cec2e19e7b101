"""Numbers as the key-value store keeps them: decimal text that can be added to."""

import math
import re

from perilune.store.errors import NotANumber

MAX_NUMBER_BYTES = 400
"""Longer text is no number: the longest that a double needs is shorter."""
MAX_EXACT = 2**53
"""Beyond this a double skips whole numbers, so a sum could be less than what was added."""

_WHOLE = re.compile(rb"\s*[-+]?\d+\s*")
_NUMBER = re.compile(rb"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")


def add_to_number(stored: bytes, amount: float) -> tuple[float, bytes]:
    """Return the sum of a stored number and *amount*, and the text to store for it.

    Only decimal text is a number; Python's own reading would also take `nan`
    and `1_000`.  Whole numbers are added exactly.

    Raises:
        NotANumber: *stored* is none, or the sum is beyond what callers can count exactly.
    """
    if len(stored) > MAX_NUMBER_BYTES or _NUMBER.fullmatch(stored) is None:
        raise NotANumber
    total: int | float
    if math.isfinite(amount) and amount == int(amount) and _WHOLE.fullmatch(stored):
        total = int(stored) + int(amount)
    else:
        total = float(stored) + amount
    if not abs(total) <= MAX_EXACT:
        raise NotANumber("the sum is larger than 9007199254740992, so it would not be exact")
    if float(total).is_integer():
        return float(total), b"%d" % int(total)
    return total, repr(total).encode()
