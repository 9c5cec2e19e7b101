"""A longest common subsequence by whole rows of bits, in little memory.

A row says for each place of the second sequence whether the length grows there (a zero bit).
The next row follows from the last one in four operations on whole integers (Hyyrö, 2004),
which is some hundred times faster here than going from cell to cell.  What is too large to keep
all rows of is halved where a longest subsequence crosses its middle (Hirschberg, 1975).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

Match = tuple[int, int]

MAX_KEPT_CELLS = 256_000_000
"""Most bits of rows that are kept at a time: 32 MB."""
_RARE = 16
"""Up to so many places, the bits of an item are put together again each time.

Keeping them would take one long integer for each of a great many items.
"""


def longest_common(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Match]:
    """Return a longest common subsequence as pairs of places, in order."""
    found: list[Match] = []
    waiting = [(0, len(a), 0, len(b))]
    while waiting:
        a_start, a_end, b_start, b_end = waiting.pop()
        part_a, part_b = a[a_start:a_end], b[b_start:b_end]
        if not part_a or not part_b:
            continue
        if len(part_a) == 1 or len(part_a) * len(part_b) <= MAX_KEPT_CELLS:
            found += ((a_start + i, b_start + j) for i, j in _traced(part_a, part_b))
            continue
        half = len(part_a) // 2
        cut = _crossing(part_a, part_b, half)
        # Last in, first out: the first half comes first.
        waiting.append((a_start + half, a_end, b_start + cut, b_end))
        waiting.append((a_start, a_start + half, b_start, b_start + cut))
    return found


def _rows(a: Sequence[Hashable], b: Sequence[Hashable]) -> Iterator[int]:
    """Yield a row per item of *a*."""
    every = (1 << len(b)) - 1
    bits = _Bits(b)
    row = every
    for item in a:
        matching = row & bits[item]
        row = ((row + matching) | (row ^ matching)) & every
        yield row


def _traced(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Match]:
    """Return a longest common subsequence, found by going back through all rows."""
    rows = [(1 << len(b)) - 1, *_rows(a, b)]
    found = []
    i, j = len(a), len(b)
    while i and j:
        if rows[i] >> (j - 1) & 1:
            j -= 1
        elif not rows[i - 1] >> (j - 1) & 1:
            i -= 1
        else:
            i, j = i - 1, j - 1
            found.append((i, j))
    return found[::-1]


def _crossing(a: Sequence[Hashable], b: Sequence[Hashable], half: int) -> int:
    """Return where in *b* a longest common subsequence is when it is at *half* of *a*."""
    before = _lengths(a[:half], b)
    after = _lengths(a[half:][::-1], b[::-1])[::-1]
    sums = [first + second for first, second in zip(before, after, strict=True)]
    return sums.index(max(sums))


def _lengths(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[int]:
    """Return how long the subsequence of *a* and each beginning of *b* is."""
    row = 0
    for row in _rows(a, b):  # noqa: B007 - the last one is wanted
        pass
    lengths, length = [0], 0
    for bit in reversed(f"{row:0{len(b)}b}"):
        length += bit == "0"
        lengths.append(length)
    return lengths


class _Bits(dict[Hashable, int]):
    """The places of each item as bits; those of frequent items are kept."""

    def __init__(self, items: Sequence[Hashable]) -> None:
        super().__init__()
        self._places: defaultdict[Hashable, list[int]] = defaultdict(list)
        for place, item in enumerate(items):
            self._places[item].append(place)
        self._size = len(items) // 8 + 1

    def __missing__(self, item: Hashable) -> int:
        places = self._places.get(item, ())
        if len(places) <= _RARE:
            return sum(1 << place for place in places)
        packed = bytearray(self._size)
        for place in places:
            packed[place >> 3] |= 1 << (place & 7)
        self[item] = int.from_bytes(packed, "little")
        return self[item]
