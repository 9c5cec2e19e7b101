"""The blocks of all pages are found, and their commands are whole."""

import subprocess

import pytest

from tests.docs.blocks import DOCS, ROOT, blocks

PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_are_found_with_what_they_include(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    fences = [line for line in lines if line.lstrip().startswith("```")]

    found = blocks(page)

    assert 2 * len(found) == len(fences)
    assert not any("```" in one.text or "--8<--" in one.text for one in found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_shell_understands_the_commands(page):
    pasted = "".join(one.text for one in blocks(page) if one.language == "sh")

    read = subprocess.run(["sh", "-n"], input=pasted, capture_output=True, text=True)

    assert read.returncode == 0, read.stderr
