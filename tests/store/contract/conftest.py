"""Every store there is; the tests know nothing but what all of them promise."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from perilune.store import IN_MEMORY, Store, open_store
from tests.store.template import write_database


# A store in memory is one in a file of its own, so `make soak` is enough for it.
@pytest.fixture(params=["file", pytest.param("memory", marks=pytest.mark.soak), "postgres"])
def where(request, tmp_path) -> str | Path:
    """Where there is, or can be, a store of each kind."""
    if request.param == "memory":
        return IN_MEMORY
    if request.param == "file":
        return write_database(tmp_path / "perilune.db")
    url: str = request.getfixturevalue("database")
    return url


@pytest.fixture
async def store(where, clock, reported) -> AsyncIterator[Store]:
    """An open store of each kind; after the test it must be in order."""
    async with open_store(where, clock=clock, on_error=reported.append) as store:
        yield store
        if not store.closed:
            assert await store.check_integrity() == []
