"""http, ai and email as functions use them: real workers, real sockets, real records."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from aiohttp import web

from perilune.engine import Config, new
from perilune.runtimes import WorkerLimits, WorkerRuntime
from perilune.services.ai import ChatResponse, FakeAIClient, StoreAITracker, Usage
from perilune.services.email import FakeEmailClient, StoreEmailTracker
from perilune.services.env import Env
from perilune.services.http import AiohttpClient, EgressPolicy
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from perilune.store import open_store
from tests.runtimes.conftest import TIMEOUT_S, Box
from tests.upstream import open_upstream
from tests.upstream.http_pages import answer

CALLS = 5


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def all_of_ai() -> FakeAIClient:
    return FakeAIClient(ChatResponse(content="Hi", model="m-1", usage=Usage(3, 2)))


@pytest.fixture(scope="module")
def all_of_email() -> FakeEmailClient:
    return FakeEmailClient()


@pytest.fixture
def ai(all_of_ai: FakeAIClient) -> FakeAIClient:
    """The client for AI, which has been asked for nothing so far."""
    all_of_ai.requests.clear()
    return all_of_ai


@pytest.fixture
def email(all_of_email: FakeEmailClient) -> FakeEmailClient:
    """The client for e-mail, which has been asked for nothing so far."""
    all_of_email.requests.clear()
    return all_of_email


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outside(
    tmp_path_factory: pytest.TempPathFactory, all_of_ai: FakeAIClient, all_of_email: FakeEmailClient
) -> AsyncIterator[Box]:
    """An engine whose executions make five calls to the outside."""
    async with AsyncExitStack() as rooms:
        database = tmp_path_factory.mktemp("outside") / "perilune.db"
        store = await rooms.enter_async_context(open_store(database))
        http = await rooms.enter_async_context(AiohttpClient(EgressPolicy(["127.0.0.1"])))
        logger = StoreLogger(store.logs)
        runtime = await rooms.enter_async_context(
            WorkerRuntime(
                logger=logger,
                kv_store=KV(store.kv),
                env_store=Env(store.env),
                http_client=http,
                ai_client=all_of_ai,
                ai_tracker=StoreAITracker(store.ai_requests),
                email_client=all_of_email,
                email_tracker=StoreEmailTracker(store.email_requests),
                limits=WorkerLimits(warm=1, maximum=4, outbound_calls=CALLS),
            )
        )
        engine = new(Config(db=store, logger=logger, runtime=runtime, execution_timeout=TIMEOUT_S))
        rooms.push_async_callback(engine.close)
        yield Box(store, runtime, engine)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def upstream() -> AsyncIterator[str]:
    async with open_upstream(answer) as url:
        yield url


def returning(expression: str) -> str:
    """A function that answers with the JSON of a list of values."""
    return f"""
local function all(...) return {{ n = select("#", ...), ... }} end
function handler(ctx, event)
  local values = all({expression})
  for index = 1, values.n do
    if values[index] == nil then values[index] = json.null end
  end
  values.n = nil
  return {{ body = json.encode(json.array(values)) }}
end"""


async def values(box: Box, expression: str) -> list:
    return json.loads(await box.body(returning(expression)))


async def test_a_response_has_status_body_headers_and_url(outside, upstream):
    response, problem = await values(outside, f'http.get("{upstream}/echo", {{query={{a=1}}}})')

    assert problem is None
    assert response["statusCode"] == 200
    assert response["url"] == f"{upstream}/echo?a=1"
    assert response["headers"]["X-Multi"] == "a"
    assert response["multiHeaders"]["X-Multi"] == ["a", "b"]
    assert json.loads(response["body"])["path"] == "/echo?a=1"


@pytest.mark.parametrize(
    ("call", "method", "body", "content_type"),
    [
        pytest.param("http.post(U, {body='x'})", "POST", "x", None, id="text"),
        pytest.param("http.put(U, {body=12.5})", "PUT", "12.5", None, id="number"),
        pytest.param("http.post(U)", "POST", "", None, id="nothing"),
        pytest.param("http.get(U, {body='x'})", "GET", "", None, id="get has none"),
        pytest.param("http.delete(U, {body='x'})", "DELETE", "x", None, id="delete"),
        pytest.param(
            "http.patch(U, {json={a=1}})", "PATCH", '{"a":1}', "application/json", id="json"
        ),
        pytest.param(
            "http.post(U, {json={}, headers={['content-type']='x/y'}})",
            "POST",
            "{}",
            "x/y",
            id="json with a type of its own",
        ),
        pytest.param(
            "http.post(U, {form={b='2 3', a='\u00e9'}})",
            "POST",
            "a=%C3%A9&b=2+3",
            "application/x-www-form-urlencoded",
            id="form",
        ),
        pytest.param("http.request('report', U, {body='x'})", "REPORT", "x", None, id="request"),
    ],
)
async def test_bodies(outside, upstream, call, method, body, content_type):
    response, problem = await values(outside, call.replace("U", f'"{upstream}/echo"', 1))

    document = json.loads(response["body"])
    headers = {name.lower(): value for name, value in document["headers"].items()}
    assert problem is None
    assert (document["method"], document["body"]) == (method, body)
    assert headers.get("content-type") == content_type


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        pytest.param(
            "pcall(http.get, 'http://h/', 'x')",
            "bad argument #2 to '?' (table expected, got string)",
            id="options",
        ),
        pytest.param(
            "pcall(http.post, 'http://h/', {body={}})", "body must be a string", id="body"
        ),
    ],
)
async def test_wrong_arguments_raise(outside, call, problem):
    ok, message = await values(outside, call)

    assert not ok
    assert problem.partition("'?'")[0] in message
    assert problem.rpartition("'?'")[2] in message


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("http.get('http://10.0.0.1/')", "10.0.0.1 is not a public address"),
        ("http.get('http://h/', {timeout=-1})", "timeout must be a positive number"),
        ("http.get('http://h/', {maxBytes='x'})", "maxBytes must be a positive number"),
        ("http.post('http://h/', {json=0/0})", "json: unsupported value: NaN"),
    ],
)
async def test_failures_are_returned(outside, call, problem):
    response, message = await values(outside, call)

    assert response is None
    assert problem in message


async def test_more_calls_than_allowed_are_refused_by_name(outside, upstream):
    code = f"""
function handler()
  local problem
  for _ = 1, {CALLS + 1} do
    local _, why = http.get("{upstream}/echo")
    problem = why
  end
  return {{ body = tostring(problem) }}
end"""

    assert await outside.body(code) == (
        f"limit of {CALLS} http, ai and email calls in one execution reached"
    )


async def test_a_call_ends_with_its_execution(outside):
    """The upstream sees the connection go away when the execution's time is over."""
    gone = asyncio.Event()

    async def hang(_request: web.BaseRequest) -> web.StreamResponse:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            gone.set()
            raise
        return web.Response()

    async with open_upstream(hang) as url:
        result = await outside.run(returning(f'http.get("{url}/", {{timeout=30}})'), timeout_s=1)
        assert getattr(result.error, "error_kind", "") in ("timeout", "")
        async with asyncio.timeout(30):
            await gone.wait()


# AI

MESSAGES = "messages={{role='user', content='hi'}}"


async def test_a_chat_is_answered_and_recorded(outside, ai):
    result = await outside.run(
        returning(f"ai.chat({{provider='openai', model='m', {MESSAGES}, temperature=0}})")
    )

    assert json.loads(result.response.body) == [
        {"content": "Hi", "model": "m-1", "usage": {"input_tokens": 3, "output_tokens": 2}},
        None,
    ]
    ((_, request),) = ai.requests
    assert (request.max_tokens, request.temperature) == (1024, 0)
    assert 0 < request.timeout_s <= TIMEOUT_S
    rows, _ = await outside.store.ai_requests.page(result.execution_id, None, 0)
    assert [(row.provider, row.status, row.input_tokens) for row in rows] == [
        ("openai", "success", 3)
    ]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("{}", "provider is required (openai or anthropic)"),
        ("{provider='openai'}", "model is required"),
        ("{provider='openai', model='m'}", "messages is required and must be a table"),
        ("{provider='openai', model='m', messages={}}", "messages cannot be empty"),
        ("{provider='openai', model='m', messages={'x'}}", "messages[1] must be a table"),
        (
            "{provider='openai', model='m', messages={{role='user'}}}",
            "messages[1] needs a role and a content that are text",
        ),
    ],
)
async def test_a_chat_that_lacks_something_is_neither_sent_nor_recorded(
    outside, ai, options, problem
):
    result = await outside.run(returning(f"ai.chat({options})"))

    assert json.loads(result.response.body) == [None, problem]
    assert ai.requests == []
    assert await outside.store.ai_requests.page(result.execution_id, None, 0) == ([], 0)


# E-mail

BASE = "from='a@x.org', to='b@y.org', subject='S', text='T'"


async def test_an_email_is_sent_as_it_was_written(outside, email):
    result = await outside.run(
        returning(
            "email.send({from='a@x.org', to={'b@y.org', '', 'c@y.org'}, subject='S', html='<b>',"
            " cc='d@y.org', reply_to={'e@y.org'}, headers={['X-A']='1'}, scheduled_at=1700000000,"
            " tags={{name='n', value='v'}, {name=''}},"
            " attachments={{filename='f', content='\\0'}}})"
        )
    )

    sent, problem = json.loads(result.response.body)
    assert problem is None
    assert sent["id"]
    ((_, request),) = email.requests
    assert request.to == ("b@y.org", "c@y.org")
    assert (request.cc, request.reply_to) == (("d@y.org",), ("e@y.org",))
    assert request.scheduled_at == "2023-11-14T22:13:20Z"
    assert [(tag.name, tag.value) for tag in request.tags] == [("n", "v")]
    assert [(one.filename, one.content) for one in request.attachments] == [("f", b"\0")]
    rows, total = await outside.store.email_requests.page(result.execution_id, None, 0)
    assert (total, rows[0].status) == (1, "success")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("{}", "to is required"),
        ("{to={}}", "to cannot be empty"),
        ("{to=5}", "to must be a string or table of strings"),
        ("{to='b@y.org'}", "from is required"),
        ("{to='b@y.org', from='a@x.org'}", "subject is required"),
        (
            "{to='b@y.org', from='a@x.org', subject='S'}",
            "either text or html content is required",
        ),
        (f"{{{BASE}, cc=5}}", "cc must be a string or table of strings"),
        (f"{{{BASE}, scheduled_at=true}}", "scheduled_at must be a string"),
        (f"{{{BASE}, tags={{{{value='v'}}}}}}", "tags[1] needs a name and a value"),
        (f"{{{BASE}, headers='x'}}", "headers must be a table"),
        (f"{{{BASE}, attachments={{{{}}}}}}", "attachments[1] needs a filename and a content"),
    ],
)
async def test_an_email_that_lacks_something_is_neither_sent_nor_recorded(
    outside, email, options, problem
):
    result = await outside.run(returning(f"email.send({options})"))

    assert json.loads(result.response.body) == [None, problem]
    assert email.requests == []
    assert await outside.store.email_requests.page(result.execution_id, None, 0) == ([], 0)


async def test_without_clients_the_outside_is_not_there(lua):
    assert await values(lua, "http.get('http://example.org/')") == [None, "http is not configured"]
    assert await values(lua, f"email.send({{{BASE}}})") == [None, "email is not configured"]


# The function's own environment


async def test_changing_the_environment_is_logged_without_the_value(lua):
    result = await lua.run(returning("env.set('MODE', 'hidden-value'), env.delete('OTHER')"))

    rows, _ = await lua.store.logs.page(result.execution_id, None, 0)
    assert [row.message for row in rows] == [
        "environment variable MODE was set by the function",
        "environment variable OTHER was removed by the function",
    ]


async def test_a_function_can_be_denied_to_change_its_environment(lua):
    function_id = await lua.add(
        returning("env.set('MODE', 'x'), env.delete('MODE'), env.get('MODE')"),
        env_writable=False,
    )
    await lua.store.env.set(function_id, "MODE", "safe")

    result = await lua.call(function_id)

    assert json.loads(result.response.body) == [False, False, "safe"]
    assert await lua.store.env.all(function_id) == {"MODE": "safe"}
