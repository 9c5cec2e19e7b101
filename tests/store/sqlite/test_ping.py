"""Whether the database works is asked of the file."""

import asyncio
import sqlite3
import textwrap
from pathlib import Path

import pytest

from perilune.store import Function, StoreUnavailable, open_store
from tests.namespaces import UNSHARE, needs_namespaces, run_python


def run(code: str, *command: str) -> str:
    """Run *code* in a process of its own, whose limits are its own."""
    return run_python("-c", textwrap.dedent(code), before=command)


async def test_probing_costs_no_commit_each(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with open_store(path) as store:
        await store.ping()
        size = Path(f"{path}-wal").stat().st_size
        for _ in range(20):
            await store.ping()
        assert Path(f"{path}-wal").stat().st_size == size


async def test_it_waits_for_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perilune.store.database_store.FRESH_S", 0.0)
    async with open_store(tmp_path / "a.db") as store:
        await store.ping()
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await store.ping()

        other.execute("ROLLBACK")
        other.close()
        await store.ping()
        assert await store.check_integrity() == []


async def test_a_damaged_table_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with open_store(path) as store:
        await store.create_function(Function(id="a", name="a"))
    with sqlite3.connect(path) as file:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'executions'"
        ((page,),) = file.execute(query).fetchall()
    file.close()
    with path.open("r+b") as raw:
        raw.seek((page - 1) * 4096)
        raw.write(bytes(4096))

    async with open_store(path) as store:
        with pytest.raises(StoreUnavailable):
            await store.ping()


def test_a_file_that_cannot_grow_is_noticed_and_so_is_its_recovery(tmp_path: Path) -> None:
    said = run(f"""
        import asyncio, os, resource
        from perilune.store import Function, StoreUnavailable, open_store

        async def main():
            async with open_store({str(tmp_path / "a.db")!r}) as store:
                await store.create_function(Function(id="a", name="a"))
                size = os.stat({str(tmp_path / "a.db-wal")!r}).st_size
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
                try:
                    await store.create_function(Function(id="b", name="b"))
                except StoreUnavailable:
                    print("not committed")
                try:
                    await store.ping()
                except StoreUnavailable:
                    print("not ready")
                unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
                await store.ping()
                print("ready")

        asyncio.run(main())
    """)

    assert said.splitlines() == ["not committed", "not ready", "ready"]


@needs_namespaces
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    said = run(
        f"""
        import asyncio
        from pathlib import Path
        from perilune.store import DiskFull, Function, open_store
        from tests.namespaces import fill_disk, mount_small_disk
        from tests.store.sqlite.file import other_connection

        place = Path({str(tmp_path)!r})
        mount_small_disk(place, 2)

        async def main():
            try:
                async with open_store(place / "a.db") as store:
                    await store.create_function(Function(id="a", name="a"))
                    # Or there may be room in the log, and a small write succeeds.
                    with other_connection(place / "a.db") as other:
                        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    fill_disk(place / "filling")
                    try:
                        await store.create_version("a", "x" * 1_000_000)
                    except DiskFull as error:
                        print(error)
                    try:
                        await store.ping()
                    except DiskFull:
                        print("not ready")
                    (place / "filling").unlink()
                    await store.ping()
                    print("ready")
                fill_disk(place / "filling")
                async with open_store(place / "a.db"):
                    print("opened")
            except DiskFull as error:
                print(error)

        asyncio.run(main())
        """,
        *UNSHARE,
    )

    assert said.splitlines() == [
        "the write was not committed: the disk is full",
        "not ready",
        "ready",
        f"cannot open {tmp_path / 'a.db'}: the disk is full",
    ]
