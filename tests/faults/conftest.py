"""A real server with real workers; most tests share it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.processes import Server, serving

EXECUTION_TIMEOUT_S = 4


@pytest.fixture(scope="package")
def data_dir(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("functions")
    return folder / "data"


@pytest.fixture(scope="package")
def server(data_dir) -> Iterator[Server]:
    environment = {"EXECUTION_TIMEOUT": str(EXECUTION_TIMEOUT_S)}
    with serving(data_dir, environment) as running:
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as opened:
        yield opened
