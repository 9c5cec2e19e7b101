"""Brings the schema of a database up to date, whoever else is about to do that."""

from collections.abc import Sequence

import psycopg

from perilune.store.database.migrations import Migration, migrations_in, number_made
from perilune.store.errors import IncompatibleDatabase
from perilune.store.postgres.connect import RawConnection
from perilune.store.postgres.errors import outage

_LOCK = 0x706572696C756E65  # "perilune"
_TABLE = b"""
CREATE TABLE IF NOT EXISTS perilune_migrations (
    version    BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    checksum   TEXT   NOT NULL,
    applied_at BIGINT NOT NULL
)
"""
_TABLES = b"""
SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
"""


def shipped_migrations() -> tuple[Migration, ...]:
    """Return the steps this program knows, in order."""
    return migrations_in("perilune.store.postgres")


def migrate(connection: RawConnection, steps: Sequence[Migration], now: int) -> None:
    """Make the steps that are missing, all in one transaction.

    Args:
        connection: A connection for writing.
        steps: All steps, in order.
        now: Unix seconds, recorded with each step.

    Raises:
        IncompatibleDatabase: The database belongs to another program, is newer than *steps*, or
            was made by other steps; it is left as it is.
        StoreUnavailable: It can't be read or written.
    """
    try:
        # First a look: who need not change the schema needs no right to, and waits for nobody.
        if _number_made(connection, steps) == len(steps):
            return
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock($1)", (_LOCK,))
            # Another server may have been faster while we waited for the lock.
            for step in steps[_number_made(connection, steps) :]:
                connection.execute(_TABLE)
                connection.execute(step.sql.encode())
                connection.execute(
                    "INSERT INTO perilune_migrations (version, name, checksum, applied_at) "
                    "VALUES ($1, $2, $3, $4)",
                    (step.version, step.name, step.checksum, now),
                )
    except psycopg.Error as error:
        raise outage("cannot prepare the database", error) from error


def _number_made(connection: RawConnection, steps: Sequence[Migration]) -> int:
    tables = {name for (name,) in connection.execute(_TABLES)}
    if not tables:
        return 0
    if "perilune_migrations" not in tables:
        raise IncompatibleDatabase(
            "this database belongs to another program (it has tables, but none of Perilune's)"
        )
    made = connection.execute(
        "SELECT version, name, checksum FROM perilune_migrations ORDER BY version"
    )
    return number_made([(version, name, sum_) for version, name, sum_ in made], steps)
