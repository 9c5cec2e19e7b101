"""Every store there is; the tests know nothing but what all of them promise."""

from collections.abc import AsyncIterator

import pytest

from perilune.store import IN_MEMORY, Store, open_store
from tests.store.template import write_database


@pytest.fixture(params=["file", "memory"])
async def store(request, tmp_path, clock, reported) -> AsyncIterator[Store]:
    """An open store of each kind; after the test it must be in order."""
    where = IN_MEMORY if request.param == "memory" else write_database(tmp_path / "perilune.db")
    async with open_store(where, clock=clock, on_error=reported.append) as store:
        yield store
        if not store.closed:
            assert await store.check_integrity() == []
