"""What the benchmarks are compared with: uvicorn alone, and the interpreter alone."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.cases import FIB, FIB_IN_JAVASCRIPT
from bench.processes import free_port, wait_until_answering

HELLO_ASGI = """
import sys
import uvicorn

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools",
            lifespan="off", access_log=False, log_level="error", server_header=False)
"""


@contextmanager
def bare_asgi() -> Iterator[str]:
    """Run a hello application on uvicorn; yields its address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", HELLO_ASGI, str(port)])
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_until_answering(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


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
