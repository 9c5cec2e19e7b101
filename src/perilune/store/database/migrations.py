"""Numbered, forward-only changes of a schema: which there are, and which have been made.

Each step is one file in a folder `migrations` of the database's package; the table
`perilune_migrations` says which have been made and what their text was.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources

from perilune.store.errors import IncompatibleDatabase


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number (from 1, without gaps), its name and its SQL."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_in(package: str) -> tuple[Migration, ...]:
    """Return the steps in the folder `migrations` of *package*, in order."""
    folder = resources.files(package).joinpath("migrations")
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    steps = []
    for entry in files:
        number, _, name = entry.name.removesuffix(".sql").partition("_")
        steps.append(Migration(int(number), name, entry.read_text("utf-8")))
    return tuple(steps)


def number_made(made: Iterable[tuple[int, str, str]], steps: Sequence[Migration]) -> int:
    """Return how many of *steps* have been made.

    Args:
        made: Version, name and checksum of each step that the database has been through, in order.
        steps: All steps, in order.

    Raises:
        IncompatibleDatabase: The database is newer than *steps*, or made by other steps.
    """
    made = list(made)
    newest = made[-1][0] if made else 0
    if newest > len(steps):
        raise IncompatibleDatabase(
            f"the database has schema version {newest}, this program knows {len(steps)}: "
            "it was used by a newer Perilune"
        )
    for (version, name, checksum), step in zip(made, steps, strict=False):
        if (version, checksum) != (step.version, step.checksum):
            raise IncompatibleDatabase(
                f"the database went through another migration {version} ({name}) "
                f"than this program's {step.version} ({step.name})"
            )
    return len(made)
