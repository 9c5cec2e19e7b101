"""The server that the run's tests share, and URLs of databases in it."""

from pathlib import Path

import pytest

from tests.store.postgres.server import PostgresServer, shared_server


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> PostgresServer:
    folder: Path = tmp_path_factory.getbasetemp()
    return shared_server(folder.parent if folder.name.startswith("popen-") else folder)
