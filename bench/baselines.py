"""What computing is compared with: the interpreters alone."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench.cases import FIB, FIB_IN_JAVASCRIPT


def bare_fib_ms(runs: int = 30) -> float:
    """Return the median time of the fib handler in LuaJIT alone, called from Python, in ms."""
    from lupa import luajit21

    runtime: Any = luajit21.LuaRuntime(register_eval=False, register_builtins=False)
    load: Callable[[str], Any] = runtime.execute(
        "return function(source) local f = assert(loadstring(source)) f() return handler end"
    )
    handler = load(FIB)
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        handler(None, None)
        times.append(time.perf_counter() - started)
    return median(times) * 1000


def bare_javascript_fib_ms(runs: int = 30) -> float:
    """Return the median time of the fib handler in a script of Deno's own, in ms."""
    from perilune.worker.javascript.deno import find_deno

    script = f"""{FIB_IN_JAVASCRIPT}
const times = [];
for (let run = 0; run < {runs}; run++) {{
  const started = performance.now();
  handler();
  times.push(performance.now() - started);
}}
console.log(JSON.stringify(times));
"""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "fib.js")
        file.write_text(script)
        command = [find_deno(), "run", "--quiet", "--no-config", "--no-lock", str(file)]
        output = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    times: list[float] = json.loads(output)
    return median(times)
