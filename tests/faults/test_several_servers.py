"""Servers on one PostgreSQL database: one is killed, one has a clock that is wrong."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from bench.processes import Server, free_port, serving
from tests.faults.functions import executions
from tests.store.conftest import database, server

__all__ = ["database", "server"]

pytestmark = pytest.mark.soak

SLOW = "function handler() time.sleep(60000) return {} end"
HELLO = 'function handler() return { body = "hello" } end'
CLOSED_WITHIN_S = 15.0


def environment(database: str, **more: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database,
        "PERILUNE_SECRET_KEY": "ab" * 32,
        "PERILUNE_LOG_LEVEL": "error",
        **more,
    }


def on_other(url: str, other: Server) -> str:
    """Return the address of the same function on another server."""
    return f"{other.base_url}/fn/{url.rpartition('/')[2]}"


async def until(condition: Callable[[], bool], limit_s: float) -> float:
    """Wait for *condition*; return how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(limit_s):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.1)
    return time.monotonic() - began


async def hang(url: str) -> None:
    with suppress(httpx.HTTPError):
        async with httpx.AsyncClient(timeout=90, trust_env=False) as client:
            await client.get(url)


async def test_what_a_killed_server_has_left_is_closed_and_nothing_else(tmp_path, database):
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(serving(tmp_path / name, environment(database)))
            for name in ("first", "second")
        )
        slow, hello = first.add_function("slow", SLOW), first.add_function("hello", HELLO)
        hanging = [asyncio.create_task(hang(slow)) for _ in range(3)]
        others = [asyncio.create_task(hang(on_other(slow, second))) for _ in range(2)]
        await until(lambda: len(executions(second, slow)) == 5, 30)

        first.process.kill()
        first.process.wait()
        answer = await asyncio.to_thread(httpx.get, on_other(hello, second), trust_env=False)
        assert answer.text == "hello", "the other goes on"

        def is_closed() -> bool:
            return [one["status"] for one in executions(second, slow)].count("error") == 3

        took_s = await until(is_closed, CLOSED_WITHIN_S + 5)
        with serving(tmp_path / "third", environment(database)) as third:
            statuses = sorted(one["status"] for one in executions(third, slow))
            listed = third.api("GET", "/api/servers")["servers"]
        for one in (*hanging, *others):
            one.cancel()

    print(f"closed {took_s:.1f} s after the kill")
    assert took_s < CLOSED_WITHIN_S
    assert statuses == ["error"] * 3 + ["pending"] * 2, "a start leaves alone what others run"
    assert [one["leads"] for one in listed] == [True, False]


async def test_a_server_whose_clock_is_ahead_is_not_early(tmp_path, database):
    ahead = environment(database, CLOCK_AHEAD_S="20")
    with (
        serving(tmp_path / "ahead", ahead, program="tests.faults.fast_clock") as one,
        serving(tmp_path / "right", environment(database)) as other,
    ):
        url = one.add_function("tick", HELLO)
        function_id = url.rpartition("/")[2]
        schedule = {"cron_schedule": "* * * * *", "cron_status": "active"}
        one.api("PUT", f"/api/functions/{function_id}", schedule)

        await until(lambda: len(executions(other, url)) == 2, 150)
        seen_at = time.time()
        ticks = one.api("GET", f"/api/functions/{function_id}/ticks")["ticks"]
        begun = [record["created_at"] for record in executions(other, url)]
        listed = other.api("GET", "/api/servers")["servers"]

    assert len(begun) == len(ticks) == 2
    for tick, at in zip(ticks, begun, strict=True):
        assert tick["outcome"] == "started"
        assert tick["tick"] - 1 <= at <= tick["tick"] + 3
        assert at <= seen_at + 1
    assert sorted(round(row["clock_ahead_ms"] / 1000) for row in listed) == [0, 20]


def test_a_server_whose_clock_is_far_ahead_does_not_start(tmp_path: Path, database: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults.fast_clock", "serve"],
        env={
            **os.environ,
            **environment(database, CLOCK_AHEAD_S="90"),
            "HOST": "127.0.0.1",
            "PORT": str(free_port()),
            "DATA_DIR": str(tmp_path),
            "API_KEY": "benchmark-key-benchmark-key",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode != 0
    assert "the clock of this machine is 90 s ahead of the database's" in ended.stderr
