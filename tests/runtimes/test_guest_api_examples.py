"""Every example of the guest API table runs in a real worker, and so does the guide's code."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from perilune.engine import Config, DefaultEngine, ExecutionRequest, ExecutionResult, new
from perilune.events import HTTPEvent
from perilune.ids import new_id
from perilune.runtimes import WorkerLimits, WorkerRuntime
from perilune.runtimes.guest.api import GUEST_API, GuestFunction
from perilune.runtimes.guest.docs import call_name, llms_text
from perilune.runtimes.languages.javascript_types import javascript_name
from perilune.runtimes.languages.python_stubs import python_name
from perilune.services.ai import FakeAIClient
from perilune.services.email import FakeEmailClient
from perilune.services.env import Env
from perilune.services.http import FakeClient, Response
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from perilune.store import Function, Store, open_store

# The code of an example comes with the event, so that one worker does for all of them.
RUN_EXAMPLE = """
function handler(ctx, event)
  local example = assert(loadstring("local ctx, event = ... " .. event.query.example))
  example(ctx, event)
  return {}
end
"""
RUNNERS = {
    "lua": RUN_EXAMPLE,
    "python": """
from perilune_guest import *

def handler(ctx, event):
    exec(event.query["example"], globals() | {"ctx": ctx, "event": event})
""",
    "javascript": """
const AsyncFunction = (async () => {}).constructor;

export default (ctx, event) => new AsyncFunction("ctx", "event", event.query.example)(ctx, event);
""",
    "typescript": """
export default async function handler(ctx: unknown, event: { query: { example: string } }) {
  const code = `export default async (ctx, event) => {\n${event.query.example}\n};`;
  const example = new Blob([code], { type: "application/typescript" });
  await (await import(URL.createObjectURL(example))).default(ctx, event);
}
""",
}
"""For each language, a function that runs the code it is sent."""
NAMES: dict[str, Callable[[GuestFunction], str]] = {
    "lua": call_name,
    "python": lambda function: f"{function.module}.{python_name(function.name)}",
    "javascript": lambda function: f"{function.module}.{javascript_name(function.name)}",
    "typescript": lambda function: f"{function.module}.{javascript_name(function.name)}",
}
BLOCKS = re.findall(r"```lua\n(.*?)```", llms_text(), re.DOTALL)
SNIPPETS = [block for block in BLOCKS if "function handler" not in block]
FUNCTIONS = [block for block in BLOCKS if "function handler" in block]
NOTES = "NOTES_TOKEN"
TESTED = [
    pytest.param("Hello, ", {"query": {"name": "Ada"}}, 200, "Hello, Ada!", id="hello"),
    pytest.param("201", {}, 201, {"id": 7, "tags": []}, id="table as body"),
    pytest.param(
        "votes:", {"body": '{"choice":"tea"}'}, 200, {"choice": "tea", "votes": 1}, id="vote"
    ),
    pytest.param(
        "votes:",
        {"body": '{"choice":"rum"}'},
        400,
        {"error": "choice must be tea or coffee"},
        id="no such vote",
    ),
    pytest.param(
        "votes:", {"body": "{"}, 400, {"error": "unexpected end of JSON input"}, id="no JSON"
    ),
    pytest.param(
        "votes:", {"method": "GET"}, 405, {"error": "only POST is supported"}, id="no POST"
    ),
    pytest.param("rates.example.com", {}, 200, {"EUR": 1}, id="rates"),
]

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Bench:
    """Runs Lua in real workers."""

    def __init__(self, store: Store, engine: DefaultEngine, env: Env) -> None:
        self._store = store
        self._engine = engine
        self._env = env

    async def add(self, code: str, *, runtime: str = "lua", **env: str) -> str:
        """Store *code* as a function with these environment variables; return its id."""
        function_id = new_id()
        await self._store.create_function(Function(id=function_id, name="example", runtime=runtime))
        await self._store.create_version(function_id, code)
        for name, value in env.items():
            await self._env.set(function_id, name, value)
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
        env, http = Env(store.env), FakeClient()
        http.set_response(
            "GET",
            "https://rates.example.com/latest",
            Response(status_code=200, body='{"EUR":1}'),
        )
        runtime = WorkerRuntime(
            logger=logger,
            kv_store=KV(store.kv),
            env_store=env,
            http_client=http,
            ai_client=FakeAIClient(),
            email_client=FakeEmailClient(),
            limits=WorkerLimits(warm=1, maximum=2),
        )
        async with runtime:
            engine = new(Config(db=store, logger=logger, runtime=runtime))
            yield Bench(store, engine, env)
            await engine.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path_factory.mktemp("data")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runner(bench: Bench) -> str:
    """The id of a function that runs the code it is sent."""
    return await bench.add(RUN_EXAMPLE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runners(bench: Bench) -> dict[str, str]:
    """The ids of functions that run the code they are sent, by language."""
    return {name: await bench.add(code, runtime=name) for name, code in RUNNERS.items()}


@pytest.mark.parametrize("function", GUEST_API, ids=lambda function: function.full_name)
@pytest.mark.parametrize("language", RUNNERS)
async def test_the_example_of_the_table_runs(
    bench: Bench, runners: dict[str, str], language: str, function: GuestFunction
) -> None:
    code = function.examples.get(language, function.example)
    # Where an example in Lua shows `err`, there must be none.
    ending = "\nassert(not err, err)" if language == "lua" else ""

    result = await bench.call(
        runners[language],
        query={"example": code + ending},
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert result.error is None, result.error
    assert (NAMES[language](function) + "(" in code) is (language not in function.instead)


@pytest.mark.parametrize("code", SNIPPETS)
async def test_the_snippets_of_the_guide_run(bench: Bench, runner: str, code: str) -> None:
    result = await bench.call(runner, query={"example": code})

    assert result.error is None, result.error


@pytest.mark.parametrize(("mark", "event", "status", "body"), TESTED)
async def test_the_functions_of_the_guide_answer(
    bench: Bench, mark: str, event: dict, status: int, body: object
) -> None:
    (code,) = (one for one in FUNCTIONS if mark in one)

    result = await bench.call(await bench.add(code), **event)

    assert result.error is None and result.response is not None, result.error
    assert isinstance(result.response.body, bytes)
    text = result.response.body.decode()
    answered = text if isinstance(body, str) else json.loads(text)
    assert (result.response.status_code, answered) == (status, body)


async def test_the_routes_of_the_guide_work(bench: Bench) -> None:
    (code,) = (one for one in FUNCTIONS if NOTES in one)
    notes = await bench.add(code, NOTES_TOKEN="t")
    note = {"relative_path": "/notes/a", "headers": {"Authorization": "Bearer t"}}

    outcomes = [
        await bench.call(notes, method="PUT", body="text", **note),
        await bench.call(notes, method="GET", **note),
        await bench.call(notes, method="GET", **note | {"relative_path": "/notes/b"}),
        await bench.call(notes, method="POST", **note),
        await bench.call(notes, method="GET", **note | {"headers": {}}),
    ]

    answers = [one.response for one in outcomes if one.response is not None]
    assert [one.status_code for one in answers] == [204, 200, 404, 405, 401]
    assert answers[1].body == b"text"


@pytest.mark.parametrize(
    ("event", "status", "body"),
    [
        pytest.param({"body": '{"choice":"tea"}'}, 200, {"choice": "tea", "votes": 1}, id="vote"),
        pytest.param({"body": "[]"}, 400, {"error": "choice must be tea or coffee"}, id="other"),
        pytest.param({"body": "{"}, 400, {"error": "the body is no JSON"}, id="no JSON"),
        pytest.param({"method": "GET"}, 405, {"error": "only POST is supported"}, id="no POST"),
    ],
)
@pytest.mark.parametrize("language", ["javascript", "python"])
async def test_the_functions_of_the_guide_in_other_languages_answer(
    bench: Bench, language: str, event: dict, status: int, body: object
) -> None:
    (code,) = re.findall(rf"```{language}\n(.*?)```", llms_text(), re.DOTALL)

    result = await bench.call(await bench.add(code, runtime=language), **event)

    assert result.error is None and result.response is not None, result.error
    assert (result.response.status_code, json.loads(result.response.body)) == (status, body)


async def test_every_function_of_the_guide_is_tested() -> None:
    marks = {one.values[0] for one in TESTED} | {NOTES}

    assert len(marks) == len(FUNCTIONS)


@pytest.mark.parametrize(
    "claim",
    [
        "not (utf8 or bit or bit32 or string.pack or table.pack)",
        "os.time and os.date and os.clock and os.difftime and debug.traceback",
        'message(function() require("x") end):find("require is not available in the sandbox")',
        'message(function() io.open("x") end):find("io.open is not available in the sandbox")',
        'message(function() os.exit() end):find("os.exit is not available in the sandbox")',
        'message(function() kv.get({}) end):find("bad argument #1 to get (string expected, got '
        'table)", 1, true)',
        'not loadstring("local a = 1 // 2") and not loadstring("local a = 1 & 2")',
        'not loadstring("strings.repeat(1, 2)")',
        'string.upper("é") == "É" and #"é" == 2',
        '"" and 0',
        "not pcall(function() return nil .. 'x' end)",
        'json.encode(json.decode("[]")) == "[]"',
        'kv.cas("new", nil, "x") and not kv.cas("new", nil, "y")',
        'event.headers["content-type"] == "text/plain"',
    ],
)
async def test_claims_of_the_guide_are_true(bench: Bench, runner: str, claim: str) -> None:
    prelude = "local function message(f) return select(2, pcall(f)) end "

    result = await bench.call(
        runner,
        query={"example": f"{prelude} assert({claim})"},
        headers={"Content-Type": "text/plain"},
    )

    assert result.error is None, result.error
