"""What a server and the processes below it use: processor time by thread, context switches."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.processes import read_proc

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PARENT, _REAPED_USER, _REAPED_SYSTEM = 1, 13, 14
"""Places in /proc/PID/stat behind the name."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used by each request."""

    loop_us: float
    """Processor time of the first thread of the first process."""
    threads_us: float
    """Processor time of the other threads of that process."""
    processes_us: float
    """Processor time of all other processes."""
    switches: float
    """Voluntary and involuntary context switches of all threads, but for those that ended."""

    @property
    def cpu_us(self) -> float:
        """Processor time of all threads."""
        return self.loop_us + self.threads_us + self.processes_us


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Sums since the processes began."""

    loop_ns: int
    threads_ns: int
    processes_ns: int
    """Of those that live, and of those that ended and were waited for."""
    switches: Mapping[str, int]
    """By process and thread."""

    def since(self, before: "Snapshot", requests: int) -> Usage:
        """Return what each of *requests* has used since *before*."""
        switches = sum(n - before.switches.get(thread, 0) for thread, n in self.switches.items())
        number = max(requests, 1)
        return Usage(
            (self.loop_ns - before.loop_ns) / 1000 / number,
            (self.threads_ns - before.threads_ns) / 1000 / number,
            (self.processes_ns - before.processes_ns) / 1000 / number,
            switches / number,
        )


def snapshot(root: int) -> Snapshot:
    """Return what process *root* and all below it have used so far."""
    loop = threads = processes = 0
    switches = {}
    for pid, reaped in _tree(root):
        for name in _threads(pid):
            spent = _processor_ns(pid, name)
            switches[f"{pid}/{name}"] = _switches(pid, name)
            if pid != root:
                processes += spent
            elif int(name) == root:
                loop += spent
            else:
                threads += spent
        processes += reaped
    return Snapshot(loop, threads, processes, switches)


def _tree(root: int) -> Iterator[tuple[int, int]]:
    """Yield *root* and what is below it, each with the ns of those it has waited for.

    All processes are looked at, because the kernel's own lists of children leave some out while
    others end.
    """
    children: dict[int, list[int]] = {}
    reaped: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        fields = read_proc(int(entry.name), "stat").rpartition(b")")[2].split()
        if fields:
            pid = int(entry.name)
            children.setdefault(int(fields[_PARENT]), []).append(pid)
            ticks = int(fields[_REAPED_USER]) + int(fields[_REAPED_SYSTEM])
            reaped[pid] = ticks * TICK_NS
    rest = [root]
    while rest:
        pid = rest.pop()
        yield pid, reaped.get(pid, 0)
        rest += children.get(pid, [])


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _processor_ns(pid: int, thread: str) -> int:
    fields = read_proc(pid, f"task/{thread}/schedstat").split()
    return int(fields[0]) if fields else 0


def _switches(pid: int, thread: str) -> int:
    return sum(
        int(line.split()[1])
        for line in read_proc(pid, f"task/{thread}/status").splitlines()
        if b"voluntary_ctxt_switches" in line
    )
