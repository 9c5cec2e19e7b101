"""What ends with what: workers, their zygote and the host."""

import asyncio
import os
import signal

import pytest

from bench.processes import children_of, descendants
from perilune.runtimes.workers import zygote_client
from perilune.runtimes.workers.zygote_client import ZygoteFailed
from perilune.worker import frames
from tests.worker.conftest import (
    END_TIMEOUT_S,
    HOSTILE,
    MEMORY_BYTES,
    Worker,
    open_hostile,
    run_host,
    wait_until_ended,
)


async def test_exits_are_told_after_spawn_has_returned():
    events: list[tuple[str, int, int]] = []
    all_told = asyncio.Event()

    def on_exit(pid: int, status: int) -> None:
        events.append(("exit", pid, status))
        if len([event for event in events if event[0] == "exit"]) == 4:
            all_told.set()

    async with open_hostile(on_exit=on_exit) as zygote:
        for _ in range(4):
            worker = await zygote.spawn(HOSTILE, MEMORY_BYTES)
            events.append(("spawn", worker.pid, 0))
            worker.close()
        await asyncio.wait_for(all_told.wait(), END_TIMEOUT_S)

    for kind, pid, _ in events:
        if kind == "exit":
            assert events.index(("spawn", pid, 0)) < events.index(("exit", pid, -signal.SIGKILL))


async def test_a_zygote_that_hangs_is_replaced_and_that_is_said(monkeypatch, caplog):
    monkeypatch.setattr(zygote_client, "SPAWN_TIMEOUT_S", 0.1)
    monkeypatch.setattr(zygote_client, "STOP_TIMEOUT_S", 0.1)
    async with open_hostile() as zygote:
        hanging = zygote.pid
        assert hanging is not None
        os.kill(hanging, signal.SIGSTOP)

        with pytest.raises(ZygoteFailed, match="no answer"):
            await zygote.spawn(HOSTILE, MEMORY_BYTES)
        monkeypatch.setattr(zygote_client, "SPAWN_TIMEOUT_S", END_TIMEOUT_S)
        (await zygote.spawn(HOSTILE, MEMORY_BYTES)).close()

        assert zygote.pid != hanging
        assert "has not answered for 0.1 s and is ended" in caplog.text


async def test_cancelled_spawn_leaves_no_worker():
    ended: asyncio.Queue[int] = asyncio.Queue()

    async with open_hostile(on_exit=lambda pid, status: ended.put_nowait(pid)) as zygote:
        task = asyncio.create_task(zygote.spawn(HOSTILE, MEMORY_BYTES))
        await asyncio.sleep(0)  # it has asked the zygote by now, and waits for the answer
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        pid = await asyncio.wait_for(ended.get(), END_TIMEOUT_S)

        kept = await zygote.spawn(HOSTILE, MEMORY_BYTES)

        assert kept.pid != pid
        assert not kept.exited.done()
        kept.close()


async def test_zygote_that_died_takes_its_workers_along_and_is_replaced(
    caplog: pytest.LogCaptureFixture,
):
    async with open_hostile() as zygote:
        first = zygote.pid
        assert first is not None
        orphan = Worker(await zygote.spawn(HOSTILE, MEMORY_BYTES))

        os.kill(first, signal.SIGKILL)
        status = await asyncio.wait_for(orphan.spawned.exited, END_TIMEOUT_S)
        replacement = Worker(await zygote.spawn(HOSTILE, MEMORY_BYTES))

        assert status == -signal.SIGKILL
        assert zygote.pid != first
        assert isinstance(await replacement.receive(), frames.Ready)
        assert "starting another" in caplog.text
        orphan.spawned.close()
        replacement.spawned.close()


async def test_zygote_that_keeps_dying_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(zygote_client, "MAX_RESTARTS", 1)
    async with open_hostile() as zygote:
        for _ in range(2):
            worker = await zygote.spawn(HOSTILE, MEMORY_BYTES)
            assert zygote.pid is not None
            os.kill(zygote.pid, signal.SIGKILL)
            await asyncio.wait_for(worker.exited, END_TIMEOUT_S)
            worker.close()

        with pytest.raises(ZygoteFailed, match="died 1 times"):
            await zygote.spawn(HOSTILE, MEMORY_BYTES)


async def test_closing_ends_every_worker():
    async with open_hostile() as zygote:
        workers = [await zygote.spawn(HOSTILE, MEMORY_BYTES) for _ in range(3)]
        pidfds = [os.dup(worker.pidfd) for worker in workers]

    wait_until_ended(pidfds)
    for worker in workers:
        assert worker.exited.result() == -signal.SIGKILL
        worker.close()


def test_killed_host_leaves_no_process_behind():
    with run_host() as (host, said):
        pidfds = [os.pidfd_open(pid) for pid in descendants(said["zygote"])]
        assert len(pidfds) > len(said["workers"])

        host.kill()

        wait_until_ended(pidfds)


def test_workers_die_with_the_zygote_though_the_host_does_nothing():
    with run_host() as (host, said):
        # Process 1 of their namespace is among them.
        pidfds = [os.pidfd_open(pid) for pid in children_of(said["zygote"])]
        assert len(pidfds) >= len(said["workers"])
        host.send_signal(signal.SIGSTOP)

        os.kill(said["zygote"], signal.SIGKILL)

        wait_until_ended(pidfds)
