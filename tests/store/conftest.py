"""What tests of the store share: a clock that the test moves, and what was reported."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from perilune.store import StoreError
from tests.store.helpers import SettableClock
from tests.store.postgres.server import PostgresServer, shared_server


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[PostgresServer]:
    """The PostgreSQL server of this run."""
    folder: Path = tmp_path_factory.getbasetemp()
    server = shared_server(folder.parent if folder.name.startswith("popen-") else folder)
    yield server
    server.close()


@pytest.fixture
def database(server) -> Iterator[str]:
    """The URL of a database without rows."""
    with server.database() as url:
        yield url


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def reported() -> list[StoreError]:
    """What the store reported to its error hook."""
    return []
