"""A scheduler on a real store."""

import pytest

from tests.scheduler.world import open_world


@pytest.fixture
def path(tmp_path):
    return tmp_path / "perilune.db"


@pytest.fixture
async def world(path):
    async with open_world(path) as opened:
        yield opened
