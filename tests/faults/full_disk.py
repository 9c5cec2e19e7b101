"""A server on a small disk that gets full; `test_full_disk` runs it on a disk of its own.

Every client notes the executions it got 200 for: each of them has a closed record in the end.
"""

import json
import os
import resource
import signal
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bench.processes import Server, serving
from tests.namespaces import fill_disk, mount_small_disk

MIB = 1024 * 1024
DISK_MIB = 80
CLIENTS = 6
BODY = b"x" * 20_000
RECOVERY_LIMIT_S = 60.0
LOCKED_S = 60.0
# A root of a namespace has no ids of its own to give away.
ENVIRONMENT = {"PERILUNE_SANDBOX": "relaxed", "PERILUNE_LOG_LEVEL": "error"}
CODE = 'function handler(ctx, event)\n  return { statusCode = 200, body = "ok" }\nend'


class Clients:
    """Call a function as fast as they can, and remember what they were told."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []
        self.answered: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.retry_after: set[str | None] = set()

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Go on until the block ends."""
        self._is_over.clear()
        self._threads = [threading.Thread(target=self._call_again) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in self._threads:
                thread.join()

    def call_until(self, is_enough: Callable[[], bool], limit_s: float = 120) -> None:
        """Go on until it is enough, for so long at most."""
        with self.calling():
            wait_until(is_enough, limit_s)

    def _call_again(self) -> None:
        while not self._is_over.is_set():
            status, headers, _ = answer_of(self._url, BODY)
            with self._lock:
                self.statuses[status] += 1
                if status == 200:
                    self.answered.add(headers["x-execution-id"])
                elif "x-execution-id" not in headers:
                    self.retry_after.add(headers.get("retry-after"))
            if status != 200:
                self._is_over.wait(0.02)


def answer_of(url: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=90) as answer:
            return answer.status, _lower(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, _lower(error.headers), error.read()


def _lower(headers: Any) -> dict[str, str]:  # of http.client
    return {name.lower(): value for name, value in headers.items()}


def wait_until(is_so: Callable[[], bool], limit_s: float) -> float:
    """Return how long it took."""
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < limit_s, f"not within {limit_s:g} s"
        time.sleep(0.1)
    return time.monotonic() - started


def readiness(server: Server) -> tuple[int, str | None]:
    status, _, text = answer_of(f"{server.base_url}/readyz")
    return status, json.loads(text).get("reason")


def wait_for_recovery(server: Server, since: str) -> None:
    took_s = wait_until(lambda: readiness(server)[0] == 200, RECOVERY_LIMIT_S)
    print(f"{since}: ready after {took_s:.1f} s")


def assert_is_low(server: Server) -> None:
    told = readiness(server)
    assert told == (503, "the disk is nearly full"), told


def keep_a_mebibyte(server: Server, url: str) -> None:
    server.api("PUT", f"/api/functions/{url.rpartition('/')[2]}", {"retention_bytes": MIB})


def fill_with_calls(server: Server, clients: Clients) -> None:
    clients.call_until(lambda: clients.statuses[503] > 50)
    assert_is_low(server)
    assert clients.statuses.keys() == {200, 503}
    assert clients.retry_after == {"1"}


def assert_all_closed(data_dir: Path, clients: Clients) -> None:
    """Look into the database of a server that has stopped."""
    with closing(sqlite3.connect(data_dir / "lunar.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        statuses = dict(connection.execute("SELECT id, status FROM executions"))
    kept = clients.answered & statuses.keys()
    unclosed = sum(statuses[one] != "success" for one in kept)
    print(f"{len(clients.answered)} answered, {len(kept)} kept, {unclosed} not closed")
    assert clients.answered and kept
    assert not unclosed


def check_filled_by_calls(place: Path) -> None:
    data_dir = place / "data"
    with serving(data_dir, ENVIRONMENT) as server:
        clients = Clients(url := server.add_function("f", CODE))
        fill_with_calls(server, clients)
    assert_all_closed(data_dir, clients)

    with serving(data_dir, ENVIRONMENT, until="/healthz") as server:
        assert_is_low(server)
        clients = Clients(f"{server.base_url}/fn/{url.rpartition('/')[2]}")
        keep_a_mebibyte(server, url)
        wait_for_recovery(server, "filled by calls, restarted")
        calls = len(clients.answered)
        clients.call_until(lambda: len(clients.answered) > calls + 20_000, limit_s=300)
        print(f"{clients.statuses} with a retention of 1 MiB on the full disk")
    assert_all_closed(data_dir, clients)


def check_filled_by_another_program(place: Path) -> None:
    data_dir = place / "data"
    with serving(data_dir, ENVIRONMENT) as server:
        clients = Clients(url := server.add_function("f", CODE))
        with clients.calling():
            wait_until(lambda: len(clients.answered) > 1500, 120)
            fill_disk(place / "filling")
            wait_until(lambda: clients.statuses[503] > 50, 120)
        assert_is_low(server)
        keep_a_mebibyte(server, url)
        wait_for_recovery(server, "filled by another program")
    assert_all_closed(data_dir, clients)


def check_restarted_on_a_full_disk(place: Path, how: signal.Signals) -> None:
    """What may be deleted is known before a stop, and told to the new server after a kill."""
    data_dir = place / "data"
    with serving(data_dir, ENVIRONMENT) as server:
        clients = Clients(url := server.add_function("f", CODE))
        fill_with_calls(server, clients)
        fill_disk(place / "filling")
        wait_until(lambda: os.statvfs(place).f_bavail > 0, 30)
        if how is signal.SIGTERM:
            keep_a_mebibyte(server, url)
        server.process.send_signal(how)
        server.process.wait()
    fill_disk(place / "filling")
    assert os.statvfs(place).f_bavail == 0

    with serving(data_dir, ENVIRONMENT, until="/healthz") as server:
        if how is signal.SIGKILL:
            assert_is_low(server)
            keep_a_mebibyte(server, url)
        wait_for_recovery(server, f"filled by another program, restarted after {how.name}")
    assert_all_closed(data_dir, clients)


def check_locked_by_another_process(place: Path) -> None:
    data_dir = place / "data"
    with serving(data_dir, ENVIRONMENT) as server:
        clients = Clients(server.add_function("f", CODE))
        with clients.calling():
            wait_until(lambda: len(clients.answered) > 200, 60)
            with closing(sqlite3.connect(data_dir / "lunar.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                time.sleep(LOCKED_S)
                other.execute("ROLLBACK")
            before = len(clients.answered)
            wait_until(lambda: len(clients.answered) > before + 200, 60)
        wait_for_recovery(server, f"locked for {LOCKED_S:g} s")
        print(clients.statuses)
    assert_all_closed(data_dir, clients)


def check_a_file_that_cannot_grow(place: Path) -> None:
    data_dir = place / "data"
    resource.setrlimit(resource.RLIMIT_FSIZE, (6 * MIB, resource.RLIM_INFINITY))
    with serving(data_dir, ENVIRONMENT) as server:
        clients = Clients(server.add_function("f", CODE))
        clients.call_until(lambda: clients.statuses[503] > 500)
        assert readiness(server)[0] == 503
        print(clients.statuses)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    with serving(data_dir, ENVIRONMENT, until="/healthz") as server:
        wait_for_recovery(server, "a file that could not grow, restarted without the limit")
    assert_all_closed(data_dir, clients)


CHECKS: dict[str, Callable[[Path], None]] = {
    "filled_by_calls": check_filled_by_calls,
    "filled_by_another_program": check_filled_by_another_program,
    "restarted": lambda place: check_restarted_on_a_full_disk(place, signal.SIGTERM),
    "killed": lambda place: check_restarted_on_a_full_disk(place, signal.SIGKILL),
    "locked": check_locked_by_another_process,
    "cannot_grow": check_a_file_that_cannot_grow,
}

if __name__ == "__main__":
    chosen, folder = sys.argv[1], Path(sys.argv[2])
    mount_small_disk(folder, DISK_MIB)
    CHECKS[chosen](folder)
