"""Numbers of known defects, and the list of them."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = ROOT / "docs" / "contributing" / "known-defects.md"


def numbers(texts: Iterable[str]) -> set[int]:
    return {int(n) for text in texts for n in re.findall(r"(?i)(?<![a-z])kd[-_](\d+)", text)}


def test_every_defect_that_is_named_is_in_the_list():
    tracked = subprocess.run(
        ["git", "ls-files", "--", "src", "tests", "docs", "tools", "bench", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    sources = {ROOT / name for name in tracked} - {LIST}
    named = numbers(
        path.name + "\n" + path.read_text(errors="replace") for path in sources if path.is_file()
    )

    listed = numbers(re.findall(r"^\| (KD-\d+) \|", LIST.read_text(), re.MULTILINE))

    assert named
    assert named - listed == set()
