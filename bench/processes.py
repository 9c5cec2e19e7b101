"""Starts the server under test, and weighs it."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

START_LIMIT_S = 60.0
PORTS = (20_000, 32_768)


class Server:
    """A running `perilune serve` and its API."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, key: str) -> None:
        self.process = process
        self.base_url = f"http://127.0.0.1:{port}"
        self.key = key

    def api(self, method: str, path: str, payload: Any = None) -> Any:
        """Call the management API and return the decoded answer."""
        request = urllib.request.Request(
            self.base_url + path,
            method=method,
            data=None if payload is None else json.dumps(payload).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def add_function(self, name: str, code: str, runtime: str = "lua") -> str:
        """Create a function; return its address."""
        members = {"name": name, "code": code, "runtime": runtime}
        created = self.api("POST", "/api/functions", members)
        return f"{self.base_url}/fn/{created['id']}"

    def pss_mib(self) -> float:
        """Return the proportional memory of the server and all its descendants, in MiB."""
        return sum(pss_kib(pid) for pid in descendants(self.process.pid)) / 1024

    def worker_pss_mib(self, marks: Sequence[str]) -> list[float]:
        """Return the proportional memory of each worker, in MiB.

        Args:
            marks: one of them is in the command line of the process that forked the workers.
        """
        pids = descendants(self.process.pid)
        marked = {pid for pid in pids if any(mark in " ".join(command_of(pid)) for mark in marks)}
        # Forked workers have their parent's command line, those that became a program do not.
        parents = {pid for pid in marked if parent_of(pid) not in marked}
        return [pss_kib(pid) / 1024 for pid in pids if parent_of(pid) in parents]


@contextmanager
def serving(
    data_dir: Path,
    environment: Mapping[str, str] | None = None,
    *,
    until: str = "/readyz",
    before: str = ":",
    python: Path = Path(sys.executable),
    program: str = "perilune",
) -> Iterator[Server]:
    """Run a server on a free port with its data in *data_dir*; stops it in the end.

    The block begins when the path *until* is answered with success.  The process carries out
    *before*, which is for the shell, and then becomes the server: the module *program*, run by
    *python*.
    """
    port, key = free_port(), "benchmark-key-benchmark-key"
    process = subprocess.Popen(
        ["sh", "-c", f'{before}; exec "$@"', "sh", str(python), "-m", program, "serve"],
        env={
            **os.environ,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "DATA_DIR": str(data_dir),
            "API_KEY": key,
            **(environment or {}),
        },
        stdout=subprocess.DEVNULL,
    )
    server = Server(process, port, key)
    try:
        wait_until_answering(server.base_url + until, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def free_port() -> int:
    """Return a TCP port on loopback that is free now.

    It is below those that the kernel gives away, so that no connection takes it meanwhile.
    """
    while True:
        port = random.randrange(*PORTS)  # noqa: S311 - nothing secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until_answering(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when *url* answers with success.

    Raises:
        RuntimeError: the process ended, or nothing answered for 30 s.
    """
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with exit code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    raise RuntimeError(f"nothing answered at {url} for {START_LIMIT_S:g} s")


def read_proc(pid: int, name: str) -> bytes:
    """Return the content of `/proc/PID/NAME`, nothing if the process has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def descendants(pid: int) -> list[int]:
    """Return *pid* and every process below it."""
    found, rest = [], [pid]
    while rest:
        one = rest.pop()
        found.append(one)
        rest += children_of(one)
    return found


def children_of(pid: int) -> list[int]:
    """Return the processes that *pid* has started and that have not been waited for."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [
        int(child)
        for thread in threads
        for child in read_proc(pid, f"task/{thread}/children").split()
    ]


def workers_of(zygote: int) -> list[int]:
    """Return the workers that a zygote has forked; process 1 of their namespace is none."""
    return [pid for pid in children_of(zygote) if not _is_process_1(pid)]


def _is_process_1(pid: int) -> bool:
    numbers = [
        line.split()[-1]
        for line in read_proc(pid, "status").splitlines()
        if line.startswith(b"NSpid:")
    ]
    return numbers == [b"1"]


def command_of(pid: int) -> list[str]:
    """Return the command line of a process, without words if it has ended."""
    line = read_proc(pid, "cmdline").decode().rstrip("\0")
    return line.split("\0") if line else []


def parent_of(pid: int) -> int:
    """Return the process that has started *pid*, 0 if that has ended."""
    fields = _fields_of(pid)
    return int(fields[1]) if fields else 0


def is_running(pid: int) -> bool:
    """Return whether a process has not ended, be it waited for or not."""
    fields = _fields_of(pid)
    return bool(fields) and fields[0] != b"Z"


def resident_bytes(pid: int) -> int:
    """Return the memory of a process, 0 if it has ended."""
    sizes = read_proc(pid, "statm").split()
    return int(sizes[1]) * os.sysconf("SC_PAGE_SIZE") if sizes else 0


def pss_kib(pid: int) -> int:
    """Return the proportional memory of a process.

    It is 0 if the process has ended, or belongs to somebody else and only root may weigh it.
    """
    try:
        lines = read_proc(pid, "smaps_rollup").splitlines()
    except PermissionError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(b"Pss:")), 0)


def _fields_of(pid: int) -> list[bytes]:
    # The name, in brackets, may contain anything; behind it are the state and the parent.
    return read_proc(pid, "stat").rpartition(b")")[2].split()
