"""The PostgreSQL server of a run of the tests, and databases in it.

The first test that needs it starts it; all processes of the run share it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_numbers = count()


class PostgresServer:
    """A server that runs; it belongs to the tests alone."""

    def __init__(self, folder: Path) -> None:
        """Use the server whose socket is in *folder*."""
        self.folder = folder

    def url(self, database: str) -> str:
        """The URL of a database, which need not exist."""
        return f"postgresql://perilune@/{database}?host={self.folder}"

    def execute(self, statement: sql.Composed) -> None:
        """Do what is for no database in particular, such as creating one."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def create_database(self, template: str = "template0") -> str:
        """Create a database of a name of its own, a copy of *template*; return the name."""
        name = f"tests_{os.getpid()}_{next(_numbers)}"
        text = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.execute(text.format(sql.Identifier(name), sql.Identifier(template)))
        return name


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
            known.write_text(str(start_server(programs, run)[0]))
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
