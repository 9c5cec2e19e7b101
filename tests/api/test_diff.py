"""Differences of texts: exact, minimal, deterministic, in bounded time (`data-model` 6)."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import perilune.api.handlers.diff as diff
import perilune.api.handlers.subsequence as subsequence
from perilune.api.handlers.diff import diff_lines
from perilune.api.handlers.subsequence import longest_common

LINES = st.lists(st.sampled_from(["a", "b", "", "end", "a\r"]), max_size=16)
MIB = 1024 * 1024


def shown(old: str, new: str) -> list[tuple[str, int | None, int | None]]:
    marks = {"unchanged": " ", "removed": "-", "added": "+"}
    return [
        (marks[one.line_type] + one.content, one.old_line, one.new_line)
        for one in diff_lines(old, new)
    ]


def longest_length(a: list[str], b: list[str]) -> int:
    """The textbook's table, cell by cell."""
    row = [0] * (len(b) + 1)
    for x in a:
        above, row = row, [0]
        for j, y in enumerate(b):
            row.append(above[j] + 1 if x == y else max(above[j + 1], row[-1]))
    return row[-1]


def unchanged(found) -> int:
    return sum(one.line_type == "unchanged" for one in found)


def check_exact(found, old: list[str], new: list[str]) -> None:
    """Every line is there once per side, in order, with its number; removed before added."""
    assert [o.content for o in found if o.old_line] == old
    assert [o.content for o in found if o.new_line] == new
    assert [o.old_line for o in found if o.old_line] == list(range(1, len(old) + 1))
    assert [o.new_line for o in found if o.new_line] == list(range(1, len(new) + 1))
    for one, following in itertools.pairwise(found):
        assert (one.line_type, following.line_type) != ("added", "removed")
    for one in found:
        sides = (one.old_line is not None, one.new_line is not None)
        assert one.line_type == {(True, True): "unchanged", (True, False): "removed"}.get(
            sides, "added"
        )


def test_the_example_of_the_specification():
    assert shown("a\nb\nc", "a\nx\nc\nd") == [
        (" a", 1, 1),
        ("-b", 2, None),
        ("+x", None, 2),
        (" c", 3, 3),
        ("+d", None, 4),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("", "\n", [("+", None, 1)]),
        ("a", "a\n", [(" a", 1, 1)]),
        ("a", "", [("-a", 1, None)]),
        ("a\r\n", "a\n", [("-a\r", 1, None), ("+a", None, 1)]),
        ("a\x0bb\u2028c\n", "a\x0bb\u2028c", [(" a\x0bb\u2028c", 1, 1)]),
    ],
)
def test_ends_of_lines(old, new, expected):
    assert shown(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\n\nb", "a\nb", [(" a", 1, 1), ("-", 2, None), (" b", 3, 2)]),
        ("a\n\nb", "a\n\nc", [(" a", 1, 1), (" ", 2, 2), ("-b", 3, None), ("+c", None, 3)]),
        ("a", "a\n\n\n", [(" a", 1, 1), ("+", None, 2), ("+", None, 3)]),
    ],
)
def test_kd_170_blank_lines_count(old, new, expected):
    assert shown(old, new) == expected


@given(LINES, LINES)
def test_differences_are_exact_and_minimal(old, new):
    found = diff_lines("".join(f"{one}\n" for one in old), "".join(f"{one}\n" for one in new))

    check_exact(found, old, new)
    assert unchanged(found) == longest_length(old, new)


@given(LINES, LINES)
def test_large_texts_are_aligned_as_small_ones(old, new):
    """What is too large for single pairs, and for keeping all rows, gives no other length."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "MAX_PAIRS", -1)
        patch.setattr(subsequence, "MAX_KEPT_CELLS", 8)
        found = diff_lines("\n".join([*old, "."]), "\n".join([*new, "."]))

    check_exact(found, [*old, "."], [*new, "."])
    assert unchanged(found) == longest_length(old, new) + 1


@given(LINES, LINES)
def test_beyond_all_bounds_differences_stay_exact(old, new):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "MAX_PAIRS", -1)
        patch.setattr(diff, "MAX_CELLS", -1)
        found = diff_lines("".join(f"{one}\n" for one in old), "".join(f"{one}\n" for one in new))

    check_exact(found, old, new)


@given(st.text("ab", max_size=40), st.text("abc", max_size=40))
def test_rows_of_bits_find_a_longest_subsequence(a, b):
    found = longest_common(a, b)

    assert len(found) == longest_length(list(a), list(b))
    assert all(a[i] == b[j] for i, j in found)
    assert all(p[0] < q[0] and p[1] < q[1] for p, q in itertools.pairwise(found))


def test_frequent_items_are_found_too():
    a, b = "ab" * 40 + "c", "ba" * 40 + "c"

    assert len(longest_common(a, b)) == longest_length(list(a), list(b))


def test_kd_171_the_result_is_the_same_every_time():
    old = "\n".join(str(n * n % 7) for n in range(3000))
    new = "\n".join(str(n * n % 5) for n in range(3000))

    assert diff_lines(old, new) == diff_lines(old, new)


def numbered(prefix: str, times: int) -> list[str]:
    return [f"{prefix}{n * 7919 % times}" for n in range(times)]


@pytest.mark.parametrize(
    ("make_old", "make_new", "least"),
    [
        pytest.param(
            lambda: [f"{n} before" for n in range(60_000)],
            lambda: [f"{n} afterwards" for n in range(60_000)],
            0,
            id="no line in common",
        ),
        pytest.param(
            lambda: numbered("", 150_000),
            lambda: numbered("", 150_000)[::-1],
            1,
            id="every line moved",
        ),
        pytest.param(
            lambda: [str(n * n % 611) for n in range(35_000)],
            lambda: [str(n * n % 607) for n in range(35_000)],
            4_000,
            id="lines repeat",
        ),
        pytest.param(
            lambda: [str(n * n % 7) for n in range(MIB // 2)],
            lambda: [str(n * n % 5) for n in range(MIB // 2)],
            100_000,
            id="shortest lines",
        ),
    ],
)
@pytest.mark.slow
def test_a_mebibyte_that_differs_everywhere_takes_bounded_time(make_old, make_new, least):
    old, new = make_old(), make_new()
    started = time.process_time()

    found = diff_lines("\n".join(old), "\n".join(new))

    assert time.process_time() - started < 20
    assert unchanged(found) >= least
    assert [o.content for o in found if o.old_line] == old
    assert [o.content for o in found if o.new_line] == new
