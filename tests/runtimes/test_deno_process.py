"""What the process is that runs JavaScript and TypeScript: whose, how closed, and for how long."""

import asyncio
import dataclasses
import os
import signal
from pathlib import Path

import pytest

from bench.processes import command_of, descendants, is_running, parent_of
from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import (
    RuntimeRequest,
    WorkerDiedError,
    WorkerLimits,
    WorkerRuntime,
    forked,
)
from perilune.runtimes.languages.javascript import JAVASCRIPT
from perilune.services.logger import StoreLogger
from perilune.worker.library.zones import SERVER
from perilune.worker.lockdown import FIRST_OWN_USER
from tests.store.memory import NoRows

HELLO = "export default () => 'hello';"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's workers are another user")


def hello(runtime: str, code: str = HELLO) -> RuntimeRequest:
    context = ExecutionContext(execution_id="e", function_id="f", started_at=0)
    event = HTTPEvent(method="GET", path="/")
    return RuntimeRequest(
        code=code, context=context, event=event, version_id=runtime, runtime=runtime
    )


def programs() -> dict[int, Path]:
    """The processes of this test that are Deno now, with the folder of their modules."""
    return {
        pid: Path(line[-1]).parent
        for pid in descendants(os.getpid())
        if (line := command_of(pid))[:1] == ["deno"]
    }


@pytest.fixture
async def runtime():
    async with WorkerRuntime(logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1)) as opened:
        await opened.execute(hello("javascript"))
        await opened.execute(hello("typescript"))
        yield opened


async def test_both_languages_come_from_one_place(runtime):
    assert len(set(programs().values())) == 1
    assert runtime.sandbox().grade == "full"


@as_root
async def test_the_process_is_its_own_users_and_nobody_can_look_into_it(runtime):
    assert programs()
    for pid in programs():
        status = Path(f"/proc/{pid}/status").read_text()
        user = str(FIRST_OWN_USER + pid)
        assert "\t".join(["Uid:", *[user] * 4]) in status
        (numbers,) = [line for line in status.splitlines() if line.startswith("NSpid:")]
        assert len(numbers.split()) == 3, "outside and inside of its namespace"
        assert "CapEff:\t0000000000000000" in status
        assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
        # The kernel gives the files of a process that is not dumpable to root.
        assert Path(f"/proc/{pid}/mem").stat().st_uid == 0
        assert Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") == [
            b"DENO_DIR=/nonexistent",
            b"DENO_EMIT_CACHE_MODE=disable",
            b"DENO_NO_UPDATE_CHECK=1",
            b"NO_COLOR=1",
            f"TZ={SERVER.name}".encode(),
            b"",
        ]


@as_root
async def test_the_program_can_be_started_and_not_read_and_has_no_name(runtime):
    assert programs()
    for pid in programs():
        program = f"/proc/{pid}/exe"
        assert os.stat(program).st_mode & 0o777 == 0o111
        assert os.stat(program).st_nlink == 0


async def test_the_folder_of_the_modules_cannot_be_listed_by_others(runtime):
    (folder,) = set(programs().values())

    assert os.stat(folder).st_mode & 0o777 == 0o711
    assert {one.suffix for one in folder.iterdir()} == {".js", ".json"}


async def test_nothing_is_left_behind():
    async with WorkerRuntime(logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1)) as runtime:
        await runtime.execute(hello("javascript"))
        (folder,) = set(programs().values())

    assert not folder.exists()
    assert programs() == {}


async def test_the_next_process_removes_leftovers_of_a_killed_one():
    async with WorkerRuntime(logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1)) as runtime:
        await runtime.execute(hello("javascript"))
        ((worker, folder),) = list(programs().items())[:1]
        zygote = parent_of(worker)
        os.kill(zygote, signal.SIGKILL)
        async with asyncio.timeout(30):
            while is_running(zygote) or is_running(worker):
                await asyncio.sleep(0)
        left = sum(one.stat().st_size for one in folder.iterdir())

        async with asyncio.timeout(30):
            while await fails(runtime):
                pass
        (other,) = set(programs().values())

        assert left < 1024 * 1024  # nothing of the program
        assert not folder.exists()
        assert other.exists()


async def test_the_folders_of_others_who_live_are_left_alone():
    async with WorkerRuntime(logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1)) as ours:
        await ours.execute(hello("javascript"))
        (folder,) = set(programs().values())
        async with WorkerRuntime(
            logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1)
        ) as theirs:
            await theirs.execute(hello("javascript"))

            assert len(set(programs().values())) == 2

        assert folder.exists()
        await ours.execute(hello("typescript"))


async def fails(runtime: WorkerRuntime) -> bool:
    """Execute a function; tell whether its worker, or what workers come from, had just died."""
    try:
        await runtime.execute(hello("javascript"))
    except WorkerDiedError:
        return True
    return False


async def test_a_program_that_cannot_be_started_is_not_blamed_on_the_function():
    interpreters = Path(__file__).parent / "interpreters"
    broken = dataclasses.replace(JAVASCRIPT, open_spawner=forked("unstartable", [interpreters]))
    limits = WorkerLimits(warm=0, maximum=1)

    async with WorkerRuntime(
        logger=StoreLogger(NoRows()), limits=limits, languages=[broken]
    ) as runtime:
        with pytest.raises(
            WorkerDiedError, match=r"ended in the middle of the execution \(exit status 1\)"
        ):
            await runtime.execute(hello("javascript"))


async def test_its_clock_shows_the_time_of_the_server():
    limits = WorkerLimits(warm=1, time_zone="Europe/Berlin")
    zone = "Intl.DateTimeFormat().resolvedOptions().timeZone"
    request = hello("javascript", f"export default () => [{zone}, new Date(0).getHours()];")

    async with WorkerRuntime(logger=StoreLogger(NoRows()), limits=limits) as runtime:
        result = await runtime.execute(request)

    assert result.response is not None
    assert result.response.body == b'["Europe/Berlin",1]'
