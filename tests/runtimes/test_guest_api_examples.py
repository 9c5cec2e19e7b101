"""Every example of the guest API table runs in a real worker, and so does the guide's code."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from perilune.engine import Config, DefaultEngine, ExecutionRequest, ExecutionResult, new
from perilune.events import HTTPEvent
from perilune.ids import new_id
from perilune.runtimes import LuaRuntime, WorkerLimits
from perilune.runtimes.guest_api import GUEST_API, GuestFunction
from perilune.runtimes.guest_docs import call_name, llms_text
from perilune.services.logger import StoreLogger
from perilune.store import Function, SqliteStore, open_store

# The code of an example comes with the event, so that one worker does for all of them.
RUN_EXAMPLE = """
function handler(ctx, event)
  local example = assert(loadstring("local ctx, event = ... " .. event.query.example))
  example(ctx, event)
  return {}
end
"""
BLOCKS = re.findall(r"```lua\n(.*?)```", llms_text(), re.DOTALL)
SNIPPETS = [block for block in BLOCKS if "function handler" not in block]
FUNCTIONS = [block for block in BLOCKS if "function handler" in block]

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Bench:
    """Runs Lua in real workers."""

    def __init__(self, store: SqliteStore, engine: DefaultEngine) -> None:
        self._store = store
        self._engine = engine

    async def add(self, code: str) -> str:
        """Store *code* as a function; return its id."""
        function_id = new_id()
        await self._store.create_function(Function(id=function_id, name="example"))
        await self._store.create_version(function_id, code)
        return function_id

    async def call(self, function_id: str, **event) -> ExecutionResult:
        """Execute a function once."""
        given = {"method": "POST", "path": f"/fn/{function_id}", "body": '{"name":"lamp"}'} | event
        return await self._engine.execute(
            ExecutionRequest(
                function_id=function_id,
                event=HTTPEvent(**given),
                base_url="https://functions.example.org",
            )
        )


@asynccontextmanager
async def open_bench(directory: Path) -> AsyncIterator[Bench]:
    async with open_store(directory / "perilune.db") as store:
        logger = StoreLogger(store.logs)
        async with LuaRuntime(logger=logger, limits=WorkerLimits(warm=1, maximum=2)) as runtime:
            engine = new(Config(db=store, logger=logger, runtime=runtime))
            yield Bench(store, engine)
            await engine.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path_factory.mktemp("data")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runner(bench: Bench) -> str:
    """The id of a function that runs the code it is sent."""
    return await bench.add(RUN_EXAMPLE)


@pytest.mark.parametrize("function", GUEST_API, ids=lambda function: function.full_name)
async def test_the_example_of_the_table_runs(
    bench: Bench, runner: str, function: GuestFunction
) -> None:
    # Where an example shows `err`, there must be none.
    code = function.example + "\nassert(not err, err)"

    result = await bench.call(runner, query={"example": code})

    assert result.error is None, result.error
    assert call_name(function) + "(" in function.example


@pytest.mark.parametrize("code", SNIPPETS)
async def test_the_snippets_of_the_guide_run(bench: Bench, runner: str, code: str) -> None:
    result = await bench.call(runner, query={"example": code})

    assert result.error is None, result.error
