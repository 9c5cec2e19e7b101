"""Which files are opened, and how they are created."""

import asyncio
import os
from pathlib import Path

import pytest

from perilune.store import (
    IN_MEMORY,
    Function,
    IncompatibleDatabase,
    PaginationParams,
    StoreUnavailable,
    open_store,
)
from perilune.store.sqlite.connection import connect
from perilune.store.sqlite.connection.migrate import shipped_migrations
from tests.store.helpers import NOW, execution_of, fresh_id, some_version
from tests.store.sqlite.file import mode_of, open_at_once, other_connection, row_count, rows


@pytest.mark.parametrize(
    "umask", [pytest.param(0o000, id="open"), 0o022, pytest.param(0o277, id="closed")]
)
async def test_files_can_be_read_by_their_owner_only(path, umask):
    before = os.umask(umask)
    try:
        async with open_store(path) as store:
            await some_version(store)
            files = sorted(path.parent.iterdir())
            modes = {file.name: mode_of(file) for file in files}
    finally:
        os.umask(before)

    assert modes == {path.name: 0o600, f"{path.name}-shm": 0o600, f"{path.name}-wal": 0o600}


async def test_missing_directories_are_created_for_the_owner_only(tmp_path):
    before = os.umask(0)
    try:
        async with open_store(tmp_path / "a" / "b" / "perilune.db"):
            pass
    finally:
        os.umask(before)

    assert mode_of(tmp_path / "a") == mode_of(tmp_path / "a" / "b") == 0o700


async def test_stored_rows_are_there_after_opening_again(path):
    async with open_store(path) as store:
        version = await some_version(store)
        function = await store.get_function(version.function_id)

    async with open_store(path) as store:
        assert await store.get_function(version.function_id) == function
        assert await store.get_active_version(version.function_id) == version


async def test_opening_again_migrates_nothing(path, clock):
    made = "SELECT version, checksum, applied_at FROM perilune_migrations"
    async with open_store(path, clock=clock):
        pass
    before = rows(path, made)
    clock.now += 100

    async with open_store(path, clock=clock):
        pass

    assert rows(path, made) == before
    assert before[0][2] == NOW
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name]


async def test_a_path_may_hold_any_character(tmp_path):
    odd = tmp_path / "a?mode=memory&b#c %41'ü.db"

    async with open_store(odd) as store:
        await some_version(store)

    assert odd.stat().st_size > 0


def write_lunar_database(path: Path) -> None:
    with other_connection(path) as connection:
        connection.execute("CREATE TABLE functions (id TEXT)")
        connection.execute("CREATE TABLE schema_migrations (version uint64, dirty bool)")


def write_foreign_database(path: Path) -> None:
    with other_connection(path) as connection:
        connection.execute("CREATE TABLE cakes (id TEXT)")


async def make_newer(path: Path) -> None:
    with other_connection(path) as connection:
        connection.execute("INSERT INTO perilune_migrations VALUES (999, 'later', 'checksum', 1)")


async def make_different(path: Path) -> None:
    with other_connection(path) as connection:
        connection.execute("UPDATE perilune_migrations SET checksum = 'other'")


@pytest.mark.parametrize(
    ("write", "text"),
    [
        pytest.param(write_lunar_database, "database of Lunar", id="lunar"),
        pytest.param(write_foreign_database, "belongs to another program", id="foreign"),
        pytest.param(lambda p: p.write_bytes(b"no database " * 500), "damaged", id="text"),
        pytest.param(
            lambda p: p.write_bytes(b"SQLite format 3\0" + b"\xff" * 4080), "damaged", id="garbage"
        ),
    ],
)
async def test_files_that_are_not_ours_are_refused_and_left_alone(path, write, text):
    write(path)
    before = path.read_bytes()

    with pytest.raises(IncompatibleDatabase, match=text) as caught:
        async with open_store(path):
            pytest.fail("was opened")

    assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param(make_newer, "used by a newer Perilune", id="newer"),
        pytest.param(make_different, "another migration 1", id="other-text"),
    ],
)
async def test_files_of_other_versions_are_refused(path, change, text):
    async with open_store(path):
        pass
    await change(path)

    with pytest.raises(IncompatibleDatabase, match=text):
        async with open_store(path):
            pytest.fail("was opened")


async def test_a_damaged_file_is_refused_or_found_out(path):
    async with open_store(path) as store:
        for _ in range(50):
            await some_version(store)
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)

    with pytest.raises(IncompatibleDatabase, match="damaged"):
        async with open_store(path):
            pytest.fail("was opened")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda p: p.mkdir(), id="directory"),
        pytest.param(lambda p: p.symlink_to(p.with_name("nowhere")), id="dangling-link"),
        pytest.param(lambda p: p.parent.joinpath("perilune.db").mkdir(), id="a-directory-too"),
    ],
)
async def test_a_file_that_cannot_be_opened_is_unavailable(path, spoil):
    spoil(path)

    with pytest.raises(StoreUnavailable) as caught:
        async with open_store(path):
            pytest.fail("was opened")

    assert caught.value.__cause__ is not None


async def test_a_file_in_place_of_a_directory_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreUnavailable):
        async with open_store(tmp_path / "file" / "perilune.db"):
            pytest.fail("was opened")


async def test_a_store_in_memory_leaves_nothing_behind(monkeypatch, tmp_path):
    monkeypatch.setattr("perilune.store.sqlite.opening.RAM_DISK", tmp_path)

    async with open_store(IN_MEMORY) as store, open_store(IN_MEMORY) as other:
        await store.create_function(Function(id="f", name="n"))
        assert len(list(tmp_path.iterdir())) == 2
        assert (await other.list_functions(PaginationParams()))[1] == 0

    assert list(tmp_path.iterdir()) == []


async def test_several_processes_may_open_a_new_file_at_once(path):
    await open_at_once(path)

    assert rows(path, "SELECT id FROM functions ORDER BY id") == [(f"{n}",) for n in range(6)]
    applied = rows(path, "SELECT version FROM perilune_migrations ORDER BY version")
    assert applied == [(one.version,) for one in shipped_migrations()]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_integrity_problems_are_named(path):
    async with open_store(path) as store:
        version = await some_version(store)
        execution = await store.create_execution(execution_of(version))
        store.logs.append(fresh_id(), execution.id, 0, "line", NOW)
        await store.kv.set(version.function_id, b"k", b"v", None, 100)
        assert await store.check_integrity() == []
        with other_connection(path) as other:
            other.execute("PRAGMA foreign_keys = OFF")
            other.execute("UPDATE function_counters SET kv_bytes = 99")
            other.execute("DELETE FROM executions")

        problems = await store.check_integrity()

    assert problems == [
        "row 1 of logs refers to a missing row of executions",
        f"version {version.id} has 0 executions, its counter says 1",
        f"function {version.function_id} has 2 bytes of pairs, its counter says 99",
    ]


ALL = PaginationParams(100, 0)


OF_FUNCTIONS = (
    "functions",
    "function_counters",
    "function_versions",
    "execution_counters",
    "executions",
    "logs",
    "kv_store",
    "env_vars",
)


async def filled_version(store):
    """A version with an execution, a log line, a pair and a variable."""
    version = await some_version(store)
    made = await store.create_execution(execution_of(version, status="success"))
    store.logs.append(fresh_id(), made.id, 0, "line", NOW)
    await store.kv.set(version.function_id, b"k", b"v", None, 1000)
    await store.env.set(version.function_id, "KEY", "secret")
    return version


async def test_kd_60_every_connection_keeps_references_whole(store, path):
    """Also after many parallel readers."""
    versions = [await filled_version(store) for _ in range(40)]
    await asyncio.gather(
        *(store.list_executions(one.function_id, ALL) for one in versions for _ in range(4))
    )

    await asyncio.gather(*(store.delete_function(one.function_id) for one in versions))

    assert {table: row_count(path, table) for table in OF_FUNCTIONS} == dict.fromkeys(
        OF_FUNCTIONS, 0
    )
    for read_only in (False, True):
        connection = connect.connect(path, read_only=read_only)
        pragmas = ("foreign_keys", "journal_mode", "busy_timeout", "synchronous")
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
        connection.close()
        assert found == [1, "wal", 5000, 1]
