"""Measures a server, its peers and its baselines in one run.  `make bench` calls it.

Absolute figures depend on the machine and what else it does; the ratios within the rounds
of one run are what counts.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from bench import peers
from bench.baselines import bare_fib_ms, bare_javascript_fib_ms
from bench.cases import BESIDE_PEERS, CASES, Case
from bench.languages import fib_inside_ms, measure_languages
from bench.processes import Server, serving
from bench.report import machine, report, write_into
from bench.rounds import OWN, System, measure

RESULTS = Path(__file__).parent / "results"
BEFORE = "before"
"""The name of the other checkout of `--before`."""
UPSTREAM = "bare ASGI"
"""What functions that send requests send them to."""


def main() -> None:
    """Run the benchmark, print its tables, and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="bursts of each case (3)")
    parser.add_argument("--seconds", type=int, default=2, help="length of a burst (2)")
    parser.add_argument(
        "--only", nargs="+", default=[""], help="only cases whose name contains one of these"
    )
    parser.add_argument(
        "--connections", type=int, nargs="+", help="measure all cases at these (it depends)"
    )
    parser.add_argument(
        "--peers",
        type=Path,
        default=peers.FOLDER,
        help="where tools/install_peers.sh has installed them (build/peers)",
    )
    parser.add_argument(
        "--before", type=Path, help="another checkout with a .venv, measured in the same rounds"
    )
    parser.add_argument("--into", type=Path, help="a page that gets the tables between its marks")
    parser.add_argument("--output", type=Path, help="results file (bench/results/TIME.json)")
    options = parser.parse_args()
    results = run(options)
    text = report(results)
    print(text)
    if options.into:
        write_into(options.into, text)
    output: Path = options.output or RESULTS / time.strftime("%Y%m%d-%H%M%S.json")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, default=asdict, indent=1) + "\n")
    print(f"written to {output}")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return all figures."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        releases, others = start_peers(options.peers.resolve(), folder, stack)
        upstream = next(one.url_of(BESIDE_PEERS[0]) for one in others if one.name == UPSTREAM)
        server, own = stack.enter_context(perilune(OWN, folder, upstream))
        idle_mib = server.pss_mib()
        same: list[System] = [own]
        if options.before:
            python = options.before.resolve() / ".venv/bin/python"
            before = stack.enter_context(perilune(BEFORE, folder, upstream, python))
            same.append(before[1])
        return {
            "day": time.strftime("%Y-%m-%d"),
            "machine": machine(),
            "systems": releases,
            "rounds": options.rounds,
            "seconds": options.seconds,
            "beside_peers": measure(
                [*same, *others],
                chosen(BESIDE_PEERS, options),
                options.rounds,
                options.seconds,
            ),
            "cases": measure(same, chosen(CASES, options), options.rounds, options.seconds),
            "memory_mib": {"idle": idle_mib, "after load": server.pss_mib()},
            "languages": measure_languages(server),
            "inside_javascript_fib_ms": fib_inside_ms(server),
            "bare_fib_ms": {"LuaJIT": bare_fib_ms(), "Deno": bare_javascript_fib_ms()},
        }


def start_peers(place: Path, folder: Path, stack: ExitStack) -> tuple[list[str], list[System]]:
    """Start those that are installed in *place*; return their versions, and them."""
    releases: list[str] = []
    systems: list[System] = []
    for peer in peers.PEERS:
        program = peer.program(place)
        if program is None:
            message = f"{peer.name} is not installed and left out: tools/install_peers.sh"
            print(message, file=sys.stderr)
            continue
        running = stack.enter_context(peers.running(peer, program, folder))
        releases.append(peer.release(program))
        systems.append(System(peer.name, running.pid, partial(the_one, running.url)))
    return releases, systems


def the_one(url: str, case: Case) -> str:
    """Return the address of the only function that a peer has, whatever *case* is."""
    return url


@contextmanager
def perilune(
    name: str, folder: Path, upstream: str, python: Path = Path(sys.executable)
) -> Iterator[tuple[Server, System]]:
    """Run a server of functions, which are created when they are first asked for."""
    environment = {"PERILUNE_HTTP_ALLOW": "127.0.0.1"}
    with serving(folder / name, environment, python=python) as server:
        urls: dict[tuple[str, str], str] = {}

        def url_of(case: Case) -> str:
            key = (case.runtime, case.code)
            if key not in urls:
                code = case.source(upstream)
                urls[key] = server.add_function(f"f{len(urls)}", code, case.runtime)
            return urls[key]

        yield server, System(name, server.process.pid, url_of)


def chosen(cases: tuple[Case, ...], options: argparse.Namespace) -> list[Case]:
    """Return the cases that were asked for."""
    asked = [case for case in cases if any(one in case.name for one in options.only)]
    if not options.connections:
        return asked
    return [replace(case, connections=tuple(options.connections)) for case in asked]


if __name__ == "__main__":
    main()
