"""The page about JavaScript and TypeScript functions: its code runs, and its claims hold."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

pytest.importorskip("deno")

from perilune.events import HTTPEvent
from tests.runtimes.conftest import Box, open_box

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-functions-in-javascript.md"
TEXT = PAGE.read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```javascript\n(.*?)```", TEXT, re.DOTALL)
TYPED = re.findall(r"```typescript\n(.*?)```", TEXT, re.DOTALL)
PACKAGES = sorted(set(re.findall(r"`(node:[a-z_/]+)`", TEXT.partition("## What is available")[2])))

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """An engine for JavaScript functions; all tests of the page share it."""
    async with open_box(tmp_path_factory.mktemp("data"), language="javascript", allow=[]) as opened:
        yield opened


async def answer(box: Box, code: str, runtime: str, **event) -> tuple[int, str]:
    function = await box.add(code, runtime=runtime)
    given = HTTPEvent(method="GET", path=f"/fn/{function}", relative_path="/users/7", **event)
    result = await box.call(function, given)
    assert result.error is None and result.response is not None, result.error
    body = result.response.body
    return result.response.status_code, body.decode() if isinstance(body, bytes) else body


@pytest.mark.parametrize(
    ("code", "runtime"),
    [
        pytest.param(SCRIPTS[0], "javascript", id="javascript"),
        pytest.param(TYPED[0], "typescript", id="typescript"),
    ],
)
async def test_the_first_functions_greet(box: Box, code: str, runtime: str) -> None:
    status, body = await answer(box, code, runtime, query={"name": "Ada"})

    assert (status, json.loads(body)) == (200, {"greeting": "Hello, Ada!", "visits": 1})


async def test_an_error_of_http_is_answered_as_shown(box: Box) -> None:
    (code,) = (one for one in SCRIPTS if "502" in one)

    status, body = await answer(box, code.replace("example.org", "127.0.0.1:1"), "javascript")

    assert status == 502
    assert "127.0.0.1" in json.loads(body)["error"]


async def test_routes_answer_as_shown(box: Box) -> None:
    assert await answer(box, TYPED[1], "typescript") == (200, "user 7")


async def test_the_other_code_is_accepted(box: Box) -> None:
    assert SCRIPTS
    for code in SCRIPTS:
        report = await box.runtime.check(code, "javascript")
        assert report.errors == []


async def test_documented_members_exist(box: Box) -> None:
    imports = "".join(f"await import('{name}');\n" for name in PACKAGES)
    globals_ = (
        "fetch, Request, Response, URL, TextEncoder, ReadableStream, crypto.subtle, "
        "structuredClone, Temporal, Intl, WebAssembly"
    )

    status, body = await answer(
        box, f"{imports} export default () => [{globals_}].length;", "javascript"
    )

    assert len(PACKAGES) == 14
    assert (status, body) == (200, "11")


@pytest.mark.parametrize(
    ("value", "status", "body"),
    [
        ('"text"', 200, "text"),
        ("new TextEncoder().encode('b')", 200, "b"),
        ("[1, 2]", 200, "[1,2]"),
        ("new Response('r', { status: 202 })", 202, "r"),
        ("{ statusCode: 201, body: 's' }", 201, "s"),
        ("undefined", 204, ""),
        ("{ status: 'ok' }", 200, '{"status":"ok"}'),
        ("{ status: 404 }", 404, ""),
    ],
)
async def test_the_table_of_values_is_true(box: Box, value: str, status: int, body: str) -> None:
    assert await answer(box, f"export default () => ({value});", "javascript") == (status, body)
