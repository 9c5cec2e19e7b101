"""The defects are looked for in the server that the tests of the API use, and in a real store."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.processes import Server, serving
from tests.api.conftest import site, stranger
from tests.store.conftest import clock, path, reported, store

__all__ = ["clock", "path", "reported", "site", "store", "stranger"]

EXECUTION_TIMEOUT_S = 4


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("functions")
    return folder / "data"


@pytest.fixture(scope="module")
def server(data_dir) -> Iterator[Server]:
    environment = {"EXECUTION_TIMEOUT": str(EXECUTION_TIMEOUT_S)}
    with serving(data_dir, environment) as running:
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as opened:
        yield opened
