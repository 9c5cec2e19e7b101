"""Compares lists of executions in a store of a million with those in a store of a hundred.

`make bench-lists` calls it.  Two servers take turns answering the same requests; each list
should take about the same time in both.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.growth import DATABASE, EVENT, SPREAD_S, recount
from bench.processes import Server, serving

CODE = "function handler() return { body = 'x' } end"
BOUND = 2.0
DEEP = 900_000

FILL = """
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < :rows)
INSERT INTO executions
    (id, function_id, function_version_id, status, duration_ms, error_message, error_kind,
     event_json, trigger, created_at)
SELECT printf('b%019d', n), :function_id, :version_id,
       iif(n % 10 = 0, 'error', 'success'), n % 40,
       iif(n % 10 = 0, 'Error at line 1: number ' || n, NULL),
       iif(n % 10 = 0, 'runtime', NULL),
       :event, iif(n % 3 = 0, 'cron', 'http'), :first + n * :spread / :rows
FROM counter
"""


@dataclass(frozen=True, slots=True)
class List:
    """One request, and whether an index knows which rows it wants."""

    name: str
    query: str
    is_indexed: bool = True


LISTS = (
    List("first page", "?limit=20"),
    List("first page, summary", "?limit=20&fields=summary"),
    List("status=error", "?status=error"),
    List("status=success", "?status=success"),
    List("status=pending", "?status=pending"),
    List("trigger=cron", "?trigger=cron"),
    List("version=1", "?version=1"),
    List("since=1h", "?since=1h"),
    List("until=1d", "?until=1d"),
    List("q=line", "?q=line"),
    List("trigger=replay (none)", "?trigger=replay", is_indexed=False),
    List("q=nowhere (none)", "?q=nowhere", is_indexed=False),
)


def main() -> None:
    """Measure and print; exits with 1 when a bound is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="executions (1000000)")
    parser.add_argument("--times", type=int, default=100, help="requests of each kind (100)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as small_dir, tempfile.TemporaryDirectory() as large_dir:
        ids = []
        for folder, rows in ((small_dir, 100), (large_dir, options.rows)):
            with serving(Path(folder)) as server:
                ids.append(server.add_function("listed", CODE).rpartition("/")[2])
            started = time.perf_counter()
            fill(Path(folder) / DATABASE, ids[-1], rows)
            print(f"{rows} executions stored in {time.perf_counter() - started:.0f} s")
        with serving(Path(small_dir)) as small, serving(Path(large_dir)) as large:
            passed = compare((small, large), ids, options.times)
            show_offsets(large, ids[1], min(DEEP, options.rows - 20))
    if not passed:
        raise SystemExit(1)


def fill(path: Path, function_id: str, rows: int) -> None:
    """Insert *rows* closed executions of one function, the last one just now."""
    connection = sqlite3.connect(path)
    members = {
        "rows": rows,
        "function_id": function_id,
        "version_id": f"ver_{function_id}_v1",
        "event": EVENT,
        "first": int(time.time()) - SPREAD_S,
        "spread": SPREAD_S,
    }
    with connection:
        connection.execute(FILL, members)
        recount(connection)
    connection.close()


def compare(servers: Sequence[Server], ids: Sequence[str], times: int) -> bool:
    """Let both servers answer each request in turn; print medians and ratios.

    Returns:
        Whether every list with an index stays within the bound.
    """
    passed = True
    print(f"{'list':34} {'small ms':>9} {'large ms':>9} {'ratio':>6}")
    for of_all in (False, True):
        for one in LISTS:
            if of_all and one.query.startswith("?version"):
                continue
            took: tuple[list[float], list[float]] = ([], [])
            for _ in range(times):
                for server, function_id, sink in zip(servers, ids, took, strict=True):
                    owner = "" if of_all else f"/functions/{function_id}"
                    sink.append(request_ms(server, f"/api{owner}/executions{one.query}"))
            small, large = median(took[0]), median(took[1])
            name = f"{'all: ' if of_all else ''}{one.name}"
            note = "" if one.is_indexed else "  (a window is looked through)"
            print(f"{name:34} {small:9.2f} {large:9.2f} {large / small:6.2f}{note}")
            passed = passed and (large / small <= BOUND or not one.is_indexed)
    print(f"lists with an index: at most {BOUND:g} × the time: {'yes' if passed else 'NO'}")
    return passed


def show_offsets(server: Server, function_id: str, offset: int) -> None:
    """Print what reaching far back costs, by offset and by cursor."""
    path = f"/api/functions/{function_id}/executions"
    by_offset = median(request_ms(server, f"{path}?offset={offset}") for _ in range(9))
    cursor = server.api("GET", f"{path}?offset={offset}")["pagination"].get("next_cursor", "")
    by_cursor = median(request_ms(server, f"{path}?cursor={cursor}") for _ in range(9))
    print(f"page at offset {offset}: {by_offset:.1f} ms, by cursor {by_cursor:.2f} ms")


def request_ms(server: Server, path: str) -> float:
    """Return how long one request takes, in ms."""
    started = time.perf_counter()
    server.api("GET", path)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
