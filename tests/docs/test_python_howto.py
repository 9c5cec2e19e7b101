"""The functions in the how-to for Python run as they stand."""

import re
from pathlib import Path

import pytest

from tests.runtimes.conftest import open_box

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-functions-in-python.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
ANSWERS = [
    '{"greeting":"Hello, world!","visits":1}',
    '{"error":"http is not configured"}',
    "nobody",
]


@pytest.mark.parametrize(("code", "answer"), list(zip(BLOCKS, ANSWERS, strict=True)))
async def test_the_functions_of_the_page_answer(tmp_path: Path, code: str, answer: str) -> None:
    async with open_box(tmp_path, language="python") as box:
        assert await box.body(code) == answer
