"""Functions that want too much: each ends in a limit that its error names.

On a real server, which stays small, keeps its store within the documented bound
(docs/explanation/store.md) and answers another function all the while.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import httpx
import pytest
from aiohttp import web

from bench.processes import Server, read_proc, resident_bytes, serving
from perilune.runtimes import WorkerLimits
from perilune.services.logger import LogLimits
from tests.upstream import open_upstream

MIB = 1024 * 1024
SERVER_BYTES = 200_000_000
EXECUTION_TIMEOUT_S = 20
LIMITS = WorkerLimits()
RECORD_BYTES = LogLimits().max_total_bytes + 2 * MIB
"""Most bytes of one execution's log, event and response; indexes and pages come on top."""

HELLO = 'function handler() return { body = "hello" } end'


def _handler(body: str) -> str:
    return f"function handler(ctx, event)\n{body}\nend"


IN_ANSWER = [
    pytest.param(
        "local _, problem = pcall(random.string, 1e11) return { body = tostring(problem) }",
        "1048576",
        id="random.string of 1e11",
    ),
    pytest.param(
        "local _, problem = random.bytes(1e11) return { body = tostring(problem) }",
        "1048576",
        id="random.bytes of 1e11",
    ),
    pytest.param(
        "local _, problem = random.hex(1e11) return { body = tostring(problem) }",
        "1048576",
        id="random.hex of 1e11",
    ),
    pytest.param(
        'local _, problem = pcall(strings["repeat"], "x", 1e11)'
        " return { body = tostring(problem) }",
        "16777216",
        id="strings.repeat of 1e11",
    ),
]

IN_RECORD = [
    pytest.param(
        'local all = {} for i = 1, 1e9 do all[i] = string.rep("x", 1e6) .. i end return {}',
        500,
        "memory limit exceeded",
        id="memory",
    ),
    pytest.param(
        'local text = string.rep("a", 40) return { body = text:find(string.rep("a*", 40) .. "b") }',
        504,
        "timed out",
        id="a pattern that never ends",
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose executions may take longer than what ends them needs on a busy machine."""
    environment = {
        "EXECUTION_TIMEOUT": str(EXECUTION_TIMEOUT_S),
        "PERILUNE_HTTP_ALLOW": "127.0.0.1",
    }
    with serving(tmp_path_factory.mktemp("abuse"), environment) as running:
        yield running


@asynccontextmanager
async def watched(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client; another function answers meanwhile, and the server stays small."""
    hello = server.add_function("hello", HELLO)
    peaks: list[int] = []

    async def look_after(client: httpx.AsyncClient) -> None:
        while True:
            answer = await client.get(hello)
            assert answer.text == "hello", answer.text
            peaks.append(resident_bytes(server.process.pid))
            await asyncio.sleep(0.05)

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=120, limits=limits) as client:
        watcher = asyncio.create_task(look_after(client))
        async with asyncio.timeout(30):
            while not peaks and not watcher.done():
                await asyncio.sleep(0.01)
        try:
            yield client
        finally:
            watcher.cancel()
            (outcome,) = await asyncio.gather(watcher, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError), outcome
    assert max(peaks) < SERVER_BYTES


@pytest.mark.slow
@pytest.mark.parametrize(("body", "limit"), IN_ANSWER)
async def test_a_result_that_is_too_large_is_an_error_that_names_the_limit(
    server: Server, body: str, limit: str
) -> None:
    async with watched(server) as client:
        answer = await client.get(server.add_function("greedy", _handler(body)))

    assert answer.status_code == 200, answer.text
    assert limit in answer.text


@pytest.mark.slow
@pytest.mark.parametrize(("body", "status", "limit"), IN_RECORD)
async def test_an_execution_that_wants_too_much_ends_with_a_record_that_names_the_limit(
    server: Server, body: str, status: int, limit: str
) -> None:
    url = server.add_function("greedy", _handler(body))
    if status == 504:
        server.api("PUT", f"/api/functions/{url.rpartition('/')[2]}", {"timeout_s": 2})

    async with watched(server) as client:
        answer = await client.get(url)

    assert answer.status_code == status, answer.text
    (record,) = _executions(server, url)
    assert limit in record["error_message"]


@pytest.mark.slow
async def test_ten_thousand_long_log_lines_end_in_the_log_limit(server: Server) -> None:
    body = 'local line = string.rep("x ", 32768) for i = 1, 10000 do log.info(line) end return {}'
    url = server.add_function("chatty", _handler(body))
    before = _store_bytes(server)

    async with watched(server) as client:
        await client.get(url)

    (record,) = _executions(server, url)
    logs = server.api("GET", f"/api/executions/{record['id']}/logs?limit=100")
    texts = [line["message"] for line in logs["logs"]]
    assert any(text.startswith("log limit reached") for text in texts)
    assert sum(len(text.encode()) for text in texts) <= RECORD_BYTES
    assert _store_bytes(server) - before < RECORD_BYTES + MIB


@pytest.mark.slow
async def test_writing_keys_without_end_stops_at_the_limit_of_host_calls(server: Server) -> None:
    body = """
  local value, stop = string.rep("v", 1024), os.time() + 60
  local written, problem = 0, nil
  while os.time() < stop do
    local ok, why = kv.set("key" .. written, value)
    if ok then written = written + 1 else problem = why end
    if problem then break end
  end
  return { body = written .. " " .. tostring(problem) }"""
    url = server.add_function("spam", _handler(body))
    before = _store_bytes(server)

    async with watched(server) as client:
        answer = await client.get(url)

    written, _, problem = answer.text.partition(" ")
    assert int(written) == LIMITS.host_calls
    assert problem == f"limit of {LIMITS.host_calls} host calls in one execution reached"
    assert _store_bytes(server) - before < 2 * LIMITS.host_calls * 1100 + MIB


@pytest.mark.slow
async def test_a_thousand_parallel_requests_to_the_outside_leave_the_server_small(
    server: Server,
) -> None:
    """One execution stops at its own limit; a thousand at once are served or refused by name."""

    async def answer_small(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"small")

    many = """
  local done, problem = 0, nil
  for _ = 1, 1000 do
    local response, why = http.get(event.query.url)
    if why then problem = why break end
    done = done + 1
  end
  return { body = done .. " " .. tostring(problem) }"""
    one = """
  local response, problem = http.get(event.query.url)
  return { body = problem or tostring(#response.body) }"""
    many_url = server.add_function("many", _handler(many))
    one_url = server.add_function("one", _handler(one))

    async with open_upstream(answer_small) as upstream, watched(server) as client:
        alone = await client.get(many_url, params={"url": f"{upstream}/small"})
        small = await _ask_at_once(f"{one_url}?url={upstream}/small", 1000)

    assert alone.text.startswith(f"{LIMITS.outbound_calls} ")
    assert f"limit of {LIMITS.outbound_calls} " in alone.text
    assert {status for status, _ in small} <= {200, 503, 504}
    assert {text for status, text in small if status == 200} == {"5"}


async def _ask_at_once(url: str, number: int) -> list[tuple[int, str]]:
    """Return the statuses and texts of *number* answers; so many take httpx far longer."""
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=timeout
    ) as session:

        async def ask() -> tuple[int, str]:
            async with session.get(url) as answer:
                return answer.status, await answer.text()

        return await asyncio.gather(*(ask() for _ in range(number)))


def _executions(server: Server, url: str) -> list[dict[str, str]]:
    function_id = url.rpartition("/")[2]
    page = server.api("GET", f"/api/functions/{function_id}/executions")
    found: list[dict[str, str]] = page["executions"]
    return found


def _store_bytes(server: Server) -> int:
    """Return the size of the server's database as a reader sees it, the newest commits included."""
    environment = read_proc(server.process.pid, "environ").split(b"\0")
    (data_dir,) = [one[9:].decode() for one in environment if one.startswith(b"DATA_DIR=")]
    connection = sqlite3.connect(f"file:{data_dir}/lunar.db?mode=ro", uri=True)
    try:
        ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
        ((page_bytes,),) = connection.execute("PRAGMA page_size").fetchall()
    finally:
        connection.close()
    return int(pages * page_bytes)
