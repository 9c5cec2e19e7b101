import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_demo_shows_a_masked_record_and_ends_well():
    demo = subprocess.run(
        [sys.executable, "tools/demo.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert demo.returncode == 0, demo.stderr
    assert "[REDACTED]" in demo.stdout
    assert "demo-secret-" not in demo.stdout
    assert "demo-password-" not in demo.stdout
