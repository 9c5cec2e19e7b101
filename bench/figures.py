"""Measures the figures of executions: what reading and what keeping them costs.

`make bench-lists` calls it.  Reading: the statistics of a server whose functions have had ten
million executions within a month.  Keeping: the store with the trigger that counts, and without
it, in turns; and one call of a function with it and without it, where wrk is there.
"""

import argparse
import asyncio
import random
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.cases import CASES
from bench.growth import DATABASE
from bench.lists import CODE, request_ms
from bench.load import drive
from bench.processes import serving
from perilune.ids import new_id
from perilune.store import (
    Execution,
    ExecutionStatus,
    Function,
    Store,
    duration_class,
    open_store,
)

READ_BOUND_MS = 50.0
COST_BOUND = 0.08
BATCH = 64
DAY = 86400

Span = tuple[int, int]
"""Start and length in seconds."""


def main() -> None:
    """Measure and print; exits with 1 when a bound is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=10_000_000, help="of a month (10000000)")
    parser.add_argument("--functions", type=int, default=50, help="that share them (50)")
    parser.add_argument("--runs", type=int, default=9, help="measured runs of each store (9)")
    parser.add_argument("--per-run", type=int, default=4096, help="executions of one run (4096)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a run of calls (3)")
    options = parser.parse_args()
    is_fast = read(options)
    share_of_store, microseconds = asyncio.run(keep(options))
    print(f"counting costs {microseconds:.2f} µs per execution, {share_of_store:.1%} of the store")
    share = calls(options) if shutil.which("wrk") else None
    if share is not None:
        print(f"one call of hello loses {share:.1%} of its throughput (at most {COST_BOUND:.0%})")
    if not is_fast or (share is not None and share > COST_BOUND):
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


async def keep(options: argparse.Namespace) -> tuple[float, float]:
    """Return the share of the store's time that counting takes, and the µs per execution."""
    with tempfile.TemporaryDirectory() as folder:
        took: dict[str, list[float]] = {"counting": [], "plain": []}
        paths = {name: Path(folder) / f"{name}.db" for name in took}
        for name, path in paths.items():
            async with open_store(path) as store:
                await store.create_function(Function(id="f", name="f"))
                await store.create_version("f", CODE)
            if name == "plain":
                drop_trigger(path)
        async with open_store(paths["counting"]) as counting, open_store(paths["plain"]) as plain:
            for _ in range(options.runs):
                took["counting"].append(await write(counting, options.per_run))
                took["plain"].append(await write(plain, options.per_run))
    pairs = zip(took["counting"], took["plain"], strict=True)
    share = median(1 - without / with_it for with_it, without in pairs)
    more = median(took["counting"]) - median(took["plain"])
    return share, more / options.per_run * 1e6


async def write(store: Store, executions: int) -> float:
    """Open and close so many executions, some at a time; return the seconds it took."""

    async def one(number: int) -> None:
        execution_id = new_id()
        await store.create_execution(
            Execution(
                id=execution_id, function_id="f", function_version_id="ver_f_v1", event_json="{}"
            )
        )
        await store.update_execution(
            execution_id, ExecutionStatus.SUCCESS, number % 8 + 1, None, None
        )

    started = time.perf_counter()
    for first in range(0, executions, BATCH):
        await asyncio.gather(*(one(number) for number in range(first, first + BATCH)))
    return time.perf_counter() - started


def calls(options: argparse.Namespace) -> float:
    """Return the share of the throughput of the shortest function that counting takes."""
    hello = CASES[0]
    with tempfile.TemporaryDirectory() as with_dir, tempfile.TemporaryDirectory() as without_dir:
        addresses = {}
        for folder in (with_dir, without_dir):
            with serving(Path(folder)) as server:
                addresses[folder] = server.add_function(hello.name, hello.code).rpartition("/")[2]
        drop_trigger(Path(without_dir) / DATABASE)
        rates: list[list[float]] = [[], []]
        with serving(Path(with_dir)) as counting, serving(Path(without_dir)) as plain:
            urls = [
                f"{server.base_url}/fn/{addresses[folder]}"
                for server, folder in ((counting, with_dir), (plain, without_dir))
            ]
            for url in urls:
                drive(url, connections=32, seconds=1.0)
            for _ in range(options.runs):
                for url, found in zip(urls, rates, strict=True):
                    one = drive(url, connections=32, seconds=options.seconds)
                    found.append(one.requests_per_s)
    losses = [1 - counted / plain for counted, plain in zip(*rates, strict=True)]
    return float(median(losses))


def drop_trigger(path: Path) -> None:
    """Let the store in *path* count nothing."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DROP TRIGGER executions_ended")
    connection.close()


if __name__ == "__main__":
    main()
