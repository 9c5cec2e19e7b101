"""The table of time layouts in the reference is true."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from perilune.worker.library import NATIVE

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "functions.md"
MOMENT = int(datetime(2023, 11, 4, 8, 5, 7, tzinfo=UTC).timestamp())
SECTION = PAGE.read_text(encoding="utf-8").partition("## Time layouts")[2]
ROWS = [
    (layout, shown)
    for layouts, examples in re.findall(r"^\| (`.*?) \| .*? \| (.*?) \|$", SECTION, re.MULTILINE)
    for layout, shown in zip(layouts.split(", "), examples.split(", "), strict=True)
]


@pytest.mark.parametrize(("layout", "shown"), ROWS)
def test_a_time_is_written_as_the_table_says(layout: str, shown: str) -> None:
    text = re.sub(r"</?code>|`", "", shown).replace("&nbsp;", " ")

    written = NATIVE["format_time"](MOMENT, layout.strip("`").encode(), b"Europe/Paris")

    assert written.decode() == text


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        pytest.param("2023-11-04 8:05:07", "2006-01-02 15:04:05", MOMENT, id="one digit"),
        pytest.param("4 nov 2023 08:05:07", "2 Jan 2006 15:04:05", MOMENT, id="any case"),
        pytest.param(
            "Mon, 2023-11-04 08:05:07", "Mon, 2006-01-02 15:04:05", MOMENT, id="other weekday"
        ),
        pytest.param("2023-11-04 08:05:07.9", "2006-01-02 15:04:05", MOMENT, id="fraction"),
        pytest.param("1:02", "3:04", -62167215480, id="no date"),
    ],
)
def test_a_time_is_read_as_the_page_says(text: str, layout: str, expected: int) -> None:
    assert NATIVE["parse_time"](text.encode(), layout.encode()) == expected
