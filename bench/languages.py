"""What the languages of functions cost beside each other: first calls, and memory of a worker."""

import time
import urllib.request
from collections.abc import Mapping
from statistics import median, quantiles

from bench.cases import FIB_TIMED_INSIDE, HELLO
from bench.processes import Server

FIRST_CALLS = 40
MARKS: Mapping[str, str] = {
    "lua": "perilune.worker.lua_interpreter",
    "python": "perilune.worker.python.interpreter",
    "javascript": "perilune.worker.javascript.launcher",
    "typescript": "perilune.worker.javascript.launcher",
}
"""What stands in the command line of the process that forks the workers of a language."""


def measure_languages(server: Server) -> dict[str, dict[str, float]]:
    """Return for each language the time of first calls and the memory of a worker.

    A first call is that of a new function, whose worker is taken from the
    spare ones, or started if there is none.
    """
    figures = {}
    for runtime, code in HELLO.items():
        times = []
        for number in range(FIRST_CALLS):
            url = server.add_function(f"first {runtime} {number}", code, runtime)
            started = time.perf_counter()
            with urllib.request.urlopen(url, timeout=60) as answer:
                answer.read()
            times.append((time.perf_counter() - started) * 1000)
        memory = server.worker_pss_mib([MARKS[runtime]])
        figures[runtime] = {
            "first_call_p50_ms": median(times),
            "first_call_p95_ms": quantiles(times, n=20)[-1],
            "worker_pss_mib": median(memory) if memory else 0.0,
        }
    return figures


def fib_inside_ms(server: Server, runs: int = 100) -> float:
    """Return the median time of fib(27) by the clock of the JavaScript worker, in ms."""
    url = server.add_function("fib timed inside", FIB_TIMED_INSIDE, "javascript")
    times = []
    for _ in range(runs):
        with urllib.request.urlopen(url, timeout=60) as answer:
            times.append(float(answer.read()))
    return median(times)
