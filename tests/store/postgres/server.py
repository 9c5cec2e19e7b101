"""The PostgreSQL server of a run of the tests, and databases in it.

The first test that needs it starts it; all processes of the run share it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from perilune.store.postgres.connect import Target
from perilune.store.postgres.migrate import migrate, shipped_migrations

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_EMPTY = b"""
DO $$
DECLARE one TEXT;
BEGIN
    -- Without triggers and foreign keys, which would look for each row.
    SET LOCAL session_replication_role = replica;
    FOR one IN
        SELECT relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
          AND relname NOT IN ('cron_revision', 'perilune_migrations')
    LOOP
        EXECUTE format('DELETE FROM %I', one);
    END LOOP;
    UPDATE cron_revision SET value = 0;
END
$$
"""
_numbers = count()


TEMPLATE = "perilune_template"


class PostgresServer:
    """A server that runs; it belongs to the tests alone."""

    def __init__(self, folder: Path) -> None:
        """Use the server whose socket is in *folder*."""
        self.folder = folder
        self._clean: list[str] = []
        self._cleaners: dict[str, psycopg.Connection[tuple[object, ...]]] = {}

    def url(self, database: str) -> str:
        """The URL of a database, which need not exist."""
        return f"postgresql://perilune@/{database}?host={self.folder}"

    def create_database(self, template: str = "template0") -> str:
        """Create a database of a name of its own, a copy of *template*; return the name."""
        name = f"tests_{os.getpid()}_{next(_numbers)}"
        self._create(name, template)
        return name

    @contextmanager
    def database(self) -> Iterator[str]:
        """Lend a database that has the schema and no rows; yield its URL.

        To empty one takes a tenth of the time that it takes to make one.
        """
        name = self._clean.pop() if self._clean else self.create_database(TEMPLATE)
        yield self.url(name)
        self._empty(name)
        # Not if it was in use all the same, or the test has failed.
        self._clean.append(name)

    def _empty(self, name: str) -> None:
        """Delete all rows; the connection for that is kept, since each costs some milliseconds."""
        if name in self._cleaners:
            try:
                self._cleaners[name].execute(_EMPTY)
            except psycopg.OperationalError:
                self._cleaners[name].close()  # a test has cut it
            else:
                return
        self._cleaners[name] = psycopg.connect(self.url(name), autocommit=True)
        self._cleaners[name].execute(_EMPTY)

    def close(self) -> None:
        """Close all connections."""
        for cleaner in self._cleaners.values():
            cleaner.close()

    def make_template(self) -> None:
        """Make what `database` copies."""
        self._create(TEMPLATE, "template0")
        connection = Target(self.url(TEMPLATE)).connect()
        with connection:
            migrate(connection, shipped_migrations(), 0)

    def _create(self, name: str, template: str) -> None:
        text = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(text.format(sql.Identifier(name), sql.Identifier(template)))


def binaries() -> Path | None:
    """Where the programs of PostgreSQL are, of the newest version; None if there are none."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    by_version = sorted(folders, key=lambda one: float(one.parent.name))
    return by_version[-1] if by_version else None


def shared_server(folder: Path) -> PostgresServer:
    """The server of this run; *folder* is the same in all of its processes, and no other's."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: tools/install_postgres.sh does that")
    with (folder / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = folder / "postgres.folder"
        if not known.exists():
            is_worker = "PYTEST_XDIST_WORKER" in os.environ
            run = os.getppid() if is_worker else os.getpid()
            started, _ = start_server(programs, run)
            PostgresServer(started).make_template()
            known.write_text(str(started))
        return PostgresServer(Path(known.read_text()))


def start_server(programs: Path, run: int) -> tuple[Path, int]:
    """Start a server that ends with the process *run*.

    Returns:
        The folder of its socket, which is deleted at the end, and the process that looks after it.

    The folder is not below `tmp_path`: the address of a socket must not be longer than 107 bytes,
    and another user may be the one to open it.
    """
    folder = Path(tempfile.mkdtemp(prefix="perilune-postgres-"))
    supervisor = subprocess.Popen(
        [sys.executable, _SUPERVISOR, folder, programs, str(run)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert supervisor.stdout is not None
    with supervisor.stdout:
        assert supervisor.stdout.readline() == b"ready\n"
    supervisor.returncode = 0  # it stays when this process ends, which is nothing to warn of
    return folder, supervisor.pid
