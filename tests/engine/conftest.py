"""An engine on a real SQLite store."""

from pathlib import Path
from typing import Any

import pytest

from perilune.engine import (
    Config,
    DefaultEngine,
    ExecutionRequest,
    new,
)
from perilune.events import HTTPEvent
from perilune.services.logger import StoreLogger
from perilune.store import (
    Function,
    PaginationParams,
    Store,
    open_store,
)
from tests.engine.fakes import FakeRuntime
from tests.store.template import write_database

EVENT = HTTPEvent(method="POST", path="/fn/greet")


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    async with open_store(write_database(tmp_path / "perilune.db")) as opened:
        yield opened


async def add_function(store: Store, function_id: str = "greet", **settings: Any) -> None:
    await store.create_function(Function(id=function_id, name=function_id, **settings))
    await store.create_version(function_id, "code of " + function_id)


def engine_on(store: Any, runtime: FakeRuntime, **more: Any) -> DefaultEngine:
    logs = more.pop("logs", None) or StoreLogger(store.logs)
    return new(Config(db=store, runtime=runtime, logger=logs, **more))


def request(function_id: str = "greet", **more: Any) -> ExecutionRequest:
    return ExecutionRequest(**{"function_id": function_id, "event": EVENT, **more})


async def rows(store: Store, function_id: str = "greet") -> list[Any]:
    found, _ = await store.list_executions(function_id, PaginationParams(100, 0))
    return found
