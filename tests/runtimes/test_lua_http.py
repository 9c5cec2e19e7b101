"""The guest module http against a real server, through the client that ships."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from perilune.engine import Config, ExecutionRequest, ExecutionTimeoutError, new
from perilune.events import HTTPEvent
from perilune.services.http import FakeClient, Response
from perilune.services.logger import StoreLogger
from perilune.store import Function, open_store
from tests.runtimes.conftest import ALL_VALUES, Box, open_box
from tests.upstream import open_upstream
from tests.upstream.http_pages import answer

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Stalling:
    """A server that never answers, and tells when it was asked and when it was left."""

    def __init__(self) -> None:
        self.url = ""
        self.asked = asyncio.Event()
        self.requests: list[web.BaseRequest] = []

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        self.asked.set()
        await asyncio.sleep(600)
        return web.Response()

    async def left(self) -> None:
        """Wait until nobody is connected any more."""
        async with asyncio.timeout(30):
            while any(one.transport is not None for one in self.requests):
                await asyncio.sleep(0.005)


@asynccontextmanager
async def open_stalling() -> AsyncIterator[Stalling]:
    stalling = Stalling()
    async with open_upstream(stalling.handle) as stalling.url:
        yield stalling


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def upstream() -> AsyncIterator[str]:
    async with open_upstream(answer) as url:
        yield url


async def echoed(world: Box, upstream: str, options: str) -> dict:
    """What the server sees of a POST with these options."""
    (response, problem), _ = await world.values(f'http.post("{upstream}/echo", {options})')
    assert problem is None
    return json.loads(response["body"])


# Options --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        pytest.param("{b='x y&z', a=1}", "?a=1&b=x+y%26z", id="sorted and escaped"),
        pytest.param("{a=2.5, b=true, c={}}", "?a=2.5&b=&c=", id="what is no text is empty"),
        pytest.param("{[3]='x'}", "?3=x", id="number as name"),
        pytest.param("{a='\\255'}", "?a=%FF", id="bytes"),
        pytest.param("{}", "", id="empty"),
        pytest.param("'a=1'", "", id="no table"),
        pytest.param("setmetatable({}, {__index={a=1}})", "", id="read raw"),
    ],
)
async def test_query_values_become_text(world: Box, upstream: str, query: str, sent: str) -> None:
    seen = await echoed(world, upstream, f"{{query={query}}}")

    assert seen["path"] == f"/echo{sent}"


async def test_header_values_become_text(world: Box, upstream: str) -> None:
    seen = await echoed(world, upstream, "{headers={['X-A']=1.5, ['X-B']=false, ['X-C']='é'}}")

    assert seen["headers"]["X-A"] == "1.5"
    assert seen["headers"]["X-B"] == ""
    assert seen["headers"]["X-C"] == "é"


async def test_options_are_read_without_metatables(world: Box, upstream: str) -> None:
    trap = "setmetatable({}, {__index=error, __pairs=error, __len=error})"

    seen = await echoed(world, upstream, trap)

    assert (seen["path"], seen["body"]) == ("/echo", "")


async def test_a_body_keeps_all_its_bytes(world: Box) -> None:
    async def mirror(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=await request.read())

    code = """
function handler(ctx, event)
  local bytes = {}
  for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
  local sent = table.concat(bytes)
  local response = assert(http.post(event.query.url, { body = sent }))
  return { body = tostring(response.body == sent) }
end"""
    async with open_upstream(mirror) as url:
        event = HTTPEvent(method="GET", path="/", query={"url": url})

        assert await world.body(code, event) == "true"


@pytest.mark.parametrize(
    ("call", "status"),
    [
        pytest.param("http.get('U/to?url=/echo')", 200, id="followed"),
        pytest.param("http.get('U/to?url=/echo', {followRedirects=false})", 302, id="not followed"),
        pytest.param("http.get('U/status/500')", 500, id="every status is a response"),
        pytest.param("http.head('U/status/404')", 404, id="head"),
    ],
)
async def test_responses(world: Box, upstream: str, call: str, status: int) -> None:
    (response, problem), _ = await world.values(call.replace("U", upstream, 1))

    assert problem is None
    assert response["statusCode"] == status


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        pytest.param("'U/slow', {timeout=0.05}", "time limit of 0.05 s", id="timeout"),
        pytest.param("'U/endless', {maxBytes=1000}", "limit of 1000 bytes", id="maxBytes"),
        pytest.param("'U/loop'", "stopped after 10 redirects", id="redirects"),
        pytest.param("'ftp://x/'", 'unsupported protocol scheme "ftp"', id="scheme"),
        pytest.param("'::bad'", 'failed to parse URL: parse "::bad": ', id="no URL"),
        pytest.param("'http://192.168.0.1/'", "PERILUNE_HTTP_ALLOW", id="private address"),
        pytest.param("'U/to?url=http://169.254.169.254/'", "not a public address", id="redirect"),
        pytest.param("'U/', {timeout='1'}", "timeout must be a positive number", id="text"),
        pytest.param("'U/', {timeout=1/0}", "timeout must be a positive number", id="infinite"),
        pytest.param("'U/', {maxBytes=0}", "maxBytes must be a positive number", id="zero"),
    ],
)
async def test_failures_are_returned(world: Box, upstream: str, call: str, problem: str) -> None:
    values, _ = await world.values(f"http.get({call.replace('U', upstream, 1)})")

    assert values[0] is None
    assert problem in values[1]


async def test_a_form_must_be_a_table(world: Box, upstream: str) -> None:
    values, _ = await world.values(f"http.post('{upstream}/', {{form='a=1'}})")

    assert values == [None, "form must be a table"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("http.get()", "bad argument #1 to get (string expected, got nil)"),
        ("http.put({})", "bad argument #1 to put (string expected, got table)"),
        ("http.head('u', 'o')", "bad argument #2 to head (table expected, got string)"),
        ("http.request('GET')", "bad argument #2 to request (string expected, got nil)"),
        ("http.request('GET', 'u', 1)", "bad argument #3 to request (table expected, got number)"),
        (
            "http.post('u', {body={}})",
            "body must be a string: use the option json or form for a table",
        ),
    ],
)
async def test_wrong_arguments_raise_at_the_line_of_the_call(
    world: Box, call: str, message: str
) -> None:
    values, _ = await world.values(f"pcall(function()\n local r = {call} return r end)")

    # The expression begins in the fourth line of the function that is executed.
    assert values == [False, f"<string>:5: {message}"]


async def test_functions_cannot_change_the_module(world: Box, upstream: str) -> None:
    code = """
string.lower, math.floor, rawget, next, type = nil, nil, nil, nil, nil
function handler(ctx, event)
  local response, err = http.post(event.query.url, { json = { a = 1 }, headers = { A = "b" } })
  return { body = err or response.body }
end"""
    event = HTTPEvent(method="GET", path="/", query={"url": f"{upstream}/echo"})

    assert json.loads(await world.body(code, event))["body"] == '{"a":1}'


# Limits ---------------------------------------------------------------------------


async def test_all_calls_to_the_outside_count_against_one_limit(tmp_path: Path) -> None:
    code = """
function handler()
  local first = select(2, email.send({ to = "a", from = "b", subject = "c", text = "d" }))
  local second = select(2, ai.chat({ provider = "openai", model = "m",
    messages = { { role = "user", content = "c" } } }))
  local third = select(2, http.get("http://127.0.0.1:1/"))
  return { body = json.encode({ first, second, third, kv.set("k", "v") }) }
end"""
    async with open_box(tmp_path, allow=["127.0.0.1"], outbound_calls=2) as box:
        result = await box.run(code)

    assert result.response is not None
    assert json.loads(result.response.body) == [
        "RESEND_API_KEY not set in function environment",
        "OPENAI_API_KEY not set in function environment",
        "limit of 2 http, ai and email calls in one execution reached",
        True,
    ]


@pytest.mark.parametrize("limit_s", ["", ", {timeout=600}"])
async def test_a_call_ends_with_the_time_of_its_execution(world: Box, limit_s: str) -> None:
    async with open_stalling() as stalling:
        result = await world.run(
            f"""
function handler()
  http.get("{stalling.url}/"{limit_s})
  kv.set("after", "1")
  return {{}}
end""",
            timeout_s=1,
        )

        assert isinstance(result.error, ExecutionTimeoutError)
        await stalling.left()
        assert len(stalling.requests) == 1, "asked once, and never again"
    record = await world.record(result)
    assert (record.status, record.error_kind) == ("error", "timeout")
    assert await world.store.kv.get(record.function_id, b"after") is None


async def test_a_call_ends_when_nobody_waits_for_its_execution(world: Box) -> None:
    async with open_stalling() as stalling:
        function_id = await world.add(ALL_VALUES.format(expression=f'http.get("{stalling.url}/")'))
        task = asyncio.create_task(world.call(function_id))
        await stalling.asked.wait()

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        await stalling.left()


async def test_a_response_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    client = FakeClient()
    client.set_response("GET", "http://h/", Response(status_code=200, body=b"x" * (17 << 20)))
    async with open_store(tmp_path / "perilune.db") as store:
        await store.create_function(Function(id="f", name="f"))
        await store.create_version("f", ALL_VALUES.format(expression="http.get('http://h/')"))
        engine = new(Config(db=store, logger=StoreLogger(store.logs), http_client=client))
        result = await engine.execute(
            ExecutionRequest(function_id="f", event=HTTPEvent(method="GET", path="/"))
        )
        await engine.close()

    assert result.response is not None, result.error
    assert json.loads(result.response.body) == [
        None,
        "the result is too large for one call; ask for less",
    ]


async def test_a_request_that_does_not_fit_is_an_error(tmp_path: Path, upstream: str) -> None:
    async with open_box(tmp_path, allow=["127.0.0.1"], memory_bytes=256 << 20) as box:
        values, _ = await box.values(f"http.post('{upstream}/', {{body=('x'):rep(17 * 2^20)}})")

    assert values[0] is None
    assert values[1].startswith("arguments too large")
