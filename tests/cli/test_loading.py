"""Commands that need no server don't wait until all of one is loaded."""

import json
import subprocess
import sys

HEAVY = {"aiohttp", "starlette", "sqlite3", "perilune.app"}


def test_the_command_line_loads_no_server() -> None:
    code = "import json, sys, perilune.cli; print(json.dumps(list(sys.modules)))"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout

    assert set(json.loads(shown)).isdisjoint(HEAVY)
