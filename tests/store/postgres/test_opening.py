"""How a database is opened, and which are refused."""

import asyncio
import hashlib
import subprocess
import sys
import traceback
from pathlib import Path

import psycopg
import pytest

from perilune.store import (
    Function,
    IncompatibleDatabase,
    StoreError,
    StoreUnavailable,
    UnknownStore,
    maintenance_of,
    open_store,
)
from perilune.store import postgres as postgres_store

MIGRATIONS = Path(postgres_store.__file__).parent / "migrations"


async def open_and_close(url: str) -> None:
    async with open_store(url):
        pass


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_released_migrations_never_change():
    """A database made with another text would be refused; write a new file instead."""
    sums = Path(__file__).with_name("migrations.sha256").read_text().split()

    files = sorted(MIGRATIONS.glob("*.sql"))
    assert dict(zip(sums[1::2], sums[::2], strict=True)) == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


async def test_an_empty_database_is_made_ready_once_by_all_who_open_it_at_once(server):
    url = server.url(server.create_database())

    await asyncio.gather(*(open_and_close(url) for _ in range(3)))

    assert execute(url, "SELECT version FROM perilune_migrations") == [(1,)]


async def test_there_is_nothing_to_maintain(store, database):
    assert store.maintenance is None
    with pytest.raises(UnknownStore, match="with its own programs"):
        maintenance_of(database)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param(
            "INSERT INTO perilune_migrations VALUES (2, 'later', 'x', 0)",
            "the database has schema version 2, this program knows 1: it was used by a newer",
            id="newer",
        ),
        pytest.param(
            "UPDATE perilune_migrations SET checksum = 'x'",
            "the database went through another migration 1",
            id="other",
        ),
        pytest.param(
            "DROP TABLE perilune_migrations", "this database belongs to another", id="foreign"
        ),
    ],
)
async def test_a_database_that_is_not_of_this_program_is_left_as_it_is(server, change, text):
    url = server.url(server.create_database())
    await open_and_close(url)
    execute(url, change)

    with pytest.raises(IncompatibleDatabase, match=text):
        await open_and_close(url)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        pytest.param("postgresql://me:s3cret@127.0.0.1:1/db", StoreUnavailable, id="refused"),
        pytest.param("postgresql://me:s3cret@host:port/db", StoreUnavailable, id="no-number"),
        pytest.param("postgresql://me:s3cret@host/db?no_such_option=1", UnknownStore, id="option"),
        pytest.param("postgresql://me:%s3cret@host/db", UnknownStore, id="percent"),
        pytest.param(
            "postgresql://me:s3cret@/no_such?host={folder}", StoreUnavailable, id="no-database"
        ),
    ],
)
async def test_no_error_has_the_password(server, url, error):
    with pytest.raises(error) as caught:
        await open_and_close(url.format(folder=server.folder))

    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_the_driver_is_loaded_for_postgresql_only():
    program = "import sys, perilune.app, perilune.cli; sys.exit('psycopg' in sys.modules)"

    subprocess.run([sys.executable, "-c", program], check=True)


async def test_a_text_that_the_database_cannot_hold_is_refused(store):
    with pytest.raises(StoreError, match="cannot contain NUL"):
        await store.create_function(Function(id="f", name="a\0b"))
