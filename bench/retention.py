"""Deletes many expired executions while calls go on.  `make bench-retention` calls it.

A store is filled with expired executions, then a server starts on it.  Calls come at a
constant rate, whether the last ones are answered or not, and a call's time counts from
when it was due.  Compared are the times before housekeeping begins, while it works, and
after it.
"""

import argparse
import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import aiohttp

from bench.cases import HELLO
from bench.growth import DATABASE, EVENT, recount
from bench.processes import serving
from perilune.housekeeping.housekeeper import START_DELAY_S
from perilune.ids import new_id

MOST_FACTOR = 2.0
WARM_UP_S = 2.0
QUIET_S = 3.0
"""Housekeeping counts as done when nothing has changed in the file for so long."""
AFTER_S = 10.0
LIMIT_S = 1800.0
FIRST = "SELECT min(seq) FROM executions"
MIB = 1024 * 1024


def main() -> None:
    """Measure and print; exits with 1 when calls became too slow or nothing was deleted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="executions (1000000)")
    parser.add_argument("--lines", type=int, default=1, help="log lines of each (1)")
    parser.add_argument("--rate", type=float, default=100.0, help="calls per second (100)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with serving(Path(folder)) as server:
            function_id = server.add_function("busy", HELLO["lua"]).rpartition("/")[2]
        path = Path(folder) / DATABASE
        fill(path, function_id, options.rows, options.lines)
        before = path.stat().st_size
        with serving(Path(folder)) as server:
            url = f"{server.base_url}/fn/{function_id}"
            phases = asyncio.run(measure(url, options.rate, path))
        after = path.stat().st_size
        is_done = not has_expired(path)
    show(phases, before, after)
    idle = min(p99(phases["before"]), p99(phases["after"]))
    factor = p99(phases["during"]) / idle
    print(f"p99 during / idle: {factor:.2f} (at most {MOST_FACTOR:g})")
    if factor > MOST_FACTOR or after >= before / 2 or not is_done:
        raise SystemExit(1)


def fill(path: Path, function_id: str, rows: int, lines: int) -> None:
    """Insert *rows* closed executions that expired a day ago, with *lines* log lines each."""
    connection = sqlite3.connect(path)
    version_id, expired = f"ver_{function_id}_v1", int(time.time()) - 8 * 86400
    with connection:
        for _ in range(rows):
            execution_id = new_id()
            connection.execute(
                "INSERT INTO executions (id, function_id, function_version_id, status,"
                " duration_ms, event_json, trigger, created_at)"
                " VALUES (?, ?, ?, 'success', 3, ?, 'http', ?)",
                (execution_id, function_id, version_id, EVENT, expired),
            )
            for number in range(lines):
                connection.execute(
                    "INSERT INTO logs (id, execution_id, level, message, timestamp)"
                    " VALUES (?, ?, 0, ?, ?)",
                    (new_id(), execution_id, f"step {number} is done", expired),
                )
        recount(connection)
    connection.close()


async def measure(url: str, rate: float, path: Path) -> dict[str, list[float]]:
    """Return the times of calls, in ms, by phase."""
    phases: dict[str, list[float]] = {"before": [], "during": [], "after": []}
    phase = "warm-up"

    def note(took_ms: float) -> None:
        if phase in phases:
            phases[phase].append(took_ms)

    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        load = asyncio.create_task(call_for_ever(session, url, rate, note))
        await asyncio.sleep(WARM_UP_S)
        phase = "before"
        await asyncio.sleep(START_DELAY_S - WARM_UP_S - 1)
        phase = "starting"
        first_left = ask(path, FIRST)
        await until(lambda: ask(path, FIRST) != first_left, 0.1)
        phase, begun = "during", time.perf_counter()
        await until(lambda: not has_expired(path), 0.5)
        print(f"deleted in {time.perf_counter() - begun:.0f} s")
        await until(has_settled(path), QUIET_S)
        phase = "after"
        await asyncio.sleep(AFTER_S)
        load.cancel()
    return phases


async def call_for_ever(
    session: aiohttp.ClientSession, url: str, rate: float, note: Callable[[float], None]
) -> None:
    """Call *url* at a constant rate until cancelled; tell *note* how many ms each took."""

    async def call(due: float) -> None:
        async with session.get(url) as answer:
            await answer.read()
            answer.raise_for_status()
        note((time.perf_counter() - due) * 1000)

    due = time.perf_counter()
    async with asyncio.TaskGroup() as calls:
        while True:
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            calls.create_task(call(due))


async def until(is_true: Callable[[], bool], every_s: float) -> None:
    """Return when *is_true*, asking now and then.

    Raises:
        TimeoutError: that took longer than `LIMIT_S`.
    """
    async with asyncio.timeout(LIMIT_S):
        while not is_true():  # noqa: ASYNC110 - the file changes in another process
            await asyncio.sleep(every_s)


def has_expired(path: Path) -> bool:
    """Tell whether there are executions that should be deleted."""
    sql = "SELECT EXISTS (SELECT 1 FROM executions e JOIN functions f ON f.id = e.function_id"
    limit = int(time.time()) - 7 * 86400
    return bool(ask(path, f"{sql} WHERE e.created_at < {limit})"))


def has_settled(path: Path) -> Callable[[], bool]:
    """Return what tells whether the number of pages is as it was the last time."""
    last = -1

    def tell() -> bool:
        nonlocal last
        before, last = last, ask(path, "PRAGMA page_count")
        return before == last

    return tell


def ask(path: Path, sql: str) -> int:
    """Return the one number that *sql* gives."""
    with closing(sqlite3.connect(path)) as connection:
        number: int = connection.execute(sql).fetchone()[0]
        return number


def p99(times: list[float]) -> float:
    """Return the time that one call in a hundred exceeds."""
    return sorted(times)[int(len(times) * 0.99)]


def show(phases: dict[str, list[float]], before: int, after: int) -> None:
    """Print the phases as a table, and what became of the file."""
    print(f"{'phase':8} {'calls':>7} {'p50 ms':>8} {'p99 ms':>8} {'worst':>8}")
    for name, times in phases.items():
        middle = sorted(times)[len(times) // 2]
        print(f"{name:8} {len(times):>7} {middle:8.2f} {p99(times):8.2f} {max(times):8.2f}")
    print(f"file: {before / MIB:.0f} MiB before, {after / MIB:.0f} MiB after")


if __name__ == "__main__":
    main()
