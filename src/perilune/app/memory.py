"""How much memory there is for the server and its workers, and what becomes of it after use."""

import asyncio
import ctypes
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

MIB = 1024 * 1024
RETURN_EVERY_S = 5.0
"""How often memory is returned while that is worth it."""
RETURN_AT_LEAST_EVERY_S = 20.0
WORTH_BYTES = MIB
LARGE_BLOCK_BYTES = MIB
"""What long bodies and frames take: such blocks leave no gaps between smaller ones."""
KEPT_BYTES = 32 * MIB
"""What is free at the end of the heap is kept up to this size."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of mallopt(3)

_CGROUPS = Path("/sys/fs/cgroup")


def available_bytes(root: Path = _CGROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """Return what the machine has, or less if a control group (either version) allows less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return machine
    found = [machine]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found += _limits(root, path, "memory.max")
        elif "memory" in controllers.split(","):
            found += _limits(root / "memory", path, "memory.limit_in_bytes")
    return min(found)


def _limits(folder: Path, path: str, name: str) -> list[int]:
    """Return the limits of a group and of those it is in."""
    limits = []
    group = folder / path.lstrip("/")
    for one in (group, *group.parents):
        try:
            text = (one / name).read_text().strip()
        except OSError:
            text = ""  # a container sees its own group as the root
        if text.isdecimal():
            limits.append(int(text))
        if one == folder:
            break
    return limits


@asynccontextmanager
async def returning_memory(every_s: float = RETURN_EVERY_S) -> AsyncIterator[None]:
    """Give memory that is free back to the system, again and again until the block ends.

    Large blocks go back at once.  Of smaller ones the C library keeps what lies below others; low
    thresholds for all of them would double what each request costs.

    Args:
        every_s: time until the first time; later ones wait longer if there was little to return.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # of the GNU C library
        libc.mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
    task = asyncio.create_task(_return_memory(every_s))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _return_memory(every_s: float) -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library
    wait_s = every_s
    while trim is not None:
        await asyncio.sleep(wait_s)
        before = _resident_bytes()
        await asyncio.to_thread(trim, 0)
        is_worth_it = before - _resident_bytes() > WORTH_BYTES
        wait_s = every_s if is_worth_it else min(2 * wait_s, RETURN_AT_LEAST_EVERY_S)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
