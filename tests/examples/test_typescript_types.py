"""The types of the examples in TypeScript, which are removed before they run."""

import subprocess
from pathlib import Path

import pytest

pytest.importorskip("deno")

from perilune.runtimes.languages.javascript_types import FILE_NAME, javascript_types
from tests.examples.conftest import EXAMPLES
from tests.worker.deno_guest import DENO, ENVIRONMENT


@pytest.mark.slow
def test_their_types_are_right(tmp_path: Path) -> None:
    types = tmp_path / FILE_NAME
    types.write_text(javascript_types(), encoding="utf-8")
    files = []
    for example in sorted(EXAMPLES.glob("*.ts")):
        file = tmp_path / example.name
        file.write_text(f'/// <reference path="./{FILE_NAME}" />\n{example.read_text()}')
        files.append(str(file))

    checked = subprocess.run(
        [str(DENO), "check", "--quiet", "--no-config", "--no-remote", *files],
        env=ENVIRONMENT | {"DENO_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert len(files) == len(list(EXAMPLES.glob("*.js")))
    assert checked.returncode == 0, checked.stderr
