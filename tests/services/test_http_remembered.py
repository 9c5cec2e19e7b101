"""What is remembered of texts, and what is not."""

import pytest

from perilune.services.http.remembered import MAX_CHARS, MAX_TEXTS, remembered


def test_a_short_text_is_worked_on_once_and_a_long_one_each_time():
    seen: list[str] = []

    @remembered
    def length(text: str) -> int:
        seen.append(text)
        return len(text)

    short, long = "a" * MAX_CHARS, "b" * (MAX_CHARS + 1)

    assert [length(one) for one in (short, short, long, long)] == [256, 256, 257, 257]
    assert seen == [short, long, long]


def test_no_more_texts_are_remembered_than_fit():
    seen: list[str] = []

    @remembered
    def same(text: str) -> str:
        seen.append(text)
        return text

    for number in range(MAX_TEXTS + 1):
        same(str(number))

    assert same("0") == "0"
    assert seen.count("0") == 2
    assert same(str(MAX_TEXTS)) == str(MAX_TEXTS)
    assert seen.count(str(MAX_TEXTS)) == 1


def test_an_error_is_raised_anew():
    number = remembered(int)
    errors = []
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal") as caught:
            number("x")
        errors.append(caught.value)

    assert errors[0] is not errors[1]
