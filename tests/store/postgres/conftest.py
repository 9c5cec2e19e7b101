"""A store in a database of the run's server, with a clock the test moves."""

from collections.abc import AsyncIterator

import pytest

from perilune.store import Store, open_store


@pytest.fixture
async def store(database, clock, reported) -> AsyncIterator[Store]:
    """An open store; after the test it must be in order."""
    async with open_store(database, clock=clock, on_error=reported.append) as store:
        yield store
        if not store.closed:
            assert await store.check_integrity() == []


@pytest.fixture
async def other(database, clock, reported) -> AsyncIterator[Store]:
    """The same store, opened by another server."""
    async with open_store(database, clock=clock, on_error=reported.append) as other:
        yield other
