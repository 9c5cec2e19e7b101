"""What the dashboard works out without drawing it, run by node without a browser."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

LOGIC = Path(__file__).parent / "logic"
NODE = Path(sysconfig.get_path("scripts")) / "node"


@pytest.mark.parametrize("file", sorted(path.name for path in LOGIC.glob("*.test.ts")))
def test_logic(file):
    ran = subprocess.run(
        [NODE, "--test", "--test-reporter=spec", LOGIC / file],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "fail 0" in ran.stdout and "pass 0" not in ran.stdout, ran.stdout
