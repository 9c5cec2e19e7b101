"""What the tests of the sandbox share: real workers, and things worth stealing."""

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from perilune.runtimes.spawned import Spawned
from perilune.runtimes.workers.zygote_client import Zygote, open_zygote
from perilune.worker import frames

REPOSITORY = Path(__file__).parents[2]
HOSTILE = "tests.worker.hostile_interpreter"
READING = "tests.worker.reading_interpreter"
MEMORY_BYTES = 128 * 1024 * 1024
ANSWER_TIMEOUT_S = 30.0
END_TIMEOUT_S = 20.0


class Worker:
    """A spawned worker that a test talks to in frames."""

    def __init__(self, spawned: Spawned) -> None:
        self.spawned = spawned
        self._reader = frames.FrameReader[frames.FromWorker](frames.FromWorker)
        self._messages: list[frames.FromWorker] = []

    async def receive(self) -> frames.FromWorker | None:
        """Return the next frame, None when the worker has closed its end."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            while not self._messages:
                try:
                    data = await loop.sock_recv(self.spawned.sock, 65536)
                except ConnectionResetError:
                    return None
                if not data:
                    return None
                self._messages += self._reader.feed(data)
        return self._messages.pop(0)

    async def attempt(self, probe: str, targets: dict[str, Any]) -> str:
        """Have the worker try *probe*.

        Returns:
            `done: value`, the name of the error, or how the worker ended.
        """
        request = frames.Invoke("v_probe", probe, {}, targets, 10.0)
        await asyncio.get_running_loop().sock_sendall(self.spawned.sock, frames.encode(request))
        match await self.receive():
            case frames.Result(body=body):
                return f"done: {body.decode()}"
            case frames.Failure(message=message):
                return message
            case None:
                status = await self.spawned.exited
                return (
                    f"killed by {signal.Signals(-status).name}"
                    if status < 0
                    else f"exited {status}"
                )
            case other:
                raise AssertionError(f"unexpected frame {other}")


SpawnWorker = Callable[..., Awaitable[tuple[Worker, list[str]]]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def zygote() -> AsyncIterator[Zygote]:
    async with open_zygote(
        [HOSTILE, READING, "tests.worker.program_interpreter"], search_path=[REPOSITORY]
    ) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain_zygote() -> AsyncIterator[Zygote]:
    """One without namespaces, which a worker can't leave out by itself."""
    async with open_hostile(without=["namespaces"]) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def spawn_worker(zygote: Zygote) -> AsyncIterator[SpawnWorker]:
    """Spawns workers, waits for `Ready` and returns them with their report."""
    async with spawning(zygote) as spawn:
        yield spawn


@pytest_asyncio.fixture(loop_scope="module")
async def spawn_plain(plain_zygote: Zygote) -> AsyncIterator[SpawnWorker]:
    """The same without namespaces."""
    async with spawning(plain_zygote) as spawn:
        yield spawn


@asynccontextmanager
async def spawning(zygote: Zygote) -> AsyncIterator[SpawnWorker]:
    """Return what spawns workers, waits for `Ready` and returns them with their report."""
    spawned: list[Spawned] = []

    async def spawn(module: str = HOSTILE, **options: Any) -> tuple[Worker, list[str]]:
        options = {"memory_bytes": MEMORY_BYTES, **options}
        worker = Worker(await zygote.spawn(module, **options))
        spawned.append(worker.spawned)
        ready = await worker.receive()
        assert isinstance(ready, frames.Ready), ready
        return worker, ready.layers

    yield spawn
    for each in spawned:
        each.close()


@pytest.fixture(scope="module")
def targets() -> Iterator[dict[str, Any]]:
    """Everything a hostile worker would like to get at, all of it open to every user."""
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(
            [sys.executable, "-c", "input()"],
            stdin=subprocess.PIPE,
            env={"SECRET": "s3cret"},
        ) as server,
    ):
        data = Path(name)
        data.chmod(0o777)
        (data / "perilune.db").write_text("rows")
        (data / "perilune.db").chmod(0o666)
        (data / "private").write_text("rows")
        (data / "private").chmod(0o600)
        abstract = f"\0perilune-test-{os.getpid()}"
        with (
            socket.create_server(("127.0.0.1", 0)) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_UNIX) as with_path,
            socket.socket(socket.AF_UNIX) as without_path,
        ):
            udp.bind(("127.0.0.1", 0))
            with_path.bind(str(data / "socket"))
            (data / "socket").chmod(0o777)
            with_path.listen()
            without_path.bind(abstract)
            without_path.listen()
            yield {
                "data": name,
                "server": server.pid,
                "tcp": tcp.getsockname()[1],
                "udp": udp.getsockname()[1],
                "unix": str(data / "socket"),
                "abstract": abstract,
            }
        assert server.poll() is None, "the server was killed"
        assert (data / "perilune.db").read_text() in ("rows", "overwritten")
        server.communicate(b"\n")


def open_hostile(**options: Any):
    """Return a zygote whose workers try what they are told, to be opened."""
    return open_zygote([HOSTILE], search_path=[REPOSITORY], **options)


@contextmanager
def run_host(
    wrapper: Sequence[str] = (),
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Run `host_program` and wait until its workers are ready."""
    with subprocess.Popen(
        [*wrapper, sys.executable, "-m", "tests.worker.host_program"],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as host:
        try:
            assert host.stdout is not None
            line = host.stdout.readline()
            assert line, "the host ended before it was ready"
            yield host, json.loads(line)
        finally:
            host.kill()


def wait_until_ended(pidfds: Sequence[int]) -> None:
    """Wait for every process; close the descriptors."""
    try:
        for pidfd in pidfds:
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            assert poll.poll(END_TIMEOUT_S * 1000), "a process is still alive"
    finally:
        for pidfd in pidfds:
            os.close(pidfd)
