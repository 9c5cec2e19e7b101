"""A server that has little memory: functions that want more of it end, the server lives."""

import os
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.processes import Server, serving

pytestmark = pytest.mark.soak

MIB = 1024 * 1024
LIMIT_BYTES = 300 * MIB
RUNS = 10
HOGS = 6
ADDRESS_SPACE_KIB = 700 * 1024
BODY = bytes(6 * MIB)
BODIES = 50
ROUNDS = 3
RUN_S = 8.0
HELLO = 'function handler() return { body = "hello" } end'
SIZE = "function handler(ctx, event) return { body = tostring(#event.body) } end"
HOG = """
function handler()
  local all = {}
  for n = 1, 100 do all[n] = string.rep("x", 1e6) .. n end
  time.sleep(1500)
  return { body = "done" }
end"""


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group whose processes together get little memory."""
    name = f"perilune-test-{os.getpid()}"
    for folder, limit in (
        (Path("/sys/fs/cgroup/memory") / name, "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup") / name, "memory.max"),
    ):
        try:
            folder.mkdir()
        except OSError:
            continue
        if (folder / limit).exists():
            (folder / limit).write_text(str(LIMIT_BYTES))
            yield folder
            folder.rmdir()
            return
        folder.rmdir()
    pytest.skip("no control group with a limit of memory can be made here")


def test_functions_that_want_more_memory_than_there_is_end_and_the_server_lives(
    group: Path, tmp_path: Path
) -> None:
    for run in range(RUNS):
        join = f"echo $$ > {group}/cgroup.procs"
        environment = {"PERILUNE_LOG_LEVEL": "error"}
        with serving(tmp_path / str(run), environment, before=join) as server:
            hogs = [server.add_function("hog", HOG) for _ in range(HOGS)]
            hello = server.add_function("hello", HELLO)

            seen = call_all([*hogs, hello])

            assert server.process.poll() is None, f"run {run}"
            print(f"run {run}: {[dict(one) for one in (sum(seen[:-1], Counter()), seen[-1])]}")
            assert set(seen[-1]) == {200}
            assert sum(seen[:-1], Counter())[500], "no function was short of memory"
            assert left_open(server) == 0


def test_many_large_bodies_at_once_need_no_large_address_space(tmp_path: Path) -> None:
    with serving(tmp_path, before=f"ulimit -v {ADDRESS_SPACE_KIB}") as server:
        url = server.add_function("size", SIZE)
        seen: Counter[int] = Counter()

        with ThreadPoolExecutor(BODIES) as clients:
            for _ in range(ROUNDS):
                seen.update(clients.map(send_body, [url] * BODIES))

        assert server.process.poll() is None
        print(dict(seen))
        assert set(seen) <= {200, 503} and seen[200] >= BODIES // 2
        assert left_open(server) == 0


def send_body(url: str) -> int:
    try:
        with urllib.request.urlopen(url, BODY, timeout=60) as answer:
            assert answer.read() == str(len(BODY)).encode()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def call_all(urls: list[str]) -> list[Counter[int]]:
    """Call each function again and again for some seconds; return the statuses of each."""
    seen: list[Counter[int]] = [Counter() for _ in urls]
    end = time.monotonic() + RUN_S

    def call(url: str, statuses: Counter[int]) -> None:
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(url, timeout=60) as answer:
                    statuses[answer.status] += 1
            except urllib.error.HTTPError as error:
                statuses[error.code] += 1
            time.sleep(0.02)

    threads = [threading.Thread(target=call, args=pair) for pair in zip(urls, seen, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def left_open(server: Server) -> int:
    """Return how many executions that were answered have no outcome on record."""
    page = server.api("GET", "/api/executions?status=pending&limit=1")
    return len(page["executions"])
