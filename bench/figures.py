"""Measures what reading the figures of executions costs.

`make bench-lists` calls it: the statistics of a server whose functions have had ten million
executions within a month.
"""

import argparse
import random
import sqlite3
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.growth import DATABASE
from bench.lists import CODE, request_ms
from bench.processes import serving
from perilune.store import duration_class

READ_BOUND_MS = 50.0
DAY = 86400

Span = tuple[int, int]
"""Start and length in seconds."""


def main() -> None:
    """Measure and print; exits with 1 when a bound is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=10_000_000, help="of a month (10000000)")
    parser.add_argument("--functions", type=int, default=50, help="that share them (50)")
    options = parser.parse_args()
    if not read(options):
        raise SystemExit(1)


def read(options: argparse.Namespace) -> bool:
    """Print how long statistics take; return whether all stay within the bound."""
    with tempfile.TemporaryDirectory() as folder:
        with serving(Path(folder)) as server:
            ids = [
                server.add_function(f"f{number}", CODE).rpartition("/")[2]
                for number in range(options.functions)
            ]
        rows = fill(Path(folder) / DATABASE, ids, options.executions)
        print(f"{options.executions} executions of {len(ids)} functions in {rows} rows")
        slowest = 0.0
        with serving(Path(folder)) as server:
            for name in ("1h", "24h", "7d", "30d"):
                one = f"/api/functions/{ids[0]}/stats?range={name}"
                of_one = median(request_ms(server, one) for _ in range(11))
                of_all = median(request_ms(server, f"/api/stats?range={name}") for _ in range(11))
                print(f"  {name:>4}: one function {of_one:6.2f} ms, all {of_all:6.2f} ms")
                slowest = max(slowest, of_one, of_all)
    print(f"slowest: {slowest:.1f} ms (at most {READ_BOUND_MS:g})")
    return slowest <= READ_BOUND_MS


def fill(path: Path, ids: list[str], executions: int) -> int:
    """Add figures of a month as the clean-up leaves them; return the number of rows."""
    now = int(time.time())
    chance = random.Random(1)  # noqa: S311 - figures, not secrets
    per_second = executions / len(ids) / (30 * DAY)
    rows: dict[tuple[str, int, int], int] = {}
    for function_id in ids:
        typical_ms = chance.choice((2, 5, 20, 80, 300, 1200))
        for start, length_s in spans(now):
            for _ in range(12):
                number = duration_class(int(chance.lognormvariate(0, 0.7) * typical_ms))
                count = max(1, round(per_second * length_s / 12))
                key = (function_id, number, start)
                rows[key] = rows.get(key, 0) + count
    connection = sqlite3.connect(path)
    with connection:
        connection.executemany(
            "INSERT INTO execution_stats VALUES (?, ?, ?, ?, ?, ?)",
            [(*key, count, count // 50, count * 10) for key, count in rows.items()],
        )
    connection.close()
    return len(rows)


def spans(now: int) -> list[Span]:
    """Return the spans that figures of the last month are kept in."""
    found: list[Span] = []
    end = now - now % 300 + 300
    for length_s, until_age_s, longer_s in (
        (300, 75 * 60, 1800),
        (1800, 25 * 3600, 21600),
        (21600, 8 * DAY, DAY),
        (DAY, 30 * DAY, DAY),
    ):
        while now - end < until_age_s or end % longer_s:
            end -= length_s
            found.append((end, length_s))
    return found


if __name__ == "__main__":
    main()
