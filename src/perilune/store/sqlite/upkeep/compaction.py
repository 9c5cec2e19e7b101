"""Giving free pages back to the file system, a few at a time."""

from perilune.store.database.access import Access
from perilune.store.database.connection import Connection
from perilune.store.database.long_work import Batches, Pause

INCREMENTAL = 2
"""The mode of `PRAGMA auto_vacuum` in which free pages are given back when asked to."""

LEAST_RESERVE_PAGES = 1024
RESERVE_SHARE = 10
"""One free page for so many in use stays: what comes in until the next clean-up needs room."""


class Compaction:
    """Makes the file smaller while it is in use."""

    def __init__(self, access: Access, pause: Pause) -> None:
        """Use *access*; *pause* is awaited between steps."""
        self._access = access
        self._batches = Batches(access, pause)

    async def shrink(self, *, keeps_reserve: bool = True) -> int:
        """Give back the free pages, by default those beyond a reserve; return how many.

        None in a file made without incremental vacuum: such a file needs `vacuum` once.
        """
        surplus = await self._access.read(_surplus_pages if keeps_reserve else _spare_pages)
        given = 0

        def step(connection: Connection, pages: int) -> int:
            wanted = min(pages, surplus - given)
            before = _free_pages(connection)
            for _ in range(wanted):
                # The driver takes one step of a statement without columns: that is one page,
                # whatever number is asked for.
                connection.execute("PRAGMA incremental_vacuum(1)")
            return before - _free_pages(connection)

        while given < surplus:
            done = await self._batches.once(step)
            if done <= 0:
                break
            given += done
        return given


def _surplus_pages(connection: Connection) -> int:
    """Return how many free pages are not needed; 0 in a file that can't give any back."""
    free = _spare_pages(connection)
    used = _pragma(connection, "page_count") - free
    return max(0, free - max(LEAST_RESERVE_PAGES, used // RESERVE_SHARE))


def _spare_pages(connection: Connection) -> int:
    """Return how many free pages there are; 0 in a file that can't give any back."""
    return _free_pages(connection) if _pragma(connection, "auto_vacuum") == INCREMENTAL else 0


def data_bytes(connection: Connection) -> int:
    """Return what the pages in use hold."""
    used = _pragma(connection, "page_count") - _free_pages(connection)
    return used * _pragma(connection, "page_size")


def _free_pages(connection: Connection) -> int:
    return _pragma(connection, "freelist_count")


def _pragma(connection: Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
