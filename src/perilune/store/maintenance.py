"""Optional operations on the database as a whole; an externally managed one offers none.

`Maintenance` works beside an open store, `OfflineMaintenance` also does what must not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

Progress = Callable[[str, int, int], None]
"""Is told the table, how many of its rows have been looked at, and how many there are."""


class Sizes(NamedTuple):
    """How large a database is, and what is free, in bytes."""

    database: int
    log: int
    """What has been written and is not part of the database yet."""
    free: int
    """What the disk that it is on has left."""


class DiskUsage(NamedTuple):
    """What data takes of a disk, in bytes."""

    data: int
    """What is stored, without free pages and the log."""
    disk: int
    """The whole file system."""
    is_low: bool
    """Whether so little is free that no execution begins."""


@dataclass(frozen=True, slots=True)
class BackupNote:
    """What a copy says about itself."""

    made_at: int
    """Unix seconds."""
    program: str
    """The version of Perilune that made it."""
    schema_version: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of putting a copy back."""

    note: BackupNote | None
    """None if another program made it."""
    aside: Path | None
    """Where the database that was there before is now."""


@dataclass(frozen=True, slots=True)
class TableReport:
    """What became of the rows of one table."""

    found: int
    taken: int
    present: int
    """Left out: they belong to functions that the store has already."""

    @property
    def dropped(self) -> int:
        """Rows whose function, version or execution is gone; nothing could have shown them."""
        return self.found - self.taken - self.present


@dataclass(frozen=True, slots=True)
class LunarReport:
    """What a take-over did."""

    version: int
    """Of Lunar's schema."""
    tables: Mapping[str, TableReport]
    repaired: Mapping[str, int]
    """By kind, how many values could not be taken as they were."""
    backup: Path | None = field(default=None, kw_only=True)
    """The copy of the original, where the store took its place."""


def no_progress(table: str, done: int, total: int) -> None:
    """Tell nobody how far an import is."""


class Maintenance(Protocol):
    """Works on a database that an open store may be using, this process's or another's.

    All of it blocks, and is called in a thread of its own.
    """

    def sizes(self) -> Sizes:
        """Return how large the database is; quick, from any thread."""
        ...

    def check(self) -> list[str]:
        """Return what is wrong: damage, dangling references, wrong counters; changes nothing.

        Raises:
            IncompatibleDatabase: It is not ours, or of another version.
            StoreUnavailable: It can't be opened.
        """
        ...

    def back_up(
        self, target: Path, *, program: str, now: int, compress: bool = False
    ) -> BackupNote:
        """Copy the database to the new file *target*, for its owner only.

        Args:
            target: Must not exist.  It has its name only when it is complete and checked.
            program: This program's version.
            now: Unix seconds.
            compress: Compress the copy with gzip.

        Raises:
            BackupFailed: *target* exists, or the copy could not be written or is not in order.
            IncompatibleDatabase: The database is damaged, newer, or not ours.
            StoreUnavailable: It can't be read.
        """
        ...


class OfflineMaintenance(Maintenance, Protocol):
    """Works on a database that no process may be using, or `StoreInUse` is raised."""

    def restore(
        self, source: Path, *, now: int, force: bool = False, max_bytes: int | None = None
    ) -> Restored:
        """Put the copy *source* in the place of the database.

        Args:
            source: A copy, compressed or not; it is only read.
            now: Unix seconds, for the name of what is put aside.
            force: Put a database that is there aside, instead of refusing.
            max_bytes: How large a compressed copy may get; by default a hundred times its size,
                or 1 GiB if that is more.

        Raises:
            BackupFailed: There is a database, or the copy is too large or not in order.
            IncompatibleDatabase: The copy is newer, or not ours.
        """
        ...

    def vacuum(self) -> tuple[int, int]:
        """Write the database anew without free pages; return its size in bytes before and after.

        From then on it can shrink by itself.  It takes as much disk space again while it runs.

        Raises:
            IncompatibleDatabase: It is damaged, newer, or not ours.
            StoreUnavailable: It can't be written.
        """
        ...

    def is_lunar(self) -> bool:
        """Tell whether it is a database of Lunar; nothing is written to it."""
        ...

    def migrate_lunar(self, *, now: int, progress: Progress = no_progress) -> LunarReport | None:
        """Replace a database of Lunar by ours with the same content; None if it is not Lunar's.

        A copy of it stays as `<name>.lunar-backup`.  Whatever breaks off in between, there is a
        complete database of the one or of the other.

        Raises:
            UnusableLunarFile: It is damaged, in use, or of a version that is not known.
            StoreError: The new one can't be built; everything is what it was.
        """
        ...

    def import_lunar(
        self, source: Path, *, now: int, merge: bool = False, progress: Progress = no_progress
    ) -> LunarReport:
        """Bring Lunar's database *source* into this one, which is made if it does not exist.

        The source is copied first and never written to.  All of it arrives, or nothing.

        Args:
            source: Lunar's database.
            now: Unix seconds.
            merge: Whether there may be functions.  Those whose id is in both stay as they are
                here, with all that belongs to them.
            progress: Is told how far it is.

        Raises:
            UnusableLunarFile: See `migrate_lunar`.
            StoreNotEmpty: There are functions, and *merge* is not set.
            StoreError: The database can't be opened or written.
        """
        ...
