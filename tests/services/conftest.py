"""Services on a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from perilune.services.kv import KV
from perilune.store import Execution, Function, Store, StoreUnavailable, open_store
from tests.store.template import write_database

FUNCTIONS = ("f_ours", "f_theirs")
EXECUTIONS = ("e_ours", "e_theirs")


class Now:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, time: float = 1_700_000_000.0) -> None:
        self.time = time

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def now() -> Now:
    """The time, for service and store alike."""
    return Now()


@pytest.fixture
async def store(tmp_path: Path, now: Now) -> AsyncIterator[Store]:
    """A store on a file with two functions and an execution of each."""
    async with open_store(write_database(tmp_path / "perilune.db"), clock=now) as opened:
        for function_id, execution_id in zip(FUNCTIONS, EXECUTIONS, strict=True):
            await opened.create_function(Function(id=function_id, name=function_id))
            version = await opened.create_version(function_id, "return 1")
            await opened.create_execution(
                Execution(id=execution_id, function_id=function_id, function_version_id=version.id)
            )
        yield opened


@pytest.fixture
def make_kv(store, now):
    """Return a function that builds the service with limits."""
    return lambda limits=None: KV(store.kv, limits=limits, clock=now)


@pytest.fixture
def kv(make_kv) -> KV:
    service: KV = make_kv()
    return service


class SettledRows:
    """Rows of the store; reading waits until all that was queued is committed."""

    def __init__(self, store, rows):
        self._store = store
        self._rows = rows
        self.append = rows.append

    async def page(self, execution_id, limit, offset):
        # Writes are committed in order, so that nothing is queued behind this one.
        await self._store.kv.delete("f_ours", b"")
        return await self._rows.page(execution_id, limit, offset)


class BrokenRows:
    """Rows of a database that is gone."""

    def __getattr__(self, name):
        async def fail(*_args, **_kwargs):
            raise StoreUnavailable("database is locked")

        return fail
