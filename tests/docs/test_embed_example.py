import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_documented_program_prints_what_the_page_shows(tmp_path):
    file = tmp_path / "functions.db"

    program = subprocess.run(
        [sys.executable, "-W", "error", "examples/embed_engine.py", str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert program.returncode == 0, program.stderr
    assert program.stdout == (ROOT / "examples" / "embed_engine.txt").read_text()
    assert program.stderr == ""
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"greet" in written
    assert b"hunter2" not in written


def test_the_page_includes_the_program_and_its_output():
    page = (ROOT / "docs" / "how-to" / "embed-the-engine.md").read_text()

    assert '--8<-- "examples/embed_engine.py"' in page
    assert '--8<-- "examples/embed_engine.txt"' in page
