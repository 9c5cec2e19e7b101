"""A store in a database that lasts, of each kind, with a clock the test moves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from perilune.store import Store, open_store
from tests.store.template import write_database


@pytest.fixture(params=["file", "postgres"])
def where(request, tmp_path) -> Path | str:
    """The path or the URL of a database, which may be looked into while a store is open."""
    if request.param == "file":
        return tmp_path / "perilune.db"
    url: str = request.getfixturevalue("database")
    return url


@pytest.fixture
async def store(where, clock, reported) -> AsyncIterator[Store]:
    """An open store; after the test its database must be in order."""
    if isinstance(where, Path):
        write_database(where)
    async with open_store(where, clock=clock, on_error=reported.append) as store:
        yield store
        if not store.closed:
            assert await store.check_integrity() == []
