"""The guest API in Python: what reaches the services, and how their answers come back."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import GuestError, RuntimeRequest, WorkerLimits, WorkerRuntime
from perilune.services.ai import ChatResponse, FakeAIClient, Usage
from perilune.services.email import FakeEmailClient
from perilune.services.http import FakeClient, HTTPClientError, Response
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from tests.store.memory import NoRows, store_with

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = "https://api.example.org/items"
DOWN = "https://down.example.org/"
ANSWER = Response(
    status_code=201, body='\ufeff{"id":7}'.encode(), headers={"Content-Type": "application/json"}
)
RUNNER = """
import perilune_guest
from perilune_guest import *

def handler(ctx, event):
    return [eval(event.query["expression"])]
"""


@dataclass
class Desk:
    """A function that evaluates what it is sent, and fakes of the outside world."""

    runtime: WorkerRuntime
    http: FakeClient
    ai: FakeAIClient
    email: FakeEmailClient
    kv: KV

    async def value(self, expression: str) -> Any:
        """Return the value of a Python expression in a worker."""
        result = await self.runtime.execute(
            RuntimeRequest(
                code=RUNNER,
                context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
                event=HTTPEvent(method="GET", path="/", query={"expression": expression}),
                version_id="v",
                runtime="python",
            )
        )
        assert result.response is not None
        (value,) = json.loads(result.response.body)
        return value


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk() -> AsyncIterator[Desk]:
    http, email = FakeClient(), FakeEmailClient()
    ai = FakeAIClient(ChatResponse(content="Hi", model="m", usage=Usage(3, 4)))
    http.set_error("GET", DOWN, HTTPClientError("HTTP request failed: no such host"))
    for method in ("GET", "POST", "PUT"):
        http.set_response(method, URL, ANSWER)
    async with store_with("f") as store:
        kv = KV(store.kv)
        runtime = WorkerRuntime(
            logger=StoreLogger(NoRows()),
            kv_store=kv,
            http_client=http,
            ai_client=ai,
            email_client=email,
            limits=WorkerLimits(warm=1, maximum=2),
        )
        async with runtime:
            yield Desk(runtime, http, ai, email, kv)


SENT = [
    pytest.param(
        f"http.get('{URL}', query={{'page': 2}}, timeout=5)",
        {"method": "GET", "query": {"page": "2"}, "timeout_s": 5.0, "body": ""},
        id="query and timeout",
    ),
    pytest.param(
        f"http.post('{URL}', json={{'a': [1, None]}}, headers={{'X-A': 'b'}})",
        {
            "method": "POST",
            "body": '{"a":[1,null]}',
            "headers": {"X-A": "b", "Content-Type": "application/json"},
        },
        id="json",
    ),
    pytest.param(
        f"http.post('{URL}', {{'form': {{'a': 'b c'}}, 'followRedirects': False}})",
        {"body": "a=b+c", "follow_redirects": False},
        id="options as a dict",
    ),
    pytest.param(
        f"http.put('{URL}', body='x', follow_redirects=False, max_bytes=10)",
        {"body": "x", "follow_redirects": False, "max_bytes": 10},
        id="options by name",
    ),
    pytest.param(f"http.request('get', '{URL}')", {"method": "GET"}, id="any method"),
]


@pytest.mark.parametrize(("expression", "expected"), SENT)
async def test_requests_of_http(desk: Desk, expression: str, expected: dict[str, Any]) -> None:
    await desk.value(f"[{expression}.status_code]")

    request = desk.http.requests[-1]
    assert {name: getattr(request, name) for name in expected} == expected


async def test_how_an_answer_comes_back(desk: Desk) -> None:
    found = await desk.value(
        f"(lambda a: [a.status_code, a['statusCode'], a.ok, a.json(), a.content.decode(),"
        f" a.headers['content-TYPE'], type(a).__name__])(http.get('{URL}'))"
    )

    assert found == [
        201,
        201,
        True,
        {"id": 7},
        '\ufeff{"id":7}',
        "application/json",
        "HttpResponse",
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("kv.set('k', 'é', ttl=60)", True, id="set"),
        pytest.param("[kv.set('n', 7), kv.get('n')]", [True, "7"], id="numbers become text"),
        pytest.param("kv.get('missing')", None, id="missing"),
        pytest.param("kv.get(key='k')", "é", id="by name"),
        pytest.param("[kv.incr('c'), kv.incr('c', 2), kv.incr('c', -1)]", [1, 3, 2], id="incr"),
        pytest.param(
            "[kv.cas('l', None, 'me'), kv.cas('l', None, 'you')]", [True, False], id="cas"
        ),
        pytest.param(
            "[kv.set('p:1', 'a'), kv.set('p:2', 'b'), [i.key for i in kv.list('p:')],"
            " [i['value'] for i in kv.list('p:').items], kv.list('p:', 1).cursor is None]",
            [True, True, ["p:1", "p:2"], ["a", "b"], False],
            id="list",
        ),
        pytest.param(
            "[kv.set('raw', b'\\xff'), kv.get('raw').encode('utf-8', 'surrogateescape').hex()]",
            [True, "ff"],
            id="bytes",
        ),
    ],
)
async def test_key_value_data(desk: Desk, expression: str, expected: Any) -> None:
    assert await desk.value(expression) == expected


async def test_a_chat(desk: Desk) -> None:
    found = await desk.value(
        "(lambda a: [a.content, a.usage.input_tokens, a['usage']['output_tokens']])"
        "(ai.chat(provider='openai', model='m', messages=[{'role': 'user', 'content': 'Hi'}]))"
    )

    assert found == ["Hi", 3, 4]
    _, request = desk.ai.requests[-1]
    assert (request.provider, request.model, request.max_tokens) == ("openai", "m", 1024)
    assert [(one.role, one.content) for one in request.messages] == [("user", "Hi")]


async def test_an_email(desk: Desk) -> None:
    await desk.value(
        "email.send(from_='a@x.org', to=['b@x.org', 'c@x.org'], subject='s', text='t',"
        " scheduled_at=0, tags=[{'name': 'n', 'value': 'v'}],"
        " attachments=[{'filename': 'f.bin', 'content': b'\\xff'}]).id"
    )

    _, request = desk.email.requests[-1]
    assert (request.from_, request.to) == ("a@x.org", ("b@x.org", "c@x.org"))
    assert request.scheduled_at == "1970-01-01T00:00:00Z"
    assert [(one.name, one.value) for one in request.tags] == [("n", "v")]
    assert request.attachments[0].content == b"\xff"


FAILURES = [
    pytest.param(f"http.get('{DOWN}')", "HttpError: HTTP request failed", id="no answer"),
    pytest.param("ai.chat(model='m')", "AiError: provider is required", id="chat"),
    pytest.param("ai.chat(provider='openai', model='m')", "AiError: messages", id="no messages"),
    pytest.param("email.send(subject='s')", "EmailError: to is required", id="email"),
    pytest.param("json.decode('{')", "JsonError: ", id="json"),
    pytest.param("base64.decode('*')", "Base64Error: illegal base64 data", id="base64"),
    pytest.param("time.parse('x', '2006')", "TimeError: ", id="time"),
    pytest.param("url.parse('http://[')", "UrlError: ", id="url"),
    pytest.param("random.int(2, 1)", "RandomError: ", id="random"),
    pytest.param("random.string(0)", "RandomError: ", id="no letters"),
    pytest.param(
        "router.path('/:a', {}, strict=True)", "RouterError: no value for :a", id="router"
    ),
    pytest.param("kv.set('a')", "TypeError: set() argument 'value' must not be None", id="missing"),
    pytest.param("kv.get('a', 'b')", "TypeError: get() takes at most 1 arguments", id="too many"),
    pytest.param("kv.get('a', key='b')", "TypeError: get() got two values", id="twice"),
    pytest.param("kv.get(name='a')", "TypeError: get() has no argument 'name'", id="unknown"),
    pytest.param("kv.incr('a', 'b')", "TypeError: incr() argument 'amount'", id="no number"),
    pytest.param("kv.set('a', 'b', object())", "must be a dict, not object", id="no dict"),
]


@pytest.mark.parametrize(("expression", "problem"), FAILURES)
async def test_failures_are_raised(desk: Desk, expression: str, problem: str) -> None:
    with pytest.raises(GuestError) as caught:
        await desk.value(expression)

    assert problem in str(caught.value).partition("\n")[0]


async def test_the_modules_can_be_awaited(desk: Desk) -> None:
    code = (
        "import asyncio\nfrom perilune_guest import aio, KvError\n"
        "async def handler(ctx, event):\n"
        "    await asyncio.gather(aio.kv.set('w:1', 'a'), aio.kv.set('w:2', 'b'))\n"
        "    try:\n        await aio.kv.incr('w:1')\n"
        "    except KvError:\n        return [item.value for item in await aio.kv.list('w:')]\n"
    )

    result = await desk.runtime.execute(
        RuntimeRequest(
            code=code,
            context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
            event=HTTPEvent(method="GET", path="/"),
            version_id="awaiting",
            runtime="python",
        )
    )

    assert result.response is not None and result.response.body == b'["a","b"]'
