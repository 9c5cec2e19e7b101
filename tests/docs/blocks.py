"""The code blocks of a page, as its readers paste them."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_LINE = re.compile(
    r"^#+ (?P<heading>[^\n]+)$"
    r"|^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_SNIPPET = re.compile(r'^--8<-- "(.+)"\n', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One block between fences."""

    heading: str
    """The nearest one above it."""
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in their order, with the files they include."""
    found, heading = [], ""
    for match in _LINE.finditer(page.read_text(encoding="utf-8")):
        if match["heading"]:
            heading = match["heading"]
        else:
            text = _SNIPPET.sub(_included, textwrap.dedent(match["text"]))
            found.append(Block(heading, match["language"], text))
    return found


def commands(page: Path, *headings: str) -> str:
    """Return what a reader has pasted into a shell at the end of these sections."""
    found = blocks(page)
    missing = set(headings) - {one.heading for one in found}
    assert not missing, f"{page.name} has no commands below {missing}"
    return "".join(one.text for one in found if one.language == "sh" and one.heading in headings)


def _included(match: re.Match[str]) -> str:
    return (ROOT / match[1]).read_text(encoding="utf-8")
