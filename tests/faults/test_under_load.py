"""Faults while many call: each is answered or refused by name, nothing is left behind."""

import asyncio
import http.client
import os
import random
import resource
import signal
import socket
import sqlite3
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from bench.processes import (
    Server,
    children_of,
    command_of,
    descendants,
    is_running,
    serving,
    workers_of,
)

pytestmark = pytest.mark.soak

CLIENTS = 6
RESTARTS = 25
EXECUTION_TIMEOUT_S = 4
HELLO = 'function handler() return { body = "hello" } end'
NAP = "function handler() time.sleep(2000) return {} end"
SHORT = "function handler() time.sleep(20) return {} end"
AT_ONCE = 10_000
LEAVING = 300
LEAVINGS = 3
"""How often each of them comes."""
RESET = struct.pack("ii", 1, 0)
ZYGOTE = "perilune/worker/__main__.py"
UNANSWERED = 0
"""Stands for the status of a call whose connection was lost."""


@pytest.fixture(autouse=True)
def descriptors() -> Iterator[None]:
    """Let this process open many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """Give a client without bounds of its own."""
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=timeout
    ) as opened:
        yield opened


async def status_of(session: aiohttp.ClientSession, url: str) -> int:
    try:
        async with session.get(url) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, ConnectionError):
        return UNANSWERED


class Seen(Counter[int]):
    """The statuses of calls."""

    def __init__(self) -> None:
        super().__init__()
        self.answered: set[str] = set()
        """The executions of answers with status 200."""

    async def call(self, session: aiohttp.ClientSession, url: str) -> None:
        try:
            async with session.get(url) as answer:
                await answer.read()
                self[answer.status] += 1
                if answer.status == 200:
                    self.answered.add(answer.headers["X-Execution-Id"])
        except (aiohttp.ClientError, ConnectionError):
            self[UNANSWERED] += 1


@asynccontextmanager
async def load(url: str) -> AsyncIterator[Seen]:
    """Call a function without a break until the block ends; give what was seen so far."""
    seen = Seen()
    async with client() as session:

        async def call() -> None:
            while True:
                await seen.call(session, url)

        callers = [asyncio.create_task(call()) for _ in range(CLIENTS)]
        await until(lambda: seen[200] > 20)
        try:
            yield seen
        finally:
            for caller in callers:
                caller.cancel()
            await asyncio.wait(callers)


async def until(condition) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def zygotes(server: Server) -> list[int]:
    return [p for p in children_of(server.process.pid) if ZYGOTE in " ".join(command_of(p))]


def workers(server: Server) -> list[int]:
    return [pid for zygote in zygotes(server) for pid in workers_of(zygote)]


def send_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def check_closed(data_dir: Path, answered: Iterable[str] = ()) -> None:
    """Check that no execution stays open, and that the database is in order.

    Those of *answered*, for which status 200 was sent, have their records.
    """
    database = f"file:{data_dir}/lunar.db?mode=ro"
    connection = sqlite3.connect(database, uri=True)
    try:
        query = "SELECT count(*) FROM executions WHERE status = 'pending'"
        await until(lambda: connection.execute(query).fetchone() == (0,))
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not connection.execute("PRAGMA foreign_key_check").fetchall()
        statuses = dict(connection.execute("SELECT id, status FROM executions"))
        assert not [one for one in answered if statuses.get(one) != "success"]
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("victims", "times"),
    [pytest.param(workers, 10, id="workers"), pytest.param(zygotes, 2, id="zygotes")],
)
async def test_killed_processes_cost_what_they_were_doing(tmp_path: Path, victims, times: int):
    with serving(tmp_path) as server:
        async with load(server.add_function("hello", HELLO)) as seen:
            for _ in range(times):
                send_all(victims(server), signal.SIGKILL)
                before = seen[200]
                await until(lambda before=before: seen[200] > before + 50)

        assert set(seen) <= {200, 500}
        assert seen[500] <= 2 * times * CLIENTS
        await check_closed(tmp_path, seen.answered)


async def test_stopped_workers_cost_their_executions_the_time_limit(tmp_path: Path) -> None:
    environment = {"EXECUTION_TIMEOUT": str(EXECUTION_TIMEOUT_S)}
    with serving(tmp_path, environment) as server:
        async with load(server.add_function("hello", HELLO)) as seen:
            stopped = workers(server)
            send_all(stopped, signal.SIGSTOP)
            await until(lambda: not any(map(is_running, stopped)) or seen[504] >= CLIENTS)
            before = seen[200]
            await until(lambda: seen[200] > before + 50)

        assert set(seen) <= {200, 504}
        await check_closed(tmp_path, seen.answered)


@pytest.mark.parametrize("victim", ["zygote", "server"])
async def test_a_pause_of_ten_seconds_is_got_over(tmp_path: Path, victim: str) -> None:
    environment = {"EXECUTION_TIMEOUT": str(EXECUTION_TIMEOUT_S)}
    with serving(tmp_path, environment) as server:
        async with load(server.add_function("hello", HELLO)) as seen:
            stopped = zygotes(server) if victim == "zygote" else [server.process.pid]
            send_all(stopped, signal.SIGSTOP)
            await asyncio.sleep(10)
            send_all(stopped, signal.SIGCONT)
            before = seen[200]
            await until(lambda: seen[200] > before + 50)

        assert set(seen) <= ({200} if victim == "zygote" else {200, 504})
        assert seen[504] <= CLIENTS
        await check_closed(tmp_path, seen.answered)


async def test_few_descriptors_are_enough_for_few_and_do_no_harm(tmp_path: Path) -> None:
    with serving(tmp_path, before="ulimit -n 64") as server:
        hello = server.add_function("hello", HELLO)

        async with client() as session:
            statuses = Counter(
                await asyncio.gather(*(status_of(session, hello) for _ in range(100)))
            )
        async with client() as session:
            again = await status_of(session, hello)

        assert set(statuses) <= {200, 503, UNANSWERED} and statuses[200]
        assert again == 200
        await check_closed(tmp_path)


async def test_idle_connections_hold_nobody_up_and_are_closed(tmp_path: Path) -> None:
    with serving(tmp_path, {"PERILUNE_KEEP_ALIVE": "5s"}) as server:
        hello = server.add_function("hello", HELLO)
        port = urlsplit(hello).port
        folder = f"/proc/{server.process.pid}/fd"
        usual = len(os.listdir(folder))
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2000)]
        for _, writer in idle:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

        async with client() as session:
            asked = time.monotonic()
            assert await status_of(session, hello) == 200
            assert time.monotonic() - asked < 5

        async with asyncio.timeout(60):
            for reader, writer in idle:
                assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
                writer.close()
        await until(lambda: len(os.listdir(folder)) <= usual + 5)


async def test_five_thousand_calls_at_once_are_answered_or_refused(tmp_path: Path) -> None:
    with serving(tmp_path, {"PERILUNE_LOG_LEVEL": "error"}) as server:
        hello = server.add_function("hello", HELLO)

        async with client() as session:
            statuses = Counter(
                await asyncio.gather(*(status_of(session, hello) for _ in range(5000)))
            )

        assert set(statuses) <= {200, 503} and statuses[200] >= 1000
        assert statuses.total() == 5000
        await check_closed(tmp_path)


async def test_ten_thousand_executions_at_once_are_all_carried_out(tmp_path: Path) -> None:
    environment = {
        "PERILUNE_LOG_LEVEL": "error",
        "PERILUNE_QUEUE": str(AT_ONCE),
        "PERILUNE_WORKERS_MAX": "16",
        "PERILUNE_MAX_CONNECTIONS": str(AT_ONCE + 100),
        "PERILUNE_TRUSTED_PROXIES": "127.0.0.1",  # which may have all connections
    }
    with serving(tmp_path, environment) as server:
        short = server.add_function("short", SHORT)

        answers = await asyncio.to_thread(call_at_once, short, AT_ONCE)

        assert Counter(status for status, _ in answers) == {200: AT_ONCE}
        answered = {execution for _, execution in answers}
        assert len(answered) == AT_ONCE
        await check_closed(tmp_path, answered)


def call_at_once(url: str, number: int) -> list[tuple[int, str]]:
    """Send all requests before the first answer is read; return statuses and executions."""
    parts = urlsplit(url)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    answers = []
    with ExitStack() as stack:
        connections = []
        for _ in range(number):
            connection = socket.create_connection((parts.hostname, parts.port), timeout=120)
            connections.append(stack.enter_context(connection))
            connection.sendall(request)
        for connection in connections:
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            answer.read()
            answers.append((answer.status, answer.headers["X-Execution-Id"] or ""))
    return answers


async def test_three_hundred_clients_that_leave_cost_others_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, {"PERILUNE_LOG_LEVEL": "error"}) as server:
        nap, short = server.add_function("nap", NAP), server.add_function("short", SHORT)
        async with load(server.add_function("hello", HELLO)) as seen:
            usual = len(workers(server))

            async def call_and_leave(number: int) -> None:
                url = urlsplit(nap if number % 2 else short)
                for turn in range(LEAVINGS):
                    _, writer = await asyncio.open_connection("127.0.0.1", url.port)
                    if turn:  # the server is told that nobody listens, instead of finding it out
                        sock = writer.get_extra_info("socket")
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    writer.write(f"GET {url.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    await asyncio.sleep(random.uniform(0, 0.3))
                    writer.transport.abort()

            await asyncio.gather(*map(call_and_leave, range(LEAVING)))
            before = seen[200]
            await until(lambda: seen[200] > before + 50)

        assert set(seen) == {200}
        assert len(workers(server)) <= usual + 16
        await check_closed(tmp_path, seen.answered)
        page = await asyncio.to_thread(server.api, "GET", "/api/executions?status=error&limit=100")
        assert {one["error_message"] for one in page["executions"]} == {"execution cancelled"}


async def test_five_hundred_functions_share_the_workers(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        code = "function handler() return {{ body = '{}' }} end"
        urls = [server.add_function(f"f{n}", code.format(n)) for n in range(500)]

        async with client() as session:

            async def body_of(url: str) -> str:
                async with session.get(url) as answer:
                    return await answer.text()

            bodies = await asyncio.gather(*map(body_of, urls))

        assert bodies == [str(n) for n in range(500)]
        assert len(descendants(server.process.pid)) < 40
        await check_closed(tmp_path)


async def test_deploying_under_load_shows_no_wrong_version(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        code = "function handler() return {{ body = '{}' }} end"
        url = server.add_function("f", code.format(1))
        path = f"/api/functions/{url.rpartition('/')[2]}"
        active, settled = ["1"], [0]
        statuses: Counter[int] = Counter()

        async def change(body: str, method: str, where: str, payload: object = None) -> None:
            active.append(body)
            await asyncio.to_thread(server.api, method, where, payload)
            settled[0] = len(active) - 1

        async with client() as session:

            async def call() -> None:
                while 404 not in statuses:
                    begun = settled[0]
                    async with session.get(url) as answer:
                        text = await answer.text()
                    statuses[answer.status] += 1
                    assert answer.status == 404 or text in active[begun:]

            callers = [asyncio.create_task(call()) for _ in range(CLIENTS)]
            for number in range(2, 41):
                await change(str(number), "PUT", path, {"code": code.format(number)})
            page = await asyncio.to_thread(server.api, "GET", f"{path}/versions?limit=100")
            ids = {one["version"]: one["id"] for one in page["versions"]}
            for number in range(1, 8):
                await change(str(number), "POST", f"{path}/versions/{ids[number]}/activate")
            await asyncio.to_thread(server.api, "DELETE", path)
            await asyncio.gather(*callers)

        assert set(statuses) == {200, 404}
        await check_closed(tmp_path)


async def test_stopping_lets_fifty_executions_finish(tmp_path: Path) -> None:
    with serving(tmp_path, {"PERILUNE_SHUTDOWN_GRACE": "20s"}) as server:
        nap = server.add_function("nap", NAP)
        path = f"/api/functions/{nap.rpartition('/')[2]}/executions?limit=100"
        async with client() as session:
            calls = [asyncio.create_task(status_of(session, nap)) for _ in range(50)]
            while len((await asyncio.to_thread(server.api, "GET", path))["executions"]) < 50:
                pass
            processes = descendants(server.process.pid)

            server.process.send_signal(signal.SIGTERM)

            assert Counter(await asyncio.gather(*calls)) == {200: 50}
        assert await asyncio.to_thread(server.process.wait, 40) == 0
        await until(lambda: not any(map(is_running, processes)))
    await check_closed(tmp_path)


async def test_restarts_leave_nothing_behind(tmp_path: Path) -> None:
    data, temporary = tmp_path / "data", tmp_path / "temporary"
    temporary.mkdir()
    path = ""
    for _ in range(RESTARTS):
        with serving(data, {"TMPDIR": str(temporary)}) as server:
            path = path or urlsplit(server.add_function("hello", HELLO)).path
            async with client() as session:
                assert await status_of(session, server.base_url + path) == 200
            processes = descendants(server.process.pid)
        assert server.process.returncode == 0
        await until(lambda: not any(map(is_running, processes)))  # noqa: B023 - at once

    assert not list(temporary.iterdir())
    await check_closed(data)
