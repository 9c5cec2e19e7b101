import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["embed_engine", "embed_services"])
def test_a_documented_program_prints_what_the_page_shows(tmp_path, name):
    file = tmp_path / "functions.db"

    program = subprocess.run(
        [sys.executable, "-W", "error", f"examples/{name}.py", str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert program.returncode == 0, program.stderr
    assert program.stdout == (ROOT / "examples" / f"{name}.txt").read_text()
    # Which layers of the sandbox there are beyond the necessary ones is the machine's affair.
    said = [line for line in program.stderr.splitlines() if "optional layers" not in line]
    assert said == []
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"greet" in written
    assert b"hunter2" not in written


@pytest.mark.parametrize("name", ["embed_engine.py", "embed_engine.txt", "embed_services.py"])
def test_the_page_includes_the_programs_and_their_output(name):
    page = (ROOT / "docs" / "how-to" / "embed-the-engine.md").read_text()

    assert f'--8<-- "examples/{name}"' in page
