"""A real store on a real file, with a clock the test moves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from perilune.store import Store, open_store
from tests.store.template import write_database


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "perilune.db"


@pytest.fixture
async def store(path, clock, reported) -> AsyncIterator[Store]:
    """An open store; after the test its file must be in order."""
    async with open_store(write_database(path), clock=clock, on_error=reported.append) as store:
        yield store
        if not store.closed:
            assert await store.check_integrity() == []


@pytest.fixture
def reads(monkeypatch, store) -> list[object]:
    """Every read that got as far as the database."""
    seen: list[object] = []
    readers = store._readers
    run = readers._run

    def count(work):
        seen.append(work)
        return run(work)

    monkeypatch.setattr(readers, "_run", count)
    return seen
