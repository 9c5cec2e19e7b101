"""A worker can read its function's values in memory, and do nothing else with it."""

import fcntl
import mmap
import os
from typing import Any

import pytest

from perilune.runtimes.shared_log import SharedLog, create_log
from perilune.worker.shared_values import NEVER, SIZE, map_values
from tests.worker.conftest import SpawnWorker, Worker

READ_WRITE = mmap.PROT_READ | mmap.PROT_WRITE


def values_of(worker: Worker) -> SharedLog:
    """Return what a worker is shown."""
    values = worker.spawned.values
    assert values is not None
    return values


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("probe", "outcome"),
    [
        pytest.param("write_shared", "killed by SIGSEGV", id="write"),
        pytest.param("make_shared_writable", "EACCES", id="mprotect"),
        pytest.param("make_shared_private_writable", "EACCES", id="mremap"),
        pytest.param("double_shared", "EACCES", id="second-mapping"),
        pytest.param("empty_shared", "EACCES", id="madvise"),
        pytest.param("cut_shared", "EPERM", id="ftruncate"),
        pytest.param("open_shared_again", "EPERM", id="open-again"),
        pytest.param("seal_by_descriptor", "EPERM", id="fcntl"),
        pytest.param("descriptors", "done: [0, 1, 2]", id="no-descriptor-left"),
    ],
)
async def test_a_worker_can_only_read(
    spawn_worker: SpawnWorker, targets: dict[str, Any], probe: str, outcome: str
):
    worker, _ = await spawn_worker(shares_values=True)
    values = values_of(worker)
    values.serve("f")
    values.fill({b"kname": (b"value", NEVER)})
    assert await worker.attempt("read_shared", targets) == "done: (b'value',)"

    assert await worker.attempt(probe, targets) == outcome

    if not outcome.startswith("killed"):
        assert await worker.attempt("read_shared", targets) == "done: (b'value',)"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_worker_without_memory_is_told_nothing(spawn_worker: SpawnWorker, targets):
    worker, _ = await spawn_worker()

    assert worker.spawned.values is None
    assert "IndexError" in await worker.attempt("read_shared", targets)


@pytest.mark.asyncio(loop_scope="module")
async def test_workers_have_memory_of_their_own(spawn_worker: SpawnWorker, targets):
    ours, _ = await spawn_worker(shares_values=True)
    theirs, _ = await spawn_worker(shares_values=True)

    values_of(ours).fill({b"kname": (b"ours", NEVER)})

    assert await ours.attempt("read_shared", targets) == "done: (b'ours',)"
    assert await theirs.attempt("read_shared", targets) == "done: None"


@pytest.mark.asyncio(loop_scope="module")
async def test_the_memory_goes_with_the_worker(spawn_worker: SpawnWorker):
    worker, _ = await spawn_worker(shares_values=True)
    values = values_of(worker)

    worker.spawned.close()
    values.fill({b"kname": (b"value", NEVER)})

    assert values.is_closed
    assert not values.is_filled


@pytest.fixture
def descriptor():
    """The descriptor as the process that forks workers gets it."""
    created = create_log()
    assert created is not None
    log, number = created
    yield number
    os.close(number)
    log.close()


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(lambda one: os.write(one, b"x"), id="write"),
        pytest.param(lambda one: os.pwrite(one, b"x", 0), id="pwrite"),
        pytest.param(lambda one: os.ftruncate(one, 0), id="shrink"),
        pytest.param(lambda one: os.ftruncate(one, 2 * SIZE), id="grow"),
        pytest.param(lambda one: os.posix_fallocate(one, SIZE, SIZE), id="fallocate"),
        pytest.param(lambda one: mmap.mmap(one, SIZE, mmap.MAP_SHARED, READ_WRITE), id="mmap"),
        pytest.param(
            lambda one: mmap.mmap(
                os.open(f"/proc/self/fd/{one}", os.O_RDWR), SIZE, mmap.MAP_SHARED, READ_WRITE
            ),
            id="open-again",
        ),
        pytest.param(lambda one: fcntl.fcntl(one, fcntl.F_ADD_SEALS, 8), id="seal"),
    ],
)
def test_the_descriptor_is_sealed(descriptor, attempt):
    with pytest.raises(PermissionError):
        attempt(descriptor)

    map_values(descriptor)
