"""A real engine on a real store and real, locked-down workers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from perilune.engine import Config, DefaultEngine, ExecutionRequest, ExecutionResult, new
from perilune.events import HTTPEvent
from perilune.ids import new_id
from perilune.runtimes import LuaRuntime, WorkerLimits
from perilune.services.env import Env
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from perilune.store import Execution, Function, SqliteStore, open_store

MEMORY_BYTES = 64 * 1024 * 1024
TIMEOUT_S = 1.0


@dataclass
class Box:
    """What a test needs to run Lua and look at what was recorded."""

    store: SqliteStore
    runtime: LuaRuntime
    engine: DefaultEngine

    async def add(self, code: str, **settings: Any) -> str:
        """Store *code* as a new function; return its id."""
        function_id = new_id()
        await self.store.create_function(Function(id=function_id, name="f", **settings))
        await self.store.create_version(function_id, code)
        return function_id

    async def call(self, function_id: str, event: HTTPEvent | None = None) -> ExecutionResult:
        """Execute a function once."""
        event = event or HTTPEvent(method="GET", path=f"/fn/{function_id}")
        return await self.engine.execute(ExecutionRequest(function_id=function_id, event=event))

    async def run(self, code: str, event: HTTPEvent | None = None) -> ExecutionResult:
        """Execute *code* once as a function of its own."""
        return await self.call(await self.add(code), event)

    async def body(self, code: str, event: HTTPEvent | None = None) -> str:
        """Execute *code* and return the body of its answer."""
        result = await self.run(code, event)
        assert result.error is None, result.error
        assert result.response is not None
        body = result.response.body
        return body.decode() if isinstance(body, bytes) else body

    async def record(self, result: ExecutionResult) -> Execution:
        """Return the stored row of an execution."""
        return await self.store.get_execution(result.execution_id)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    """An engine whose executions may take one second and 64 MiB."""
    async with open_store(tmp_path / "perilune.db") as store:
        logger = StoreLogger(store.logs)
        kv, env = KV(store.kv), Env(store.env)
        limits = WorkerLimits(warm=1, maximum=4, memory_bytes=MEMORY_BYTES)
        async with LuaRuntime(logger=logger, kv_store=kv, env_store=env, limits=limits) as runtime:
            engine = new(
                Config(db=store, logger=logger, runtime=runtime, execution_timeout=TIMEOUT_S)
            )
            yield Box(store, runtime, engine)
            await engine.close()
