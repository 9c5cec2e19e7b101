"""Measures a server and its baselines in one run.  `make bench` calls it.

Absolute figures depend on the machine and its mood; the ratios within one
run are what counts.
"""

import argparse
import json
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.baselines import bare_asgi, bare_fib_ms, bare_javascript_fib_ms
from bench.cases import CASES
from bench.languages import fib_inside_ms, measure_languages, show_languages
from bench.load import Measured, drive, middle
from bench.processes import serving

CONNECTIONS = (1, 8, 32, 128)
WARM_UP_S = 1.0
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run the benchmark, print a table, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="measured runs of each case (3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one run (3)")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument(
        "--connections", type=int, nargs="+", default=list(CONNECTIONS), help="1 8 32 128"
    )
    parser.add_argument("--output", type=Path, help="results file (bench/results/TIME.json)")
    options = parser.parse_args()
    results = measure(options)
    show(results)
    output: Path = options.output or RESULTS / time.strftime("%Y%m%d-%H%M%S.json")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nwritten to {output}")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return all figures; baseline and cases take turns, so that both see the same machine."""
    cases = [case for case in CASES if options.only in case.name]
    runs: dict[str, dict[int, list[Measured]]] = {}

    def once(name: str, connections: int, url: str, **request: str) -> None:
        measured = drive(url, connections=connections, seconds=options.seconds, **request)
        runs.setdefault(name, {}).setdefault(connections, []).append(measured)

    with (
        tempfile.TemporaryDirectory() as folder,
        bare_asgi() as bare,
        serving(Path(folder), {"PERILUNE_HTTP_ALLOW": "127.0.0.1"}) as server,
    ):
        idle_mib = server.pss_mib()
        urls = {
            case.name: server.add_function(case.name, case.source(bare), case.runtime)
            for case in cases
        }
        for case in cases:
            url = urls[case.name]
            drive(url, connections=8, seconds=WARM_UP_S, method=case.method, body=case.body)
        drive(bare, connections=8, seconds=WARM_UP_S)
        for connections in options.connections:
            for _ in range(options.runs):
                once("bare ASGI", connections, bare)
                for case in cases:
                    url = urls[case.name]
                    once(case.name, connections, url, method=case.method, body=case.body)
        loaded_mib = server.pss_mib()
        languages = measure_languages(server)
        inside_ms = fib_inside_ms(server)
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "seconds": options.seconds,
        "runs": options.runs,
        "bare_fib_ms": bare_fib_ms(),
        "bare_javascript_fib_ms": bare_javascript_fib_ms(),
        "inside_javascript_fib_ms": inside_ms,
        "languages": languages,
        "memory_mib": {"idle": idle_mib, "after load": loaded_mib},
        "figures": {
            name: {str(c): middle(measured).to_json() for c, measured in by_connections.items()}
            for name, by_connections in runs.items()
        },
    }


def show(results: dict[str, Any]) -> None:
    """Print the figures as a table with ratios to the baseline of the same run."""
    figures = results["figures"]
    bare = figures["bare ASGI"]
    print(
        f"{'case':18} {'conn':>4} {'req/s':>8} {'×bare':>6}"
        f" {'p50 ms':>8} {'p99 ms':>8} {'×bare':>6} errors"
    )
    for name, by_connections in figures.items():
        for connections, one in by_connections.items():
            base = bare[connections]
            print(
                f"{name:18} {connections:>4} {one['requests_per_s']:8.0f}"
                f" {one['requests_per_s'] / base['requests_per_s']:6.2f}"
                f" {one['p50_ms']:8.2f} {one['p99_ms']:8.2f}"
                f" {one['p99_ms'] / base['p99_ms']:6.1f} {one['errors']:>6}"
            )
    show_fib(results, "fib(27)", "LuaJIT", "bare_fib_ms")
    show_fib(results, "fib(27) javascript", "Deno", "bare_javascript_fib_ms")
    inside_ms = results["inside_javascript_fib_ms"]
    print(f"without the request: {inside_ms / results['bare_javascript_fib_ms']:.2f} × that")
    show_call_cost(figures, "one kv.get")
    show_call_cost(figures, "http.get")
    show_languages(results)
    memory = results["memory_mib"]
    print(
        f"memory of all processes (PSS): {memory['idle']:.0f} MiB idle,"
        f" {memory['after load']:.0f} MiB after load"
    )


def show_fib(results: dict[str, Any], case: str, interpreter: str, member: str) -> None:
    """Print what fib takes here, against the interpreter alone."""
    fib = results["figures"].get(case, {}).get("1")
    if fib:
        bare_ms = results[member]
        ratio = fib["p50_ms"] / bare_ms
        print(f"\n{case} in bare {interpreter}: {bare_ms:.2f} ms; here {ratio:.2f} × that at p50")


def show_call_cost(figures: dict[str, Any], name: str) -> None:
    """Print what the one host call of case *name* adds to an execution without any."""
    with_call = figures.get(name, {}).get("1")
    without = figures.get("hello", {}).get("1")
    if with_call and without:
        cost_ms = with_call["p50_ms"] - without["p50_ms"]
        print(f"{name} costs {cost_ms:.2f} ms at one connection (p50, beyond hello)")


if __name__ == "__main__":
    main()
