"""What the process is that runs JavaScript and TypeScript: whose, how closed, and for how long."""

import os
from pathlib import Path

import pytest

from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import RuntimeRequest, WorkerLimits, WorkerRuntime
from perilune.services.logger import MemoryLogger
from perilune.worker.library.zones import SERVER
from tests.runtimes.conftest import descendants

HELLO = "export default () => 'hello';"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's workers are another user")


def hello(runtime: str, code: str = HELLO) -> RuntimeRequest:
    context = ExecutionContext(execution_id="e", function_id="f", started_at=0)
    event = HTTPEvent(method="GET", path="/")
    return RuntimeRequest(
        code=code, context=context, event=event, version_id=runtime, runtime=runtime
    )


def programs() -> dict[int, str]:
    """The processes of this test that are Deno now, with the folder of their program."""
    return {
        pid: str(Path(line[0]).parent)
        for pid, line in descendants(os.getpid()).items()
        if line[0].endswith("/deno")
    }


@pytest.fixture
async def runtime():
    async with WorkerRuntime(logger=MemoryLogger(), limits=WorkerLimits(warm=1)) as opened:
        await opened.execute(hello("javascript"))
        await opened.execute(hello("typescript"))
        yield opened


async def test_both_languages_come_from_one_place(runtime):
    assert len(set(programs().values())) == 1
    assert runtime.sandbox().grade == "full"


@as_root
async def test_the_process_is_nobodys_and_nobody_can_look_into_it(runtime):
    for pid in programs():
        status = Path(f"/proc/{pid}/status").read_text()
        assert "Uid:\t65534\t65534\t65534\t65534" in status
        assert "CapEff:\t0000000000000000" in status
        assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
        # The kernel gives the files of a process that is not dumpable to root.
        assert Path(f"/proc/{pid}/mem").stat().st_uid == 0
        assert Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") == [
            b"DENO_DIR=/nonexistent",
            b"DENO_NO_UPDATE_CHECK=1",
            b"NO_COLOR=1",
            f"TZ={SERVER.name}".encode(),
            b"",
        ]


async def test_the_program_can_be_started_and_not_read(runtime):
    (folder,) = set(programs().values())

    assert os.stat(folder).st_mode & 0o777 == 0o711
    assert os.stat(f"{folder}/deno").st_mode & 0o777 == 0o111


async def test_nothing_is_left_behind():
    async with WorkerRuntime(logger=MemoryLogger(), limits=WorkerLimits(warm=1)) as runtime:
        await runtime.execute(hello("javascript"))
        (folder,) = set(programs().values())

    assert not Path(folder).exists()
    assert programs() == {}


async def test_its_clock_shows_the_time_of_the_server():
    limits = WorkerLimits(warm=1, time_zone="Europe/Berlin")
    request = hello(
        "javascript", "export default () => [time.format(0, '15 MST'), new Date(0).getHours()];"
    )

    async with WorkerRuntime(logger=MemoryLogger(), limits=limits) as runtime:
        result = await runtime.execute(request)

    assert result.response is not None
    assert result.response.body == b'["01 CET",1]'
