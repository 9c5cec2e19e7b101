"""The example functions say what they need, and the pages show all of them."""

import re
from pathlib import Path

import pytest

from tests.examples.conftest import EXAMPLES

ROOT = Path(__file__).parents[2]
FILES = sorted(file for file in EXAMPLES.iterdir() if file.suffix in {".lua", ".js", ".ts", ".py"})


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_head_of_an_example_tells_how_to_deploy_it(file: Path) -> None:
    head, _, code = file.read_text().partition("\n\n")

    needed = set(re.findall(r'env\.get\("(\w+)"\)', code))
    assert {name for name in needed if name not in head} == set()
    name = file.stem.replace("_", "-")
    option = "" if name == file.stem else f" --name {name}"
    assert f"   perilune deploy {file.name}{option}\n" in head + "\n"
    given = re.findall(rf"   perilune env set {name} ([A-Z_ ]+)\n", head + "\n")
    assert bool(given) is bool(needed), "the command that sets the environment"
    assert set("".join(given).split()) <= needed | {"ANTHROPIC_API_KEY", "RESEND_API_KEY"}
    assert "/fn/ID" not in head


def test_the_pages_show_every_example() -> None:
    index = (ROOT / "examples" / "README.md").read_text()
    page = (ROOT / "docs" / "how-to" / "example-functions.md").read_text()

    assert len(FILES) == 4 * 7
    for file in FILES:
        assert f"(functions/{file.name})" in index
        assert f'--8<-- "examples/functions/{file.name}"' in page
