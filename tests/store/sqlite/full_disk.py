"""What a store does on a small disk that gets full; `test_full_disk` runs it on one of its own."""

import asyncio
import os
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from perilune.function_settings import UpdateFunctionRequest
from perilune.store import (
    DiskNearlyFull,
    ExecutionStatus,
    FunctionVersion,
    PaginationParams,
    Store,
    open_store,
)
from tests.namespaces import fill_disk, mount_small_disk
from tests.store.helpers import execution_of, fresh_id, some_version

MIB = 1024 * 1024
DISK_MIB, MIN_FREE = 24, 4 * MIB
RESERVE = MIN_FREE // 2
RUNNING = 200
"""Executions that have twice as much to write when they end as the reserve has room for."""


def opened(place: Path) -> AbstractAsyncContextManager[Store]:
    return open_store(place / "a.db", min_free_bytes=MIN_FREE)


def free(place: Path) -> int:
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def reserve(place: Path) -> int:
    file = place / "a.db-reserve"
    return file.stat().st_size if file.exists() else 0


async def limited_version(store: Store) -> FunctionVersion:
    """A function that keeps no more than a MiB."""
    version = await some_version(store)
    await store.update_function(version.function_id, UpdateFunctionRequest(retention_bytes=MIB))
    return version


async def fill_with_executions(store: Store, version: FunctionVersion) -> None:
    async def add() -> None:
        row = execution_of(version, event_json="x" * 20_000, status="success")
        await store.create_execution(row)

    async def add_all() -> None:
        while True:
            await asyncio.gather(*(add() for _ in range(16)))

    with pytest.raises(DiskNearlyFull):
        await add_all()


async def begin(store: Store, version: FunctionVersion) -> str:
    execution = execution_of(version, id=fresh_id("running"), event_json="x" * 20_000)
    await store.create_execution(execution)
    return execution.id


async def end(store: Store, execution_id: str) -> None:
    """Record the outcome, as often as it takes."""
    for _ in range(3):
        try:
            await store.update_execution(execution_id, ExecutionStatus.SUCCESS, 1, None, "y" * 5000)
        except Exception as error:
            failure = error
        else:
            return
    raise failure


async def room_again(store: Store) -> None:
    """Wait for the checkpoint behind the last commit."""
    async with asyncio.timeout(30):
        while (await store.disk_usage()).is_low:
            pass


async def assert_recovers(store: Store, place: Path, version: FunctionVersion) -> None:
    """Clean up as its own retention allows, after which everything is as before."""
    assert (await store.purge_large())["executions"] > 100
    assert await store.shrink() > 0

    await room_again(store)
    assert free(place) > MIN_FREE
    assert reserve(place) == RESERVE
    await store.ping()
    await end(store, await begin(store, version))
    assert await store.check_integrity() == []


async def test_by_executions(place: Path) -> None:
    async with opened(place) as store:
        version = await limited_version(store)
        assert reserve(place) == RESERVE
        running = await begin(store, version)

        await fill_with_executions(store, version)

        assert free(place) > MIN_FREE - MIB, "there is room left, and the log takes none of it"
        assert reserve(place) == RESERVE
        with pytest.raises(DiskNearlyFull):
            await store.ping()
        await end(store, running)
        assert (await store.get_execution(running)).status == "success"
        _, total = await store.list_executions(version.function_id, PaginationParams())
        assert total > 500
        await assert_recovers(store, place, version)


async def test_by_another_program(place: Path) -> None:
    async with opened(place) as store:
        version = await limited_version(store)
        running = await begin(store, version)
        await fill_with_executions(store, version)
        fill_disk(place / "filling")
        assert free(place) < 4096

        await end(store, running)

        assert (await store.get_execution(running)).status == "success"
        await assert_recovers(store, place, version)


async def test_while_it_was_closed(place: Path) -> None:
    async with opened(place) as store:
        version = await limited_version(store)
        running = [await begin(store, version) for _ in range(RUNNING)]
        await fill_with_executions(store, version)
    fill_disk(place / "filling")

    async with opened(place) as store:
        with pytest.raises(DiskNearlyFull):
            await begin(store, version)
        assert await store.recover_pending(2**40) == RUNNING
        for one in running:
            assert (await store.get_execution(one)).status == "error"
        await assert_recovers(store, place, version)


async def test_without_anything_to_delete(place: Path) -> None:
    async with opened(place) as store:
        version = await some_version(store)
        await fill_with_executions(store, version)
        fill_disk(place / "filling")
        await store.purge_expired(1)
        assert await store.shrink() == 0
    assert reserve(place) > 0, "what closing has freed is held for the next start"

    async with opened(place) as store:
        assert (await store.disk_usage()).is_low
        (place / "filling").unlink()
        await store.disk_usage()
        await store.delete_function(version.function_id)
        await store.purge_deleted()
        await store.shrink()
        await room_again(store)
        assert await store.check_integrity() == []


if __name__ == "__main__":
    chosen, folder = sys.argv[1], Path(sys.argv[2])
    mount_small_disk(folder, DISK_MIB)
    asyncio.run(globals()[chosen](folder))
