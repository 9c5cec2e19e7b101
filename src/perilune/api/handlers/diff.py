"""The difference of two texts, line by line: exact, as small as it can be, always the same.

Lines that only one side has, and what both sides begin and end with, are settled at once.
What is left is aligned by one of two methods that find a longest common subsequence:

- `_longest_chain` looks at every pair of equal lines, so it suits lines that repeat little;
- `longest_common` works on whole rows of bits, so repetition does not matter to it.

Both are bounded by the amount of work they are given (`MAX_PAIRS`, `MAX_CELLS`), not by a clock,
so the result never depends on the machine.  Beyond both bounds, which takes some hundred
thousand repeated lines on each side, the n-th occurrence of a line is only compared with the
n-th on the other side: still an exact difference, though no longer the smallest.
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from perilune.api.handlers.subsequence import longest_common

MAX_PAIRS = 1_500_000
"""Most pairs of equal lines that are looked at one by one; about two seconds."""
MAX_CELLS = 10_000_000_000
"""Most pairs of lines that are looked at as bits; about three seconds."""

Match = tuple[int, int]


class LineType(StrEnum):
    """What became of a line."""

    UNCHANGED = "unchanged"
    ADDED = "added"
    REMOVED = "removed"


class DiffLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One line of either text, or of both; numbers count from 1 on each side."""

    line_type: LineType
    old_line: int | None = None
    new_line: int | None = None
    content: str


def diff_lines(old: str, new: str) -> list[DiffLine]:
    """Return every line of both texts in order, removed ones before added ones.

    Lines end with a line feed and nothing else; whether the last one does makes no difference.
    """
    old_lines, new_lines = _lines(old), _lines(new)
    found: list[DiffLine] = []
    i = j = 0
    for matched_i, matched_j in _alignment(old_lines, new_lines):
        found += _changed(old_lines, new_lines, range(i, matched_i), range(j, matched_j))
        i, j = matched_i + 1, matched_j + 1
        found.append(
            DiffLine(
                line_type=LineType.UNCHANGED, old_line=i, new_line=j, content=old_lines[matched_i]
            )
        )
    found += _changed(old_lines, new_lines, range(i, len(old_lines)), range(j, len(new_lines)))
    return found


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _changed(old: list[str], new: list[str], removed: range, added: range) -> Iterator[DiffLine]:
    for i in removed:
        yield DiffLine(line_type=LineType.REMOVED, old_line=i + 1, content=old[i])
    for j in added:
        yield DiffLine(line_type=LineType.ADDED, new_line=j + 1, content=new[j])


def _alignment(old: Sequence[str], new: Sequence[str]) -> list[Match]:
    """Return which lines stay, as pairs of places, in order."""
    start, end_i, end_j = _common_ends(old, new)
    here, there = set(old[start:end_i]), set(new[start:end_j])
    # A line that the other side doesn't have stays in no alignment.
    places_i = [i for i in range(start, end_i) if old[i] in there]
    places_j = [j for j in range(start, end_j) if new[j] in here]
    middle = _subsequence([old[i] for i in places_i], [new[j] for j in places_j])
    head = [(k, k) for k in range(start)]
    tail = [(end_i + k, end_j + k) for k in range(len(old) - end_i)]
    return head + [(places_i[i], places_j[j]) for i, j in middle] + tail


def _common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int, int]:
    """Return where the texts begin to differ, and where each of them ends to."""
    start, end_i, end_j = 0, len(old), len(new)
    while start < min(end_i, end_j) and old[start] == new[start]:
        start += 1
    while start < min(end_i, end_j) and old[end_i - 1] == new[end_j - 1]:
        end_i, end_j = end_i - 1, end_j - 1
    return start, end_i, end_j


def _subsequence(old: list[str], new: list[str]) -> list[Match]:
    """Return a longest common subsequence, or within bounds a long one, as pairs of places."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for j, line in enumerate(new):
        places[line].append(j)
    if sum(len(places[line]) for line in old) <= MAX_PAIRS:
        # Backwards, so that of one row only one place can be on a chain.
        backwards = {line: found[::-1] for line, found in places.items()}
        return _longest_chain([backwards[line] for line in old])
    if len(old) * len(new) <= MAX_CELLS:
        return longest_common(old, new)
    occurrences = {line: iter(found) for line, found in places.items()}
    return _longest_chain([list(_next(occurrences[line])) for line in old])


def _next(places: Iterator[int]) -> Iterator[int]:
    for place in places:
        yield place
        return


def _longest_chain(rows: list[list[int]]) -> list[Match]:
    """Return the longest chain of pairs that rises on both sides (Hunt and Szymanski, 1977).

    *rows* has for each place of the old text its places in the new one, backwards.
    """
    ends: list[int] = []
    """The smallest place of the new text that a chain of each length can end with."""
    tails: list[int] = []
    """Which link that is."""
    # Links as rows of numbers: a million small objects would keep the garbage collector busy,
    # and everybody else waiting.
    links_i, links_j, before = array("q"), array("q"), array("q")
    for i, row in enumerate(rows):
        for j in row:
            length = bisect_left(ends, j)
            if length == len(ends):
                ends.append(j)
                tails.append(len(before))
            elif j < ends[length]:
                ends[length] = j
                tails[length] = len(before)
            else:
                continue
            links_i.append(i)
            links_j.append(j)
            before.append(tails[length - 1] if length else -1)
    found = []
    link = tails[-1] if tails else -1
    while link >= 0:
        found.append((links_i[link], links_j[link]))
        link = before[link]
    return found[::-1]
