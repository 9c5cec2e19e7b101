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
_NOTE = re.compile(r"<!-- (not run|exit code): (.+) -->")
_SAVED = re.compile(r"`([\w-]+\.\w+)`:$")
_SNIPPET = re.compile(r'^--8<-- "(.+)"\n', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One block between fences."""

    heading: str
    """The nearest one above it."""
    language: str
    text: str
    not_run: str = ""
    """Why no test runs it, as the comment `<!-- not run: ... -->` above it says."""
    exit_code: int = 0
    """What its last command ends with, as the comment `<!-- exit code: ... -->` above it says."""
    file: str = ""
    """Where readers save it, as the line above it says: *Save this as `greet.js`:*"""


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in their order, with the files they include."""
    found, heading = [], ""
    source = page.read_text(encoding="utf-8")
    for match in _LINE.finditer(source):
        if match["heading"]:
            heading = match["heading"]
        else:
            text = _SNIPPET.sub(_included, textwrap.dedent(match["text"]))
            above = source[: match.start()].rstrip().rpartition("\n")[2].strip()
            note, saved = _NOTE.fullmatch(above), _SAVED.search(above)
            notes = {note[1]: note[2]} if note else {}
            found.append(
                Block(
                    heading,
                    match["language"],
                    text,
                    not_run=notes.get("not run", ""),
                    exit_code=int(notes.get("exit code", 0)),
                    file=saved[1] if saved else "",
                )
            )
    return found


def commands(page: Path, *headings: str) -> str:
    """Return what a reader has pasted into a shell at the end of these sections."""
    found = blocks(page)
    missing = set(headings) - {one.heading for one in found}
    assert not missing, f"{page.name} has no commands below {missing}"
    return "".join(one.text for one in found if one.language == "sh" and one.heading in headings)


def _included(match: re.Match[str]) -> str:
    return (ROOT / match[1]).read_text(encoding="utf-8")
