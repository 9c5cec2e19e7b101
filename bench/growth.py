"""Compares a store that has grown with an empty one.  `make bench-growth` calls it.

Two servers take turns: one on a fresh store, one whose function already has
many executions.  Throughput and the first page of executions should hardly
differ.
"""

import argparse
import json
import sqlite3
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.cases import HELLO
from bench.load import drive, middle
from bench.processes import Server, serving
from perilune.ids import new_id

PAGES = 200
DATABASE = "lunar.db"
SPREAD_S = 6 * 86400
"""Age of the oldest row: none is so old that the clean-up deletes it."""
EVENT = json.dumps(
    {
        "method": "GET",
        "path": "/fn/grown",
        "relativePath": "/",
        "headers": {"User-Agent": "benchmark"},
        "body": "",
        "query": {},
    }
)


def main() -> None:
    """Measure and print; exits with 1 when a bound is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="executions (1000000)")
    parser.add_argument("--runs", type=int, default=5, help="measured runs of each store (5)")
    parser.add_argument("--seconds", type=int, default=4, help="length of one run (4)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as empty_dir, tempfile.TemporaryDirectory() as grown_dir:
        with serving(Path(grown_dir)) as server:
            function_id = server.add_function("grown", HELLO["lua"]).rpartition("/")[2]
        started = time.perf_counter()
        fill(Path(grown_dir) / DATABASE, function_id, options.rows)
        print(f"{options.rows} executions stored in {time.perf_counter() - started:.0f} s")
        with serving(Path(empty_dir)) as empty, serving(Path(grown_dir)) as grown:
            fresh_id = empty.add_function("fresh", HELLO["lua"]).rpartition("/")[2]
            compare(empty, fresh_id, grown, function_id, options)


def fill(path: Path, function_id: str, rows: int) -> None:
    """Insert *rows* closed executions of one function, spread over six days up to now."""
    connection = sqlite3.connect(path)
    now = int(time.time())
    version_id = f"ver_{function_id}_v1"
    with connection:
        connection.executemany(
            "INSERT INTO executions (id, function_id, function_version_id, status, duration_ms,"
            " event_json, trigger, created_at) VALUES (?, ?, ?, 'success', 3, ?, 'http', ?)",
            (
                (
                    new_id(),
                    function_id,
                    version_id,
                    EVENT,
                    now - SPREAD_S + SPREAD_S * number // rows,
                )
                for number in range(rows)
            ),
        )
        recount(connection)
    connection.close()


def recount(connection: sqlite3.Connection) -> None:
    """Set the counters of executions, which only the store keeps, to what the rows say."""
    connection.execute(
        "UPDATE execution_counters SET executions = f.executions, errors = f.errors FROM ("
        " SELECT function_version_id, count(*) AS executions, sum(status = 'error') AS errors"
        " FROM executions GROUP BY function_version_id"
        ") AS f WHERE version_id = f.function_version_id"
    )


def compare(
    empty: Server, empty_id: str, grown: Server, grown_id: str, options: argparse.Namespace
) -> None:
    """Let both servers take turns; print medians and ratios."""
    pairs = ((empty, empty_id), (grown, grown_id))
    pages: list[list[float]] = [[], []]
    for _ in range(PAGES):
        for (server, function_id), times in zip(pairs, pages, strict=True):
            times.append(first_page_ms(server, function_id))
    for server, function_id in pairs:
        drive(f"{server.base_url}/fn/{function_id}", connections=32, seconds=2)
    runs: list[list[float]] = [[], []]
    measured = []
    for _ in range(options.runs):
        for (server, function_id), rates in zip(pairs, runs, strict=True):
            url = f"{server.base_url}/fn/{function_id}"
            one = drive(url, connections=32, seconds=options.seconds)
            rates.append(one.requests_per_s)
            measured.append(one)
    rate_ratio = median(grown / fresh for fresh, grown in zip(*runs, strict=True))
    page_ratio = median(pages[1]) / median(pages[0])
    print(f"hello at 32 connections: {median(runs[0]):.0f}/s empty, {median(runs[1]):.0f}/s grown")
    print(f"  ratio, median of pairs: {rate_ratio:.3f} (at least 0.90)")
    print(f"first page: {median(pages[0]):.2f} ms empty, {median(pages[1]):.2f} ms grown")
    print(f"  ratio of medians: {page_ratio:.2f} (at most 2)")
    errors = middle(measured).errors
    print(f"errors: {errors}")
    if rate_ratio < 0.9 or page_ratio > 2 or errors:
        raise SystemExit(1)


def first_page_ms(server: Server, function_id: str) -> float:
    """Return how long the first page of executions takes, in ms."""
    started = time.perf_counter()
    server.api("GET", f"/api/functions/{function_id}/executions")
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
