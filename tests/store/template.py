"""A database that is ready for use: made once per process, copied for each test."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from perilune.store import open_store


def write_database(path: Path) -> Path:
    """Write the file that opening a store would create, which takes ten times as long.

    Returns:
        *path*, so that it can be opened in the same line; a file that exists stays as it is.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(_content())
    return path


@cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        path = Path(folder) / "perilune.db"
        # A thread of its own, as the caller's may have an event loop that is running.
        thread.submit(asyncio.run, _create(path)).result()
        return path.read_bytes()


async def _create(path: Path) -> None:
    async with open_store(path):
        pass
