"""Each service in both of its forms: in memory, and on a real SQLite store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from perilune.services.kv import KV, KVStore, MemoryKV
from perilune.store import Execution, Function, SqliteStore, StoreUnavailable, open_store
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
async def store(tmp_path: Path, now: Now) -> AsyncIterator[SqliteStore]:
    """A store on a file with two functions and an execution of each."""
    async with open_store(write_database(tmp_path / "perilune.db"), clock=now) as opened:
        for function_id, execution_id in zip(FUNCTIONS, EXECUTIONS, strict=True):
            await opened.create_function(Function(id=function_id, name=function_id))
            version = await opened.create_version(function_id, "return 1")
            await opened.create_execution(
                Execution(id=execution_id, function_id=function_id, function_version_id=version.id)
            )
        yield opened


@pytest.fixture(params=["memory", "store"])
def make_kv(request, now):
    """Return a function that builds the service in one of its forms."""
    if request.param == "memory":
        return lambda limits=None: MemoryKV(limits=limits, clock=now)
    store = request.getfixturevalue("store")
    return lambda limits=None: KV(store.kv, limits=limits, clock=now)


@pytest.fixture
def kv(make_kv) -> KVStore:
    service: KVStore = make_kv()
    return service


class BrokenRows:
    """Rows of a database that is gone."""

    def __getattr__(self, name):
        async def fail(*_args):
            raise StoreUnavailable("database is locked")

        return fail
