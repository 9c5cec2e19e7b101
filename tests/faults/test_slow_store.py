"""A slow disk and a held lock hold up what needs a commit, and nothing else."""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from statistics import quantiles

import aiohttp
import pytest

from bench.processes import Server, serving
from perilune.api.health import CHECK_LIMIT_S
from tests.faults.functions import added
from tests.faults.test_under_load import HELLO, check_closed, client, load

pytestmark = pytest.mark.soak

COMMIT_MS = 50
ROUNDS = 4
ROUND_S = 5.0
MOST_RATIO = 2.0
LOCKED_S = 10.0
LOCKED_MOST_S = 1.0
PAUSE_S = 0.005
Times = list[float]


@asynccontextmanager
async def slow_server(data_dir: Path, **environment: str) -> AsyncIterator[Server]:
    settings = {"SLOW_COMMIT_MS": str(COMMIT_MS), "PERILUNE_LOG_LEVEL": "error", **environment}
    with serving(data_dir, settings, program="tests.faults.slow_store") as server:
        yield server


def requests_without_commits(server: Server) -> Mapping[str, tuple[str, int]]:
    """Return addresses by what they are, with the status that each has while all is well."""
    base = server.base_url
    guarded = added(server, "return {}", access="token")
    limited = added(server, "return {}", allowed_methods="POST")
    return {
        "health": (f"{base}/healthz", 200),
        "dashboard": (f"{base}/", 200),
        "list of functions": (f"{base}/api/functions", 200),
        "list of executions": (f"{base}/api/executions", 200),
        "figures": (f"{base}/api/stats?range=24h", 200),
        "metrics": (f"{base}/metrics", 200),
        "no function": (f"{base}/fn/none-of-this-name", 404),
        "no token": (guarded, 401),
        "other method": (limited, 405),
    }


async def ask_in_turns(
    server: Server, asked: Mapping[str, tuple[str, int]], seconds: float
) -> dict[str, Times]:
    """Ask for everything again and again on one connection; return the times by what it is."""
    times: dict[str, Times] = {name: [] for name in asked}
    end = time.monotonic() + seconds
    headers = {"Authorization": f"Bearer {server.key}"}
    async with client() as session:
        while time.monotonic() < end:
            for name, (url, status) in asked.items():
                begun = time.monotonic()
                # The key would open the function that is for the bearers of tokens.
                is_call = "/fn/" in url
                async with session.get(url, headers=None if is_call else headers) as answer:
                    await answer.read()
                    assert answer.status == status, name
                times[name].append(time.monotonic() - begun)
            await asyncio.sleep(PAUSE_S)
    return times


async def test_slow_commits_hold_others_up_no_more_than_if_a_thread_made_them_all(
    tmp_path: Path,
) -> None:
    seen: dict[str, Times] = {"own choice": [], "thread": []}
    async with AsyncExitStack() as stack:
        servers = {
            "own choice": await stack.enter_async_context(slow_server(tmp_path / "own choice")),
            "thread": await stack.enter_async_context(
                slow_server(tmp_path / "thread", ONLY_THE_THREAD="1")
            ),
        }
        asked = {name: requests_without_commits(one) for name, one in servers.items()}
        hello = {name: one.add_function("hello", HELLO) for name, one in servers.items()}
        for _ in range(ROUNDS):
            for name, server in servers.items():
                async with load(hello[name]) as statuses:
                    times = await ask_in_turns(server, asked[name], ROUND_S)
                assert set(statuses) == {200}
                await check_closed(tmp_path / name, statuses.answered)
                seen[name] += [one for each in times.values() for one in each]

    own, thread = (quantiles(seen[name], n=100)[98] for name in ("own choice", "thread"))
    print(f"p99 {own * 1000:.1f} ms, {thread * 1000:.1f} ms if the thread makes all commits")
    assert own < MOST_RATIO * thread


async def test_while_another_process_holds_the_lock_nothing_else_stands_still(
    tmp_path: Path,
) -> None:
    with serving(tmp_path, {"PERILUNE_LOG_LEVEL": "error"}) as server:
        asked = requests_without_commits(server)
        ready = f"{server.base_url}/readyz"
        async with load(server.add_function("hello", HELLO)) as statuses:
            with closing(sqlite3.connect(tmp_path / "lunar.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                watching = asyncio.create_task(statuses_of(ready, LOCKED_S))
                times = await ask_in_turns(server, asked, LOCKED_S)
                readiness = await watching
                other.execute("ROLLBACK")
            before = statuses[200]
            async with asyncio.timeout(60):
                while statuses[200] < before + 50:
                    await asyncio.sleep(0.01)

        longest = {name: max(each) for name, each in times.items()}
        print({name: f"{each * 1000:.0f} ms" for name, each in longest.items()}, readiness)
        assert all(each < LOCKED_MOST_S for each in longest.values()), longest
        assert set(readiness) <= {200, 503}
        assert set(statuses) <= {200, 503}
        await check_closed(tmp_path, statuses.answered)


async def statuses_of(url: str, seconds: float) -> Counter[int]:
    """Ask for readiness again and again; each time the answer comes soon after its limit."""
    seen: Counter[int] = Counter()
    end = time.monotonic() + seconds
    timeout = aiohttp.ClientTimeout(total=CHECK_LIMIT_S + LOCKED_MOST_S)
    async with client() as session:
        while time.monotonic() < end:
            async with session.get(url, timeout=timeout) as answer:
                await answer.read()
                seen[answer.status] += 1
            await asyncio.sleep(0.05)
    return seen
