"""A server killed under load loses no answered execution and leaves no process behind."""

import asyncio
import os
import random
import signal
import socket
import sqlite3
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.processes import Server, command_of, descendants, is_running, serving
from perilune.store import ExecutionStatus, open_store

CLIENTS = 8

HELLO = 'function handler() kv.incr("n") log.info("called") return { body = "hello" } end'
SLOW = 'function handler() log.info("waiting") time.sleep(60000) return {} end'
INTERRUPTED = "interrupted by server restart"


async def _load(url: str, answered: list[str], stop: asyncio.Event) -> None:
    """Call *url* until the server is gone; remember the executions it has answered."""
    async with httpx.AsyncClient(timeout=30) as client:
        while not stop.is_set():
            answer = await client.get(url)
            assert answer.status_code == 200
            answered.append(answer.headers["x-execution-id"])


async def _hang(url: str) -> None:
    with suppress(httpx.HTTPError):
        async with httpx.AsyncClient(timeout=60) as client:
            await client.get(url)


async def _kill_under_load(
    server: Server, hello: str, slow: str, halfway: Callable[[], object] = lambda: None
) -> list[str]:
    answered: list[str] = []
    stop = asyncio.Event()
    clients = [asyncio.create_task(_load(hello, answered, stop)) for _ in range(CLIENTS)]
    hanging = [asyncio.create_task(_hang(slow)) for _ in range(2)]
    wanted = random.randrange(50, 400)
    async with asyncio.timeout(30):
        while len(answered) < wanted / 2:
            await asyncio.sleep(0.01)
        halfway()
        while len(answered) < wanted:
            await asyncio.sleep(0.01)
    processes = descendants(server.process.pid)
    server.process.kill()
    server.process.wait()
    stop.set()
    results = await asyncio.gather(*clients, return_exceptions=True)
    assert not [r for r in results if isinstance(r, AssertionError)]
    await asyncio.gather(*hanging)
    await _until_gone(processes)
    return answered


async def _until_gone(pids: list[int]) -> None:
    async with asyncio.timeout(30):
        while [pid for pid in pids if is_running(pid)]:
            await asyncio.sleep(0.01)


async def _check_store(path: Path, answered: list[str]) -> None:
    async with open_store(path) as store:
        assert await store.check_integrity() == []
        for execution_id in answered:
            record = await store.get_execution(execution_id)
            assert record.status == ExecutionStatus.SUCCESS
            assert record.duration_ms is not None


def _statuses(path: Path) -> dict[tuple[str, str | None], int]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows: list[Any] = connection.execute(
            "SELECT status, error_message, count(*) FROM executions GROUP BY 1, 2"
        ).fetchall()
    finally:
        connection.close()
    return {(status, message): count for status, message, count in rows}


@pytest.mark.slow
@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.soak)])
async def test_killed_under_load_again_and_again(tmp_path: Path, kills: int) -> None:
    database = tmp_path / "lunar.db"
    hello = slow = ""
    total = 0
    for _ in range(kills):
        with serving(tmp_path) as server:
            if not hello:
                hello = server.add_function("hello", HELLO).removeprefix(server.base_url)
                slow = server.add_function("slow", SLOW).removeprefix(server.base_url)
            assert ("pending", None) not in _statuses(database)
            answered = await _kill_under_load(
                server, server.base_url + hello, server.base_url + slow
            )
        total += len(answered)
        await _check_store(database, answered)

    with serving(tmp_path) as server:
        statuses = _statuses(database)
        with urllib.request.urlopen(server.base_url + hello) as answer:
            assert answer.read() == b"hello"
    assert ("pending", None) not in statuses
    assert statuses[("error", INTERRUPTED)] >= kills
    assert statuses[("success", None)] >= total


@pytest.mark.soak
async def test_a_killed_server_loses_nothing_without_the_index_of_its_log(tmp_path: Path) -> None:
    database = tmp_path / "lunar.db"
    with serving(tmp_path) as server:
        hello = server.add_function("hello", HELLO)
        slow = server.add_function("slow", SLOW)
        index = tmp_path / "lunar.db-shm"
        answered = await _kill_under_load(server, hello, slow, halfway=index.unlink)
    assert not index.exists()
    await _check_store(database, answered)

    with serving(tmp_path) as server:
        path = urllib.parse.urlsplit(hello).path
        with urllib.request.urlopen(server.base_url + path) as answer:
            assert answer.read() == b"hello"
        assert ("pending", None) not in _statuses(database)


@pytest.mark.slow
async def test_a_client_that_goes_away_leaves_nothing_running(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        slow = server.add_function("slow", SLOW)
        function_id = slow.rpartition("/")[2]
        before = set(descendants(server.process.pid))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(server.base_url.rpartition(":")[2])
        )
        writer.write(f"GET /fn/{function_id} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        page: dict[str, Any] = {"executions": []}
        while not page["executions"]:
            page = await asyncio.to_thread(
                server.api, "GET", f"/api/functions/{function_id}/executions"
            )
        assert page["executions"][0]["status"] == "pending"

        writer.close()

        async with asyncio.timeout(30):
            while page["executions"][0]["status"] == "pending":
                page = await asyncio.to_thread(
                    server.api, "GET", f"/api/functions/{function_id}/executions"
                )
        assert page["executions"][0]["error_message"] == "execution cancelled"
        async with asyncio.timeout(30):
            while not before - set(descendants(server.process.pid)):
                await asyncio.sleep(0.01)
        assert not await reader.read()


def _folders_of_modules(server: Server) -> set[Path]:
    """Where the JavaScript workers of a server read their modules."""
    commands = [command_of(pid) for pid in descendants(server.process.pid)]
    return {Path(words[-1]).parent for words in commands if words[:1] == ["deno"]}


@pytest.mark.slow
@pytest.mark.parametrize("kills_all", [False, True])
async def test_nothing_of_javascript_workers_is_left_of_a_killed_server(
    tmp_path: Path, kills_all: bool
) -> None:
    """What even the process that workers come from could not remove, the next server does."""
    pytest.importorskip("deno")
    with serving(tmp_path) as server:
        url = server.add_function("hello", "export default () => 'hello';", "javascript")
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"hello"
        (folder,) = _folders_of_modules(server)
        server.process.send_signal(signal.SIGSTOP)  # so that it starts no others
        processes = descendants(server.process.pid)
        if kills_all:
            _kill_together(server.process.pid)
        server.process.kill()
        server.process.wait()
        await _until_gone(processes)

    if kills_all:
        with suppress(FileNotFoundError):  # the server of another test was the next one
            assert sum(one.stat().st_size for one in folder.iterdir()) < 1024 * 1024
        with (
            serving(tmp_path) as server,
            urllib.request.urlopen(server.base_url + urllib.parse.urlsplit(url).path) as answer,
        ):
            assert answer.read() == b"hello"
    assert not folder.exists()


def _kill_together(root: int) -> None:
    """Kill all descendants of *root*, so that none sees another end and cleans up after it."""
    stopped: set[int] = set()
    while new := set(descendants(root)) - stopped:
        for pid in new:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        stopped |= new
    for pid in stopped:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _wait_until_refusing(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return


@pytest.mark.slow
def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        slow = server.add_function("slow", SLOW)
        port = int(server.base_url.rpartition(":")[2])
        function_id = slow.rpartition("/")[2]
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(f"GET /fn/{function_id} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            while not server.api("GET", f"/api/functions/{function_id}/executions")["executions"]:
                pass
            processes = descendants(server.process.pid)
            server.process.send_signal(signal.SIGTERM)
            _wait_until_refusing(port)
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(30)
    asyncio.run(_until_gone(processes))
