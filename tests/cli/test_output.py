"""What people see on a terminal."""

import io
from contextlib import redirect_stdout

import pytest

from perilune.cli.output import print_body, print_table, printable_lines, shown_line, shown_time


class Terminal(io.TextIOWrapper):
    """Standard output that is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode()


def test_a_long_value_goes_on_in_the_next_line_and_is_not_cut(monkeypatch):
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "40")
    value = "".join(chr(ord("a") + number % 26) for number in range(200))

    with redirect_stdout(terminal):
        print_table(("member", "value"), [("event_json", value)])

    lines = terminal.text().splitlines()
    assert max(map(len, lines[1:])) <= 40
    assert "…" not in terminal.text()
    assert "".join(line.removeprefix("event_json").strip() for line in lines[1:]) == value


@pytest.mark.parametrize(
    ("body", "shown"), [(b"answer", "answer\n"), (b"answer\n", "answer\n"), (b"", "\n")]
)
def test_the_prompt_after_an_answer_begins_in_a_new_line(body, shown):
    terminal = Terminal()

    with redirect_stdout(terminal):
        print_body(body)

    assert terminal.text() == shown


def test_a_report_keeps_its_lines_and_steers_no_terminal():
    assert printable_lines("a\x1b[2J\n  ^\r\nb") == "a [2J\n  ^ \nb"
    line = {"created_at": 0, "level": "error", "message": "one\n  ^\x07"}
    assert shown_line(line).endswith("one\n      ^ ")


def test_a_time_of_a_zone_says_which():
    assert shown_time(1767225600, "Europe/Berlin") == "2026-01-01 01:00:00 CET"
    assert shown_time(1767225600, "UTC") == "2026-01-01 00:00:00 UTC"
