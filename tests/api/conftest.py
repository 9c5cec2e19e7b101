"""A real server on a free port with a real store; only the runtime is a hand-written one."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from perilune.api.connections import protocol, server
from perilune.app import DATABASE_FILE, RunningServer, Services, open_server
from perilune.config import Settings
from perilune.events import HTTPResponse
from perilune.runtimes import (
    PoolMetrics,
    RuntimeRequest,
    RuntimeResult,
    SandboxReport,
    SourceProblem,
    SourceReport,
)
from tests.store.template import write_database

KEY = "0123456789abcdef-test"

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients: trusts nobody, as reading whom to trust takes longer than most tests."""

Behaviour = Callable[[RuntimeRequest], Awaitable[HTTPResponse | None]]


class ScriptedRuntime:
    """A runtime whose functions are Python: a function's code names what it does."""

    languages = ("lua", "python")

    def __init__(self) -> None:
        self.behaviours: dict[str, Behaviour] = {}
        self.requests: list[RuntimeRequest] = []
        self.prepared: list[str] = []
        self.report = SandboxReport("full", ("seccomp",), ())

    def prepare(self, name: str) -> None:
        self.prepared.append(name)

    async def execute(self, req: RuntimeRequest) -> RuntimeResult | None:
        self.requests.append(req)
        return RuntimeResult(response=await self.behaviours[req.code](req))

    async def check(self, code: str, runtime: str, requirements: str | None = None) -> SourceReport:
        wrong = [SourceProblem(message=code, line=1)] if "wrong" in code else []
        return SourceReport(errors=wrong)

    def sandbox(self) -> SandboxReport:
        return self.report

    def pool(self) -> PoolMetrics:
        return PoolMetrics(bound=2, spare=1)

    def is_ready(self) -> bool:
        return self.report.grade != "none"

    @property
    def event(self):
        """The event of the last execution."""
        return self.requests[-1].event


class Site:
    """A running server and a client that has its key."""

    def __init__(self, server: RunningServer, runtime: ScriptedRuntime, client: httpx.AsyncClient):
        self.server = server
        self.runtime = runtime
        self.client = client

    async def create(self, behaviour: Behaviour, **settings) -> str:
        """Create a function that behaves like this; return its id."""
        code = f"code {len(self.runtime.behaviours)}"
        self.runtime.behaviours[code] = behaviour
        answer = await self.client.post(
            "/api/functions", json={"name": "f", "code": code, **settings}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    async def answering(self, **response) -> str:
        """Create a function that always gives this response; return its id."""

        async def behaviour(_: RuntimeRequest) -> HTTPResponse:
            return HTTPResponse(**response)

        return await self.create(behaviour)

    async def raw(self, *packets: bytes) -> bytes:
        """Send packets on a new connection; return all that comes until it is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        for packet in packets:
            writer.write(packet)
            # The server, which is in this loop, reads it before the next one is sent.
            await asyncio.sleep(0)
        received = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        await writer.wait_closed()
        return received

    async def executions(self, function_id: str) -> list[dict]:
        answer = await self.client.get(f"/api/functions/{function_id}/executions")
        return answer.json()["executions"]


@asynccontextmanager
async def open_site(tmp_path: Path, **settings) -> AsyncIterator[Site]:
    runtime = ScriptedRuntime()

    @asynccontextmanager
    async def open_runtime(_: Settings, __: Services) -> AsyncIterator[ScriptedRuntime]:
        yield runtime

    given: dict[str, Any] = {
        "port": 0,
        "host": "127.0.0.1",
        "data_dir": tmp_path / "data",
        "api_key": KEY,
    }
    async with AsyncExitStack() as rooms:
        server = await rooms.enter_async_context(
            open_server(Settings(**(given | settings)), open_runtime)
        )
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}",
            headers={"Authorization": f"Bearer {KEY}"},
            # The environment of the machine must not send these requests elsewhere.
            trust_env=False,
            verify=NO_TLS,
            timeout=30,
        )
        yield Site(server, runtime, await rooms.enter_async_context(client))


@pytest.fixture
def quick_probes(monkeypatch):
    """Let servers that start from now on notice in a moment, and not in seconds, who has gone."""
    monkeypatch.setattr(protocol, "PROBE_AFTER_S", 0.02)
    monkeypatch.setattr(server, "LOOK_EVERY_S", 0.02)


@pytest.fixture
async def site(tmp_path):
    write_database(tmp_path / "data" / DATABASE_FILE)
    async with open_site(tmp_path) as opened:
        yield opened


@pytest.fixture
async def stranger(site):
    """A client without the key."""
    async with httpx.AsyncClient(
        base_url=site.client.base_url, trust_env=False, verify=NO_TLS, timeout=30
    ) as client:
        yield client
