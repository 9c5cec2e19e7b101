"""What the program's log leaves out."""

import logging

from perilune.cli.logs import OncePerSecond


def record(text: str, at: float, level: int = logging.ERROR, error: Exception | None = None):
    info = None if error is None else (type(error), error, None)
    one = logging.LogRecord("perilune.x", level, "x.py", 1, "failed: %s", (text,), info)
    one.created = at
    return one


def test_an_error_that_repeats_itself_is_said_once_a_second_with_a_count():
    once = OncePerSecond()

    passed = [once.filter(record("disk", 100 + n / 1000)) for n in range(900)]
    later = record("disk", 101.5)

    assert passed.count(True) == 1 and passed[0]
    assert once.filter(later)
    assert later.getMessage() == "failed: disk (the same 899 more times since the last)"


def test_other_errors_and_lesser_records_are_not_held_back():
    once = OncePerSecond()

    assert once.filter(record("disk", 100))
    assert once.filter(record("lock", 100))
    assert once.filter(record("disk", 100, error=ValueError("one")))
    assert once.filter(record("disk", 100, error=ValueError("another")))
    assert not once.filter(record("anything", 100.5, error=ValueError("one")))
    assert all(once.filter(record("disk", 100, logging.WARNING)) for _ in range(3))
    assert once.filter(record("disk", 50)), "a clock that was set back silences nothing"
