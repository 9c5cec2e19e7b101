"""The zygote and the host's handle on it, with real processes."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from perilune.runtimes.workers.zygote_client import Zygote, ZygoteFailed, open_zygote
from perilune.worker import frames
from perilune.worker import zygote as protocol
from perilune.worker.lockdown import OPTIONAL_LAYERS, REQUIRED_LAYERS, grade
from tests.worker.conftest import (
    END_TIMEOUT_S,
    HOSTILE,
    MEMORY_BYTES,
    REPOSITORY,
    SpawnWorker,
    Worker,
    open_hostile,
    run_host,
)

LUA = "perilune.worker.lua_interpreter"

on_module_loop = pytest.mark.asyncio(loop_scope="module")


@on_module_loop
async def test_worker_says_first_that_it_is_locked_down(spawn_worker: SpawnWorker):
    worker, report = await spawn_worker()

    # What the machine and the user of these tests do not offer is there with its reason.
    assert [entry for entry in report if entry.partition(":")[0] not in OPTIONAL_LAYERS] == list(
        REQUIRED_LAYERS
    )
    assert grade(report).missing == ()
    assert worker.spawned.pid != os.getpid()


@on_module_loop
async def test_the_kernel_ends_workers_before_the_host_when_memory_is_short(
    spawn_worker: SpawnWorker,
):
    worker, _ = await spawn_worker()

    def score(pid: int) -> int:
        return int(Path(f"/proc/{pid}/oom_score_adj").read_text())

    assert score(worker.spawned.pid) == protocol.OOM_SCORE == 900
    assert score(os.getpid()) < 900


@on_module_loop
async def test_worker_ends_when_the_host_closes_its_connection(spawn_worker: SpawnWorker):
    worker, _ = await spawn_worker()

    worker.spawned.sock.close()

    assert await asyncio.wait_for(worker.spawned.exited, END_TIMEOUT_S) == 0


@on_module_loop
async def test_kill_ends_one_worker_only(spawn_worker: SpawnWorker):
    killed, _ = await spawn_worker()
    other, _ = await spawn_worker()

    killed.spawned.kill()
    killed.spawned.kill()

    assert await asyncio.wait_for(killed.spawned.exited, END_TIMEOUT_S) == -signal.SIGKILL
    assert await other.attempt("compute", {}) != ""
    assert not other.spawned.exited.done()


@on_module_loop
async def test_killing_a_closed_worker_does_nothing(spawn_worker: SpawnWorker):
    """The descriptor's number may belong to something else by then."""
    worker, _ = await spawn_worker()
    worker.spawned.close()

    worker.spawned.kill()
    worker.spawned.close()

    assert worker.spawned.pidfd == -1


@on_module_loop
async def test_workers_spawned_at_once_are_different_processes(zygote: Zygote):
    spawned = await asyncio.gather(*(zygote.spawn(HOSTILE, MEMORY_BYTES) for _ in range(12)))

    assert len({each.pid for each in spawned}) == 12
    for each in spawned:
        assert isinstance(await Worker(each).receive(), frames.Ready)
        each.close()


@on_module_loop
@pytest.mark.parametrize("layer", REQUIRED_LAYERS)
async def test_missing_layer_is_reported_and_nothing_is_served(
    spawn_worker: SpawnWorker, layer: str
):
    worker, report = await spawn_worker(without=[layer])

    assert grade(report).name == "relaxed"
    assert f"{layer}: left out on request" in grade(report).missing
    assert await worker.receive() is None
    status = await asyncio.wait_for(worker.spawned.exited, END_TIMEOUT_S)
    assert status == protocol.EXIT_NOT_LOCKED_DOWN


@on_module_loop
@pytest.mark.parametrize("layer", REQUIRED_LAYERS)
async def test_relaxed_worker_serves_although_a_layer_is_missing(
    spawn_worker: SpawnWorker, layer: str
):
    worker, report = await spawn_worker(without=[layer], relaxed=True)

    assert layer not in grade(report).in_force
    assert await worker.attempt("run_machine_code", {}) == "done: 42"


@on_module_loop
async def test_reason_of_a_missing_layer_is_the_kernels(spawn_worker: SpawnWorker):
    """Without no_new_privs, an unprivileged process may not install a filter."""
    _, report = await spawn_worker(without=["no_new_privs"])

    assert "seccomp: Permission denied" in grade(report).missing


@on_module_loop
async def test_defect_of_an_interpreter_is_told_to_the_host(spawn_worker: SpawnWorker):
    worker, _ = await spawn_worker()

    assert await worker.attempt("fail", {}) == "RuntimeError: a defect of the interpreter"
    status = await asyncio.wait_for(worker.spawned.exited, END_TIMEOUT_S)
    assert status == protocol.EXIT_FAILED


async def test_a_module_without_an_interpreter_is_reported_to_the_host():
    async with open_zygote(["json"]) as zygote:
        worker = Worker(await zygote.spawn("json", MEMORY_BYTES))
        failure = await worker.receive()
        worker.spawned.close()

    assert isinstance(failure, frames.Failure)
    assert failure.fatal
    assert "PROFILE" in failure.message


@on_module_loop
async def test_module_that_was_not_preloaded_is_refused(zygote: Zygote):
    pid = zygote.pid

    with pytest.raises(ZygoteFailed, match="no module 'os'"):
        await zygote.spawn("os", MEMORY_BYTES)

    (await zygote.spawn(HOSTILE, MEMORY_BYTES)).close()
    assert zygote.pid == pid


async def test_module_that_cannot_be_imported_is_named(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(ZygoteFailed, match="No module named 'no_such_interpreter'"):
        async with open_zygote(["no_such_interpreter"]):
            pass

    assert "no_such_interpreter" in capfd.readouterr().err


async def test_nothing_of_the_host_is_loaded():
    async with open_zygote([HOSTILE, LUA], search_path=[REPOSITORY]) as zygote:
        worker = Worker(await zygote.spawn(HOSTILE, MEMORY_BYTES))
        assert isinstance(await worker.receive(), frames.Ready)
        loaded = (await worker.attempt("loaded_modules", {})).removeprefix("done: ").split()
        worker.spawned.close()

    assert LUA in loaded
    assert [
        name
        for name in loaded
        if name not in ("perilune", "perilune.worker") and not name.startswith("perilune.worker.")
    ] == []


@pytest.mark.slow
async def test_deepest_recursion_of_lua_is_an_error_and_not_a_crash():
    """LuaJIT counts nested C calls; the stack must be large enough for all it allows."""
    code = """
        local function nest() return (string.gsub("x", ".", function() return nest() end)) end
        function handler() return {statusCode = 200, body = select(2, pcall(nest))} end
    """
    async with open_zygote([LUA]) as zygote:
        worker = Worker(await zygote.spawn(LUA, MEMORY_BYTES))
        ready = await worker.receive()
        loop = asyncio.get_running_loop()
        setup = frames.Setup(MEMORY_BYTES, 1 << 20, 1 << 16, [])
        await loop.sock_sendall(worker.spawned.sock, frames.encode(setup))
        invoke = frames.Invoke("v_deep", code, {}, {}, 10.0)
        await loop.sock_sendall(worker.spawned.sock, frames.encode(invoke))
        result = await worker.receive()
        worker.spawned.close()

    assert isinstance(ready, frames.Ready)
    assert isinstance(result, frames.Result), result
    assert result.body == b"stack overflow"


async def test_zygote_has_no_secrets_and_no_descriptors_of_the_host(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("PERILUNE_SECRET", "s3cret")
    with (tmp_path / "database").open("w") as database:
        os.set_inheritable(database.fileno(), True)
        async with open_hostile() as zygote:
            process = Path(f"/proc/{zygote.pid}")
            opened = [os.readlink(link) for link in (process / "fd").iterdir()]

            assert (process / "environ").read_bytes() == b""
            assert (process / "cwd").readlink() == Path("/")
            assert str(tmp_path / "database") not in opened


async def test_environment_that_got_into_the_zygote_is_a_missing_layer():
    """Emptying `os.environ` doesn't help then: the variables stay in memory."""
    with _bare_zygote({"PERILUNE_SECRET": "s3cret"}) as control:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            request = msgspec.msgpack.encode(protocol.Spawn(HOSTILE, MEMORY_BYTES))
            socket.send_fds(control, [request], [theirs.fileno()])
            theirs.close()
            ours.settimeout(END_TIMEOUT_S)
            reader = frames.FrameReader[frames.FromWorker](frames.FromWorker)
            (ready,) = reader.feed(ours.recv(65536))

    assert isinstance(ready, frames.Ready)
    assert grade(ready.layers).missing == (
        "environment: the zygote was started with an environment",
    )


@contextmanager
def _bare_zygote(environment: dict[str, str]) -> Iterator[socket.socket]:
    """Start the zygote by its own command line, as its protocol describes."""
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    paths = [part for path in sys.path if path for part in ("--path", path)]
    program = Path(protocol.__file__).with_name("__main__.py")
    command = [sys.executable, "-I", "-S", str(program), str(theirs.fileno()), *paths]
    command += ["--path", str(REPOSITORY), "--preload", HOSTILE]
    with control, subprocess.Popen(command, env=environment, pass_fds=[theirs.fileno()]):
        theirs.close()
        control.settimeout(END_TIMEOUT_S)
        assert control.recv(4096) == msgspec.msgpack.encode(protocol.Started())
        yield control
        control.close()  # else the zygote would go on


@on_module_loop
async def test_stop_signals_of_a_service_manager_reach_neither_zygote_nor_worker(
    zygote: Zygote, spawn_worker: SpawnWorker
):
    """The server drains its executions when it is told to stop."""
    worker, _ = await spawn_worker()
    pid = zygote.pid
    assert pid is not None

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(pid, number)
        signal.pidfd_send_signal(worker.spawned.pidfd, number)

    assert await worker.attempt("run_machine_code", {}) == "done: 42"
    await spawn_worker()
    assert zygote.pid == pid


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root to become another user"
)
def test_server_of_an_ordinary_user_has_every_layer_too():
    """The one capability lets this user read the Python of these tests; workers lose it."""
    wrapper = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
    wrapper += ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]

    with run_host(wrapper) as (_, said):
        assert said["user"] == 65533
        assert said["missing"] == []
        reason = "own_user: only a server that is root can give each worker a user"
        assert reason in said["optional_missing"]
        assert said["grade"] == "full"
        allowed = said["outcomes"].pop("compute")
        assert allowed.startswith("done")
        assert set(said["outcomes"].values()) == {"EPERM"}
