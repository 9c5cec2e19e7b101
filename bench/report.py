"""The figures of a benchmark as tables in Markdown, which `docs/explanation/performance.md` has."""

import os
import platform
import sqlite3
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.rounds import HELLO, OWN, Row

BEGIN = "<!-- `make bench` writes from here -->"
END = "<!-- to here -->"
SMALL_FIB = 22
FIB_RUNS = 20


def machine() -> str:
    """Return what the figures depend on: processors, and how the interpreter was built."""
    if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""):
        build = "optimized"
    elif sys.base_prefix == "/usr":
        # Distributions optimize their builds without that option.
        build = "the distribution's build"
    else:
        build = "not optimized"
    return (
        f"{os.cpu_count()} processors ({platform.machine()}), Linux {platform.release()},"
        f" CPython {platform.python_version()} ({build}: `fib({SMALL_FIB})` in {_fib_ms():.1f} ms),"
        f" SQLite {sqlite3.sqlite_version}"
    )


def _fib_ms() -> float:
    def fib(n: int) -> int:
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    times = []
    for _ in range(FIB_RUNS):
        started = time.perf_counter()
        fib(SMALL_FIB)
        times.append(time.perf_counter() - started)
    return min(times) * 1000


def report(results: dict[str, Any]) -> str:
    """Return all tables.

    Args:
        results: What `bench.run` measured.
    """
    lines = [
        f"{results['day']}, medians of {results['rounds']} rounds of bursts of"
        f" {results['seconds']} s.",
        f"{results['machine']}.",
        f"{'; '.join(results['systems'])}.",
        "",
        *_beside_peers(results["beside_peers"]),
        *_cases(results["cases"]),
        *_languages(results["cases"], results["languages"]),
        *_computing(results),
    ]
    return "\n".join(lines) + "\n"


def write_into(file: Path, text: str) -> None:
    """Put *text* between the marks in *file*.

    Raises:
        ValueError: the marks are missing.
    """
    before, begin, rest = file.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{file} has no lines {BEGIN} and {END}")
    file.write_text(f"{before}{begin}\n\n{text}\n{end}{after}")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cells)} |"
    yield ""


LOAD = ("p50 ms", "p99 ms", "errors", "CPU µs", "loop", "threads", "processes", "switches")


def _load(row: Row) -> list[str]:
    used = row.used
    return [
        f"{row.load.p50_ms:.2f}",
        f"{row.load.p99_ms:.2f}",
        str(row.load.errors),
        *(f"{us:.0f}" for us in (used.cpu_us, used.loop_us, used.threads_us, used.processes_us)),
        f"{used.switches:.1f}",
    ]


def _beside_peers(rows: list[Row]) -> Iterator[str]:
    for case in dict.fromkeys(row.case for row in rows):
        yield f"`{case}`:"
        yield ""
        yield from _table(
            ("Connections", "System", "requests/s", f"{OWN} ÷ it", *LOAD),
            (
                (
                    str(row.connections),
                    row.system,
                    f"{row.load.requests_per_s:,.0f}",
                    f"{row.own_ratio:.2f}",
                    *_load(row),
                )
                for row in rows
                if row.case == case
            ),
        )


def _cases(rows: list[Row]) -> Iterator[str]:
    """A table of the own figures; where another checkout took part, with ratios to it."""
    others = {(row.case, row.connections): row for row in rows if row.system != OWN}
    compared = ["× before", "CPU µs before"] if others else []
    yield "Other functions:"
    yield ""
    yield from _table(
        ("Case", "Connections", "requests/s", f"× {HELLO}", *compared, *LOAD),
        (
            (
                row.case,
                str(row.connections),
                f"{row.load.requests_per_s:,.0f}",
                f"{row.hello_ratio:.2f}" if row.hello_ratio else "",
                *_compared(others.get((row.case, row.connections))),
                *_load(row),
            )
            for row in rows
            if row.system == OWN
        ),
    )


def _compared(before: Row | None) -> list[str]:
    return [f"{before.own_ratio:.2f}", f"{before.used.cpu_us:.0f}"] if before else []


def _languages(rows: list[Row], languages: dict[str, dict[str, float]]) -> Iterator[str]:
    yield "First calls of new functions, and the memory of a worker that has run one:"
    yield ""
    yield from _table(
        (
            *("Language", "hello, p50 ms at 1", "hello, requests/s at 32", "× Lua"),
            *("first call, p50 ms", "p95 ms", "worker, MiB (PSS)"),
        ),
        (
            (
                name,
                *_hello_of(rows, name),
                f"{one['first_call_p50_ms']:.1f}",
                f"{one['first_call_p95_ms']:.1f}",
                f"{one['worker_pss_mib']:.1f}",
            )
            for name, one in languages.items()
        ),
    )


def _hello_of(rows: list[Row], language: str) -> tuple[str, str, str]:
    name = HELLO if language == "lua" else f"{HELLO} {language}"
    one, many = _own(rows, name, 1), _own(rows, name, 32)
    return (
        f"{one.load.p50_ms:.2f}" if one else "",
        f"{many.load.requests_per_s:,.0f}" if many else "",
        f"{many.hello_ratio:.2f}" if many else "",
    )


def _own(rows: list[Row], case: str, connections: int) -> Row | None:
    found = (r for r in rows if (r.case, r.connections, r.system) == (case, connections, OWN))
    return next(found, None)


def _computing(results: dict[str, Any]) -> Iterator[str]:
    """What else there is to know: computing beside the bare interpreters, and memory."""
    rows = results["cases"]
    for case, interpreter in (("fib(27)", "LuaJIT"), ("fib(27) javascript", "Deno")):
        row = _own(rows, case, 1)
        if row:
            bare_ms = results["bare_fib_ms"][interpreter]
            yield (
                f"- `{case}` takes {bare_ms:.2f} ms in bare {interpreter}, and"
                f" {row.load.p50_ms / bare_ms:.2f} × that with the request (p50, one connection)."
            )
    inside = results["inside_javascript_fib_ms"] / results["bare_fib_ms"]["Deno"]
    yield f"- Within the JavaScript worker it takes {inside:.2f} × the time in bare Deno."
    hello = _own(rows, HELLO, 1)
    for case in ("one kv.get", "http.get"):
        row = _own(rows, case, 1)
        if row and hello:
            cost_ms = row.load.p50_ms - hello.load.p50_ms
            yield f"- `{case}` costs {cost_ms:.2f} ms beyond `{HELLO}` (p50, one connection)."
    memory = results["memory_mib"]
    yield (
        f"- All processes take {memory['idle']:.0f} MiB (PSS) when idle, and"
        f" {memory['after load']:.0f} MiB after this load."
    )
