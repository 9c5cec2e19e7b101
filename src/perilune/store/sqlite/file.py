"""The database file as a whole, without a store that is open on it."""

from functools import partial
from pathlib import Path

from perilune.store.maintenance import Sizes
from perilune.store.sqlite.connection.space import file_system
from perilune.store.sqlite.lunar.copying import is_lunar_file
from perilune.store.sqlite.lunar.migration import import_lunar, migrate_lunar
from perilune.store.sqlite.upkeep.backup import back_up, restore, vacuum
from perilune.store.sqlite.upkeep.integrity import check_file


class SqliteFile:
    """A file that may not exist yet; the methods are those of `OfflineMaintenance`."""

    def __init__(self, path: Path) -> None:
        """Look after *path*."""
        self._path = path
        self.check = partial(check_file, path)
        self.back_up = partial(back_up, path)
        self.restore = partial(restore, path)
        self.vacuum = partial(vacuum, path)
        self.is_lunar = partial(is_lunar_file, path)
        self.migrate_lunar = partial(migrate_lunar, path)
        self.import_lunar = partial(import_lunar, path)

    def sizes(self) -> Sizes:
        """See `Maintenance.sizes`."""
        log = self._path.with_name(f"{self._path.name}-wal")
        return Sizes(_size(self._path), _size(log), file_system(self._path.parent).free)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
