"""Workers that die or lie cost one execution each, never more."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.processes import children_of, command_of
from bench.processes import workers_of as forked_by
from perilune.engine import ExecutionTimeoutError
from perilune.events import ExecutionContext, HTTPEvent
from perilune.runtimes import (
    GuestError,
    RuntimeFailure,
    RuntimeRequest,
    SandboxUnavailableError,
    WorkerDiedError,
    WorkerKind,
    WorkerLimits,
    WorkerRuntime,
    WorkersBusyError,
)
from perilune.runtimes.limits import MIB
from perilune.runtimes.workers.plan import PoolMetrics
from perilune.services.kv import KV
from perilune.services.logger import StoreLogger
from perilune.store import ExecutionStatus
from tests.runtimes.conftest import FORGER, Box
from tests.store.memory import NoRows, store_with

HERE = Path(__file__).parent
ZYGOTE = "perilune/worker/__main__.py"
SLOW = "function handler() kv.set('here', '1') time.sleep(60000) return { body = 'late' } end"


def asking(code: str, version_id: str = "v1") -> RuntimeRequest:
    """Return a request to run *code* as function `f`."""
    return RuntimeRequest(
        code=code,
        context=ExecutionContext(execution_id="e", function_id="f", started_at=1),
        event=HTTPEvent(method="GET", path="/"),
        version_id=version_id,
    )


def workers_of(runtime_pid: int) -> set[int]:
    """Return the process ids of the workers that *runtime_pid* has."""
    return {pid for zygote in zygotes_of(runtime_pid) for pid in forked_by(zygote)}


def zygotes_of(runtime_pid: int) -> list[int]:
    """Return the processes that workers are forked from, and nothing else that was started."""
    return [pid for pid in children_of(runtime_pid) if ZYGOTE in " ".join(command_of(pid))]


async def until(condition: object, limit_s: float = 30.0) -> None:
    """Wait until *condition* (a callable) is true."""
    async with asyncio.timeout(limit_s):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)


async def test_a_killed_worker_costs_its_execution_only(box: Box) -> None:
    slow, fine = await box.add(SLOW), await box.add("function handler() return { body = 'x' } end")
    (victim,) = workers_of(os.getpid())
    task = asyncio.create_task(box.call(slow))
    while await box.store.kv.get(slow, b"here") is None:
        await asyncio.sleep(0.005)

    os.kill(victim, signal.SIGKILL)
    result = await task

    record = await box.record(result)
    assert record.status == ExecutionStatus.ERROR
    assert record.error_message == (
        "the worker process ended in the middle of the execution (killed by SIGKILL)"
    )
    assert (await box.call(fine)).error is None


async def test_a_killed_zygote_is_replaced(box: Box) -> None:
    fine = await box.add("function handler() return { body = 'x' } end")
    assert (await box.call(fine)).error is None

    for zygote in zygotes_of(os.getpid()):
        os.kill(zygote, signal.SIGKILL)

    async with asyncio.timeout(30):
        while (await box.call(fine)).error is not None:
            await asyncio.sleep(0.01)


async def test_cancelling_an_execution_stops_its_worker(box: Box) -> None:
    slow = await box.add(SLOW)
    task = asyncio.create_task(box.call(slow))
    while await box.store.kv.get(slow, b"here") is None:
        await asyncio.sleep(0.005)
    before = workers_of(os.getpid())

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await until(lambda: before - workers_of(os.getpid()))


async def test_a_time_out_stops_the_worker(box: Box) -> None:
    before = workers_of(os.getpid())
    result = await box.run("function handler() while true do end end", timeout_s=1)

    assert isinstance(result.error, ExecutionTimeoutError)
    await until(lambda: not (before & workers_of(os.getpid())))


@pytest.fixture
async def forger() -> AsyncIterator[WorkerRuntime]:
    """A runtime whose workers have been taken over."""
    async with (
        store_with("f") as store,
        WorkerRuntime(
            logger=StoreLogger(NoRows()),
            kv_store=KV(store.kv),
            limits=WorkerLimits(warm=1, maximum=2),
            languages=[FORGER],
        ) as runtime,
    ):
        yield runtime


@pytest.mark.parametrize(
    "forgery",
    [
        "noise",
        "wrong version",
        "endless frame",
        "not msgpack",
        "unknown tag",
        "wrong types",
        "a frame for the worker",
        "unknown call",
        "call of an inner name",
        "too few arguments",
        "too many arguments",
        "wrong argument",
        "wrong options",
        "status out of range",
        "more reads than are allowed",
        "a negative number of reads",
        "fewer reads than before",
        "a result after too many reads",
    ],
)
async def test_a_forged_frame_is_an_error_of_that_execution(
    forger: WorkerRuntime, forgery: str
) -> None:
    async with asyncio.timeout(30):
        with pytest.raises((WorkerDiedError, GuestError)) as caught:
            await forger.execute(asking(forgery))
        after = await forger.execute(asking("good", "v2"))

    assert isinstance(caught.value, RuntimeFailure)
    assert str(caught.value)
    assert after.response is not None
    assert after.response.body == b"fine"


async def test_a_second_result_is_never_taken_for_the_next_execution(forger: WorkerRuntime) -> None:
    first = await forger.execute(asking("two results"))
    second = await forger.execute(asking("good"))

    assert first.response is not None
    assert second.response is not None


async def test_a_full_queue_is_a_clear_refusal() -> None:
    async with WorkerRuntime(
        logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1, maximum=1, queue=2)
    ) as runtime:
        code = "function handler() time.sleep(300) return {} end"
        tasks = [asyncio.create_task(runtime.execute(asking(code))) for _ in range(4)]
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        (refused,) = done

        with pytest.raises(WorkersBusyError, match="queue is full"):
            refused.result()

        assert len(waiting) == 3
        for result in await asyncio.gather(*waiting):
            assert result.response is not None


async def test_a_busy_function_leaves_workers_to_others() -> None:
    async with WorkerRuntime(
        logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1, maximum=4)
    ) as runtime:
        hog = "function handler() time.sleep(600000) return {} end"
        hogs = [asyncio.create_task(runtime.execute(asking(hog, "hog"))) for _ in range(20)]
        async with asyncio.timeout(30):
            for _ in range(3):
                result = await runtime.execute(
                    asking("function handler() return { body = 'served' } end", "other")
                )
                assert result.response is not None
        for task in hogs:
            task.cancel()
        await asyncio.wait(hogs)


async def test_a_function_in_use_keeps_its_worker_beside_busy_ones() -> None:
    """Those that have workers do not take its only one between two calls."""
    async with WorkerRuntime(
        logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1, maximum=4)
    ) as runtime:
        served = asking("function handler() return { body = 'served' } end", "served")
        hog = "function handler() time.sleep(600000) return {} end"
        await runtime.execute(served)
        hogs = [
            asyncio.create_task(runtime.execute(asking(hog, name)))
            for name in ("one hog", "another hog")
            for _ in range(20)
        ]
        async with asyncio.timeout(30):
            while runtime.pool() != PoolMetrics(bound=4, spare=1, starting=0, waiting=37):
                await runtime.execute(served)
            for _ in range(20):
                await runtime.execute(served)

        for task in hogs:
            task.cancel()
        await asyncio.wait(hogs)


async def test_a_function_that_fills_the_queue_leaves_places_to_others() -> None:
    """Who came last in the longest queue makes room, so that others may wait at all."""
    async with WorkerRuntime(
        logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1, maximum=2, queue=6)
    ) as runtime:
        hog = "function handler() time.sleep(600000) return {} end"
        served = "function handler() return { body = 'served' } end"
        refused = 0

        async def insist() -> None:
            nonlocal refused
            while True:
                try:
                    await runtime.execute(asking(hog, "hog"))
                except WorkersBusyError:
                    refused += 1
                    await asyncio.sleep(0)

        hogs = [asyncio.create_task(insist()) for _ in range(20)]
        await until(lambda: refused > 20)
        for number in range(3):
            # Workers with a limit of their own are never there beforehand.
            request = msgspec.structs.replace(asking(served, f"other {number}"), memory_mb=32)
            async with asyncio.timeout(30):
                others = await asyncio.gather(*(runtime.execute(request) for _ in range(3)))
            assert [one.response and one.response.body for one in others] == [b"served"] * 3
        assert runtime.pool().waiting <= 6
        for task in hogs:
            task.cancel()
        await asyncio.wait(hogs)


async def test_kinds_of_workers_that_are_gone_are_forgotten() -> None:
    """A server that has run a thousand limits of memory remembers those of its workers only."""
    limits = range(41, 47)
    async with WorkerRuntime(
        logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1, maximum=1)
    ) as runtime:
        for mib in limits:
            request = asking("function handler() return { body = 'x' } end", f"v{mib}")
            await runtime.execute(msgspec.structs.replace(request, memory_mb=mib))

        def remembered() -> set[int]:
            gc.collect()
            kinds = [kind for kind in gc.get_objects() if isinstance(kind, WorkerKind)]
            return {kind.memory_bytes // MIB for kind in kinds}.intersection(limits)

        await until(lambda: remembered() == {limits[-1]})


async def test_many_functions_share_few_workers() -> None:
    async with WorkerRuntime(
        logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1, maximum=3)
    ) as runtime:

        async def one(number: int) -> None:
            code = f"function handler() return {{ body = 'f{number % 20}' }} end"
            result = await runtime.execute(asking(code, f"v{number % 20}"))
            assert result.response is not None
            assert result.response.body == f"f{number % 20}".encode()

        async with asyncio.timeout(30):
            await asyncio.gather(*(one(number) for number in range(100)))

        assert runtime.pool().bound <= 3
        # Those that were stopped may take a moment to end.
        await until(lambda: len(workers_of(os.getpid())) <= 4)


async def test_a_new_function_finds_a_spare_worker_though_all_places_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from perilune.runtimes.workers import zygote_client

    spawn, may_start = zygote_client.Zygote.spawn, asyncio.Event()

    async def gated(self: Any, *args: Any, **more: Any) -> Any:
        await may_start.wait()
        return await spawn(self, *args, **more)

    monkeypatch.setattr(zygote_client.Zygote, "spawn", gated)
    may_start.set()
    limits = WorkerLimits(warm=1, maximum=3)
    async with WorkerRuntime(logger=StoreLogger(NoRows()), limits=limits) as runtime:
        for number in range(8):
            await until(lambda: runtime.pool().spare == 1 and not runtime.pool().starting)
            may_start.clear()
            async with asyncio.timeout(30):
                await runtime.execute(asking("function handler() return {} end", f"v{number}"))

            assert runtime.pool().bound == min(number + 1, limits.maximum)
            may_start.set()


async def test_a_missing_layer_is_a_reason_not_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    from perilune.runtimes.workers import zygote_client

    spawn = zygote_client.Zygote.spawn

    async def without_seccomp(
        self: object, module: str, memory_bytes: int, **more: object
    ) -> object:
        return await spawn(self, module, memory_bytes, **{**more, "without": ("seccomp",)})  # type: ignore[arg-type]

    monkeypatch.setattr(zygote_client.Zygote, "spawn", without_seccomp)
    strict = WorkerRuntime(logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1))
    with pytest.raises(SandboxUnavailableError, match="seccomp"):
        await strict.start()
    assert strict.sandbox().grade == "none"

    relaxed = WorkerRuntime(logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1, relaxed=True))
    async with relaxed:
        assert relaxed.sandbox().grade == "relaxed"
        assert any("seccomp" in layer for layer in relaxed.sandbox().missing)
        await relaxed.execute(asking("function handler() return {} end"))


async def test_invocations_in_line_survive_the_death_of_their_worker(box: Box) -> None:
    """Those behind the one that is running were never begun, so another worker has them."""
    code = """
function handler(ctx, event)
  if event.query.slow then kv.set("here", "1") time.sleep(60000) end
  return { body = "quick" }
end"""
    function_id = await box.add(code)
    slow = HTTPEvent(method="GET", path="/", query={"slow": "1"})
    (first_worker,) = workers_of(os.getpid())
    for _ in range(200):
        await box.call(function_id)
    tasks = [asyncio.create_task(box.call(function_id, slow))]
    tasks += [asyncio.create_task(box.call(function_id)) for _ in range(6)]
    while await box.store.kv.get(function_id, b"here") is None:
        await asyncio.sleep(0.005)

    os.kill(first_worker, signal.SIGKILL)
    victim, *others = await asyncio.gather(*tasks)

    assert isinstance(victim.error, WorkerDiedError)
    for result in others:
        assert result.error is None, result.error
        assert result.response is not None
        assert result.response.body == b"quick"


async def test_cancelling_one_in_line_disturbs_nobody(box: Box) -> None:
    function_id = await box.add("function handler() return { body = 'quick' } end")
    for _ in range(200):
        await box.call(function_id)

    for steps in range(30):
        tasks = [asyncio.create_task(box.call(function_id)) for _ in range(8)]
        for _ in range(steps):
            await asyncio.sleep(0)
        tasks[3].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for number, result in enumerate(results):
            if number != 3:
                assert not isinstance(result, BaseException)
                assert result.error is None, result.error


async def test_readiness_follows_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    from perilune.runtimes.workers import zygote_client

    runtime = WorkerRuntime(logger=StoreLogger(NoRows()), limits=WorkerLimits(warm=1, maximum=2))
    assert not runtime.is_ready()
    async with runtime:
        assert runtime.is_ready()

        async def fail(*_args: Any, **_more: Any) -> Any:
            raise zygote_client.ZygoteFailed("for this test")

        monkeypatch.setattr(zygote_client.Zygote, "spawn", fail)
        for pid in workers_of(os.getpid()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await until(lambda: not runtime.is_ready())

        monkeypatch.undo()
        await until(runtime.is_ready)
    assert not runtime.is_ready()


@pytest.mark.parametrize("forgery", ["a frame for the worker", "a bad call and a result"])
async def test_a_forger_is_stopped_though_it_ends_its_invocation(
    forger: WorkerRuntime, forgery: str
) -> None:
    """The outcome that comes with a forgery does not save the worker that sent it."""
    (liar,) = workers_of(os.getpid())

    with pytest.raises(WorkerDiedError, match="stopped"):
        await forger.execute(asking(forgery))

    await until(lambda: liar not in workers_of(os.getpid()))
