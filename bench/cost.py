"""Checks how much work one execution is.  `make cost` calls it, and CI.

The smallest function is called again and again on one connection.  Counted are the calls of
Python and C functions in the thread of the event loop, and the system calls of all threads of the
server.  What comes by the clock and not with each execution is more where the machine is busy, so
the calls with the least count: unlike times that is the same on a busy machine.
"""

import argparse
import http.client
import json
import mmap
import re
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from bench.cases import HELLO
from bench.processes import Server, read_proc, serving

MOST = {
    "calls in the loop": 285.0,
    "of own functions": 128.0,
    "system calls": 36.0,
}
"""For one execution: what was measured when a number was last changed, and 5 %."""

WARM_UP = 200
CALLS = 1000
LEAST = 0.05
"""How many calls have less than what counts: what one did late may be missing in it."""
ATTACH_LIMIT_S = 20.0
IDLE_AGAIN_S = 0.0002
RECEIVED = re.compile(r'\d+ +(read|recvfrom|recvmsg)\(.*"GET /')
SYSTEM_CALL = re.compile(r"\d+ +(\w+)\(")
"""The first line of one; the end of one that had to wait is in a line of its own."""

Call = Callable[[], None]


def main() -> None:
    """Measure and print; exits with 1 when a bound is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help=f"that are counted ({CALLS})")
    parser.add_argument("--names", action="store_true", help="only list the own functions")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.names:
            list_names(Path(folder), options.calls)
            return
        found = {**count_calls(Path(folder), options.calls)}
        found |= count_system_calls(Path(folder), options.calls)
    for name, number in found.items():
        print(f"{name:17} {number:6.1f} for each execution, at most {MOST[name]:g}")
    if any(number > MOST[name] for name, number in found.items()):
        raise SystemExit(1)


def count_calls(folder: Path, number: int) -> dict[str, float]:
    """Return how many calls the thread of the loop makes for each execution."""
    file = folder / "counts"
    file.write_bytes(bytes(16))
    environment = {"BENCH_COUNTS": str(file)}
    with (
        serving(folder / "counted", environment, program="bench.counted") as server,
        file.open("r+b") as opened,
        calling(server) as call,
    ):
        counts = memoryview(mmap.mmap(opened.fileno(), 16)).cast("Q")
        seen = []
        for _ in range(number):
            wait_until_idle(server)
            seen.append((counts[0], counts[1]))
            call()
    every, own = zip(*seen, strict=True)
    return {"calls in the loop": least(every), "of own functions": least(own)}


def list_names(folder: Path, number: int) -> None:
    """Print which own functions are called for most executions, and how often for each."""
    file = folder / "names"
    environment = {"BENCH_NAMES": str(file)}
    with (
        serving(folder / "named", environment, program="bench.counted") as server,
        calling(server) as call,
    ):
        for _ in range(number):
            call()
    names: dict[str, int] = json.loads(file.read_text())
    for name, calls in sorted(names.items(), key=lambda item: -item[1]):
        if calls > number / 2:
            print(f"{calls / (number + WARM_UP):6.2f}  {name}")


def count_system_calls(folder: Path, number: int) -> dict[str, float]:
    """Return how many system calls the server makes for each execution; nothing if none can see."""
    with serving(folder / "traced", program="bench.counted") as server, calling(server) as call:
        output, said = folder / "trace", folder / "said"
        pid = str(server.process.pid)
        with said.open("wb") as errors:
            command = ["strace", "-f", "-qq", "-s", "8", "-o", str(output), "-p", pid]
            tracer = subprocess.Popen(command, stderr=errors)
        try:
            if not is_attached(tracer, server.process.pid):
                print(f"system calls are not counted, ptrace is refused: {said.read_text()}")
                return {}
            for _ in range(number):
                call()
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        kinds = Counter(kinds_of(output))
        print(", ".join(f"{kind} {n / number:.1f}" for kind, n in kinds.most_common(8)))
        return {"system calls": least(list(until_each_request(output)))}


def is_attached(tracer: subprocess.Popen[bytes], pid: int) -> bool:
    """Wait until all threads of a process are traced; False if the tracer has ended instead."""
    deadline = time.monotonic() + ATTACH_LIMIT_S
    while time.monotonic() < deadline and tracer.poll() is None:
        threads = [path.name for path in Path(f"/proc/{pid}/task").iterdir()]
        statuses = [read_proc(pid, f"task/{name}/status") for name in threads]
        if not any(b"TracerPid:\t0\n" in status for status in statuses):
            return True
        time.sleep(0.01)
    return False


def until_each_request(trace: Path) -> Iterator[int]:
    """Yield how many system calls were made before a request was received, for each."""
    number = 0
    with trace.open(errors="replace") as lines:
        for line in lines:
            if RECEIVED.match(line):
                yield number
            number += SYSTEM_CALL.match(line) is not None


def kinds_of(trace: Path) -> Iterator[str]:
    """Yield the name of each system call."""
    with trace.open(errors="replace") as lines:
        for line in lines:
            if found := SYSTEM_CALL.match(line):
                yield found[1]


@contextmanager
def calling(server: Server) -> Iterator[Call]:
    """Give what calls the smallest function of *server*, which is warm, on one connection."""
    url = urlsplit(server.add_function("hello", HELLO["lua"]))
    with closing(http.client.HTTPConnection(url.netloc, timeout=60)) as connection:

        def call() -> None:
            connection.request("GET", url.path)
            answer = connection.getresponse()
            if (answer.status, answer.read()) != (200, b"hello"):
                raise RuntimeError(f"the function answered with status {answer.status}")

        for _ in range(WARM_UP):
            call()
        yield call


def wait_until_idle(server: Server) -> None:
    """Return when the thread of the loop sleeps: it goes on a little after an answer."""
    while read_proc(server.process.pid, "stat").rpartition(b")")[2].split()[:1] == [b"R"]:
        time.sleep(IDLE_AGAIN_S)


def least(sums: Sequence[int]) -> float:
    """Return by how much *sums* grow from one to the next where that is least."""
    steps = sorted(end - begin for begin, end in pairwise(sums))
    return steps[int(len(steps) * LEAST)]


if __name__ == "__main__":
    main()
