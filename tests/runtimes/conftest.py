"""A real engine on a real store and real, locked-down workers."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from perilune.engine import Config, DefaultEngine, ExecutionRequest, ExecutionResult, new
from perilune.events import ExecutionContext, HTTPEvent
from perilune.ids import new_id
from perilune.masking import DEFAULT_MASKER
from perilune.runtimes import Language, RuntimeRequest, WorkerLimits, WorkerRuntime, forked
from perilune.runtimes.languages.installed import LANGUAGES
from perilune.runtimes.languages.lua_wording import LUA_WORDING
from perilune.services.ai import ChatClient, StoreAITracker
from perilune.services.email import DefaultEmailClient, StoreEmailTracker
from perilune.services.env import Env
from perilune.services.http import AiohttpClient, EgressPolicy
from perilune.services.kv import KV
from perilune.services.logger import LogLevel, StoreLogger
from perilune.services.maskers import ExecutionMaskers
from perilune.store import Execution, Function, Store, open_store
from tests.store.template import write_database

FORGER = Language(
    name="lua",
    open_spawner=forked("forger", [Path(__file__).parent / "interpreters"]),
    wording=LUA_WORDING,
    starts_at_once=True,
)
"""Workers that have been taken over."""
MEMORY_BYTES = 64 * 1024 * 1024
WORKERS = 7
"""Of a box that hostile functions of several kinds use at a time."""
TIMEOUT_S = 10.0
"""Plenty, however busy the machine is; a test that waits for its end gives its function less."""
READY = {
    "python": "def handler(ctx, event):\n    return 'ready'",
    "javascript": "export default () => 'ready';",
    "typescript": "export default (): string => 'ready';",
}
ALL_VALUES = """
local function all(...) return {{ n = select("#", ...), ... }} end
function handler(ctx, event)
  local values, list = all({expression}), {{}}
  for index = 1, values.n do
    list[index] = values[index] == nil and json.null or values[index]
  end
  return {{ body = json.encode(json.array(list)) }}
end"""

OVERWRITE = """
import ctypes, importlib.util
def overwrite(module, old, new):
    loader = importlib.util.find_spec(module).loader
    memory, entry = loader._archive._memory, loader._entry
    start = ctypes.c_void_p.from_address(id(memory) + 16).value
    place = start + entry.start + memory[entry.start:entry.end].index(old)
    page, end = place // 4096 * 4096, place + len(new)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(end - page), 3):
        raise OSError(ctypes.get_errno(), "denied")
    ctypes.memmove(place, new, len(new))
"""
"""Hostile Python that changes a module where it is in memory, before it is imported."""


@dataclass
class Box:
    """What a test needs to run functions and look at what was recorded."""

    store: Store
    runtime: WorkerRuntime
    engine: DefaultEngine
    language: str = "lua"

    async def add(self, code: str, **settings: Any) -> str:
        """Store *code* as a new function; return its id."""
        function_id = new_id()
        members = {"runtime": self.language} | settings
        await self.store.create_function(Function(id=function_id, name="f", **members))
        await self.store.create_version(function_id, code)
        return function_id

    async def call(self, function_id: str, event: HTTPEvent | None = None) -> ExecutionResult:
        """Execute a function once."""
        event = event or HTTPEvent(method="GET", path=f"/fn/{function_id}")
        return await self.engine.execute(ExecutionRequest(function_id=function_id, event=event))

    async def run(
        self, code: str, event: HTTPEvent | None = None, **settings: Any
    ) -> ExecutionResult:
        """Execute *code* once as a function of its own."""
        return await self.call(await self.add(code, **settings), event)

    async def body(self, code: str, event: HTTPEvent | None = None) -> str:
        """Execute *code* and return the body of its answer."""
        result = await self.run(code, event)
        assert result.error is None, result.error
        assert result.response is not None
        body = result.response.body
        return body.decode() if isinstance(body, bytes) else body

    async def values(self, expression: str, **env: str) -> tuple[list[Any], str]:
        """Return all values of a Lua expression, nil as None, and the execution's id.

        It is executed once, in a function with these environment variables.
        """
        function_id = await self.add(ALL_VALUES.format(expression=expression))
        for name, value in env.items():
            await self.store.env.set(function_id, name, value)
        result = await self.call(function_id)
        assert result.error is None, result.error
        assert result.response is not None
        return json.loads(result.response.body), result.execution_id

    async def lines(self, result: ExecutionResult) -> list[str]:
        """Return the log of an execution, each line after its level."""
        lines, _ = await self.store.logs.page(result.execution_id, None, 0)
        return [f"{LogLevel(line.level).name} {line.message}" for line in lines]

    async def record(self, result: ExecutionResult) -> Execution:
        """Return the stored row of an execution."""
        return await self.store.get_execution(result.execution_id)


@asynccontextmanager
async def open_box(
    directory: Path,
    *,
    allow: Sequence[str] | None = None,
    language: str = "lua",
    languages: Sequence[Language] = LANGUAGES,
    **limits: Any,
) -> AsyncIterator[Box]:
    """Open an engine whose executions may take `TIMEOUT_S` and 64 MiB.

    With *allow*, functions have the clients that ship, which reach these
    addresses besides public ones; without it they have none.
    """
    async with AsyncExitStack() as rooms:
        database = write_database(directory / "perilune.db")
        store = await rooms.enter_async_context(open_store(database))
        maskers = ExecutionMaskers(DEFAULT_MASKER, store)
        logger = StoreLogger(store.logs, maskers=maskers)
        kv, env = KV(store.kv), Env(store.env)
        clients: dict[str, Any] = {}
        if allow is not None:
            policy = EgressPolicy(allow)
            http = await rooms.enter_async_context(AiohttpClient(policy))
            clients = {
                "http_client": http,
                "ai_client": ChatClient(http, env),
                "ai_tracker": StoreAITracker(store.ai_requests, maskers=maskers),
                "email_client": DefaultEmailClient(http, env, policy),
                "email_tracker": StoreEmailTracker(store.email_requests, maskers=maskers),
            }
        runtime = await rooms.enter_async_context(
            WorkerRuntime(
                logger=logger,
                languages=languages,
                kv_store=kv,
                env_store=env,
                limits=WorkerLimits(
                    **({"warm": 1, "maximum": 4, "memory_bytes": MEMORY_BYTES} | limits)
                ),
                **clients,
            )
        )
        if language in READY:
            # The first one waits for the process that workers are forked from.
            await runtime.execute(
                RuntimeRequest(
                    code=READY[language],
                    context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
                    event=HTTPEvent(method="GET", path="/"),
                    runtime=language,
                )
            )
        engine = new(
            Config(
                db=store,
                logger=logger,
                runtime=runtime,
                execution_timeout=TIMEOUT_S,
                maskers=maskers,
            )
        )
        rooms.push_async_callback(engine.close)
        yield Box(store, runtime, engine, language)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    """An engine whose functions can't reach the outside world."""
    async with open_box(tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lua(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """An engine for Lua functions; all tests of a module share it."""
    async with open_box(tmp_path_factory.mktemp("data"), maximum=WORKERS) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """An engine whose functions reach this machine; all tests of a module share it."""
    async with open_box(tmp_path_factory.mktemp("data"), allow=["127.0.0.1"]) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def python(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """An engine for Python functions; all tests of a module share it."""
    directory = tmp_path_factory.mktemp("data")
    async with open_box(directory, language="python", maximum=WORKERS) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def javascript(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """An engine for JavaScript functions, which reach this machine and nothing else that is near;
    all tests of a module share it."""
    directory = tmp_path_factory.mktemp("data")
    async with open_box(directory, language="javascript", allow=[], maximum=WORKERS) as opened:
        yield opened
