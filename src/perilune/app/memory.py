"""How much memory there is for the server and its workers."""

import os
from pathlib import Path

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
