"""The example functions on a real engine, store and worker."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from perilune.engine import Config, DefaultEngine, ExecutionRequest, ExecutionResult, new
from perilune.events import HTTPEvent, HTTPResponse
from perilune.ids import new_id
from perilune.runtimes import WorkerLimits, WorkerRuntime
from perilune.services.ai import FakeAIClient
from perilune.services.email import FakeEmailClient
from perilune.services.env import Env
from perilune.services.http import FakeClient
from perilune.services.kv import KV, KVError, KVLimits
from perilune.services.logger import StoreLogger
from perilune.store import Function, KVRows, Store, open_store
from tests.store.template import write_database

HERE = Path(__file__).parent
EXAMPLES = Path(__file__).parents[2] / "examples" / "functions"
BASE_URL = "https://functions.example.org"
STRICT = """
setmetatable(_G, {
  __index = function(_, name) error("there is no global " .. name) end,
  __newindex = function(globals, name, value)
    if name ~= "handler" then error("sets the global " .. name) end
    rawset(globals, name, value)
  end,
})
""".replace("\n", " ")
"""Runs before an example, so that no misspelled name and no leaked global goes unnoticed."""

FORMS = {
    "lua": (STRICT, "lua"),
    "javascript": ("", "js"),
    "typescript": ("", "ts"),
    "python": ("", "py"),
}
"""What stands before an example, and the ending of its file, by language."""

FIRST_LANGUAGE = "lua"
"""The language in which `make test` tries everything.

Of the examples in other languages it tries each test once, with the first of its parameters, and
in TypeScript, which is JavaScript once its types are gone, one test of each file; `make soak` tries
the rest.
"""

TOKEN = {"Authorization": "Bearer opensesame"}
STRANGERS = [
    pytest.param({}, id="no token"),
    pytest.param({"Authorization": "Bearer opensesamf"}, id="wrong token"),
    pytest.param({"Authorization": "Bearer "}, id="empty token"),
]


@dataclass(frozen=True)
class Answer:
    """What one call gave."""

    response: HTTPResponse
    logs: list[str]

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        body = self.response.body
        return body.decode() if isinstance(body, bytes) else body

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Example:
    """One example, deployed."""

    id: str
    stage: "Stage"

    async def call(self, method: str = "GET", path: str = "/", **event: Any) -> Answer:
        """Call the function; it must not raise."""
        result = await self.attempt(method, path, **event)
        assert result.error is None, result.error
        assert result.response is not None
        logs, _ = await self.stage.store.logs.page(result.execution_id, None, 0)
        return Answer(result.response, [line.message for line in logs])

    async def attempt(self, method: str, path: str = "/", **event: Any) -> ExecutionResult:
        """Call the function, which may raise."""
        given = HTTPEvent(
            method=method,
            path=f"/fn/{self.id}{path}",
            relative_path=path,
            **({"trigger": "http"} | event),
        )
        return await self.stage.engine.execute(
            ExecutionRequest(function_id=self.id, event=given, base_url=BASE_URL)
        )


class UnreliableKV(KV):
    """A key-value store that takes no more, or whose values can't be read, once a test says so."""

    def __init__(self, rows: KVRows) -> None:
        super().__init__(rows)
        self.is_readable = True

    def fill(self) -> None:
        self._limits = KVLimits(max_function_bytes=1)

    def repair(self) -> None:
        self._limits, self.is_readable = KVLimits(), True

    async def get(self, function_id: str, key: bytes) -> bytes:
        if not self.is_readable:
            raise KVError("KV error: unreadable")
        return await super().get(function_id, key)


@dataclass(frozen=True)
class Stage:
    """Everything around the examples; the outside world is made of fakes."""

    store: Store
    engine: DefaultEngine
    kv: UnreliableKV
    env: Env
    http: FakeClient
    ai: FakeAIClient
    email: FakeEmailClient
    language: str

    async def deploy(self, name: str, **env: str) -> Example:
        """Create the function in the file *name* with these environment variables."""
        prologue, ending = FORMS[self.language]
        function_id = new_id()
        await self.store.create_function(Function(id=function_id, name=name, runtime=self.language))
        code = prologue + (EXAMPLES / f"{name}.{ending}").read_text()
        await self.store.create_version(function_id, code)
        for key, value in env.items():
            await self.env.set(function_id, key, value)
        return Example(function_id, self)


@asynccontextmanager
async def open_stage(
    directory: Path,
    *,
    http: FakeClient | None = None,
    ai: FakeAIClient | None = None,
    email: FakeEmailClient | None = None,
    language: str = "lua",
) -> AsyncIterator[Stage]:
    http, ai, email = http or FakeClient(), ai or FakeAIClient(), email or FakeEmailClient()
    async with open_store(write_database(directory / "perilune.db")) as store:
        logger, pairs, env = StoreLogger(store.logs), UnreliableKV(store.kv), Env(store.env)
        runtime = WorkerRuntime(
            logger=logger,
            kv_store=pairs,
            env_store=env,
            http_client=http,
            ai_client=ai,
            email_client=email,
            limits=WorkerLimits(warm=1, maximum=2),
        )
        async with runtime:
            engine = new(Config(db=store, logger=logger, runtime=runtime))
            yield Stage(store, engine, pairs, env, http, ai, email, language)
            await engine.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to `make soak` what `FIRST_LANGUAGE` stands for."""
    tried: set[tuple[str, str]] = set()
    for item in items:
        if not isinstance(item, pytest.Function) or not item.path.is_relative_to(HERE):
            continue
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        language = str(parameters.get("language", FIRST_LANGUAGE))
        name = item.path.name if language == "typescript" else item.nodeid.partition("[")[0]
        test = (name, language)
        if language != FIRST_LANGUAGE and test in tried:
            item.add_marker(pytest.mark.soak)
        tried.add(test)


@pytest.fixture(scope="module", params=list(FORMS))
def language(request: pytest.FixtureRequest) -> str:
    """The language of the examples that are tested: each in turn."""
    return str(request.param)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_stage(
    tmp_path_factory: pytest.TempPathFactory, language: str
) -> AsyncIterator[Stage]:
    """A stage whose fakes answer that all is well; the tests of a module share it."""
    async with open_stage(tmp_path_factory.mktemp("data"), language=language) as opened:
        yield opened


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    """The same stage in order, whose fakes have been asked for nothing so far."""
    shared_stage.kv.repair()
    for fake in (shared_stage.http, shared_stage.ai, shared_stage.email):
        fake.requests.clear()
    return shared_stage
