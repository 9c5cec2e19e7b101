"""Copies of the database: complete, checked, private, and put back without losing anything."""

import asyncio
import gzip
import os
import stat
import sys
from contextlib import suppress

import pytest

from perilune.store import (
    BackupFailed,
    BackupNote,
    Function,
    IncompatibleDatabase,
    PaginationParams,
    StoreInUse,
    StoreUnavailable,
    maintenance_of,
    open_store,
)
from perilune.store.sqlite.connection.files import remove_database
from perilune.store.sqlite.connection.migrate import shipped_migrations
from perilune.store.sqlite.upkeep import backup as backup_module
from tests.store.helpers import NOW, execution_of, some_version
from tests.store.sqlite.file import add_executions, other_connection, rows

NOTE = BackupNote(NOW, "1.2.3", len(shipped_migrations()))


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "copies" / "copy.db"


@pytest.fixture(autouse=True)
def copies(tmp_path):
    (tmp_path / "copies").mkdir()


@pytest.fixture
async def filled(path, clock):
    """A closed store with a function and two executions; the version of the function."""
    async with open_store(path, clock=clock) as store:
        version = await some_version(store)
        for _ in range(2):
            await store.create_execution(execution_of(version))
        return version


def backed_up(path, copy, compress=False):
    return maintenance_of(path).back_up(copy, program="1.2.3", now=NOW, compress=compress)


@pytest.mark.parametrize("compress", [False, True])
async def test_a_copy_that_is_put_back_has_everything(tmp_path, path, copy, filled, compress):
    assert backed_up(path, copy, compress) == NOTE
    assert (copy.read_bytes()[:2] == b"\x1f\x8b") is compress

    other = tmp_path / "other.db"
    restored = maintenance_of(other).restore(copy, now=NOW)

    assert (restored.note, restored.aside) == (NOTE, None)
    async with open_store(other) as store:
        assert await store.get_active_version(filled.function_id) == filled
        assert (await store.list_executions(filled.function_id, PaginationParams()))[1] == 2
        assert await store.check_integrity() == []
    assert rows(other, "SELECT name FROM sqlite_master WHERE name = 'perilune_backup'") == []
    assert rows(other, "PRAGMA auto_vacuum") == [(2,)]


@pytest.mark.parametrize("compress", [False, True])
async def test_only_the_owner_can_read_a_copy(path, copy, filled, compress):
    before = os.umask(0)
    try:
        backed_up(path, copy, compress)
    finally:
        os.umask(before)

    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [file.name for file in copy.parent.iterdir()] == [copy.name]


async def test_a_copy_can_be_made_while_the_store_is_written(path, copy, clock):
    """It holds one moment: everything that was committed before it, nothing by halves."""
    async with open_store(path, clock=clock) as store:
        version = await some_version(store)
        for _ in range(50):
            await store.create_execution(execution_of(version))
        copying = asyncio.ensure_future(asyncio.to_thread(backed_up, path, copy))
        written = 50
        while not copying.done():
            await store.create_execution(execution_of(version))
            written += 1
        await copying
        assert await store.check_integrity() == []

    kept = rows(copy, "SELECT count(*) BETWEEN 50 AND ? FROM executions", written)
    assert kept == [(1,)]
    assert maintenance_of(copy).check() == []


async def test_nothing_deleted_is_in_a_copy(path, copy, clock):
    async with open_store(path, clock=clock) as store:
        version = await some_version(store)
        await store.env.set(version.function_id, "KEY", "very-secret-value")
        await store.delete_function(version.function_id)

    backed_up(path, copy)

    assert b"very-secret-value" not in copy.read_bytes()


async def test_an_existing_file_is_never_written_over(path, copy, filled):
    copy.write_text("precious")

    with pytest.raises(BackupFailed, match="exists already"):
        backed_up(path, copy)

    assert copy.read_text() == "precious"


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        pytest.param(lambda p: p.write_bytes(b"no database " * 500), IncompatibleDatabase, id="t"),
        pytest.param(lambda p: p.write_bytes(b""), IncompatibleDatabase, id="empty"),
        pytest.param(lambda p: p.unlink(), StoreUnavailable, id="missing"),
    ],
)
async def test_a_foreign_database_is_not_backed_up(path, copy, filled, spoil, error):
    spoil(path)

    with pytest.raises(error, match=str(path)):
        backed_up(path, copy)

    assert list(copy.parent.iterdir()) == []


async def test_a_database_is_replaced_only_by_force_and_kept_aside(path, copy, filled, clock):
    backed_up(path, copy)
    async with open_store(path, clock=clock) as store:
        later = await store.create_function(Function(id="later", name="later"))

    with pytest.raises(BackupFailed, match="exists already"):
        maintenance_of(path).restore(copy, now=NOW)
    assert rows(path, "SELECT count(*) FROM functions") == [(2,)]

    restored = maintenance_of(path).restore(copy, now=NOW, force=True)

    aside = path.with_name(f"{path.name}.before-restore-20231114-221320")
    assert restored.aside == aside
    assert rows(aside, "SELECT id FROM functions WHERE id = ?", later.id) == [(later.id,)]
    assert rows(path, "SELECT id FROM functions") == [(filled.function_id,)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def damage_middle(path):
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)


def cut_in_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def make_newer(path):
    with other_connection(path) as connection:
        connection.execute("INSERT INTO perilune_migrations VALUES (999, 'later', 'checksum', 1)")


def lose_executions(path):
    with other_connection(path) as connection:
        connection.execute("DELETE FROM executions")


def add_trigger(path):
    with other_connection(path) as connection:
        connection.execute(
            "CREATE TRIGGER extra AFTER INSERT ON executions BEGIN DELETE FROM env_vars; END"
        )


def change_trigger(path):
    """One of ours by its name, and of an old schema by what the file says of itself."""
    with other_connection(path) as connection:
        connection.execute("DELETE FROM perilune_migrations WHERE version > 6")
        connection.execute(
            "CREATE TRIGGER executions_ended AFTER INSERT ON executions"
            " BEGIN DELETE FROM env_vars; END"
        )


def garble_gzip(path):
    packed = bytearray(gzip.compress(path.read_bytes()))
    packed[40:60] = b"\xff" * 20
    path.write_bytes(packed)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(add_trigger, id="trigger"),
        pytest.param(change_trigger, id="changed-trigger"),
        pytest.param(garble_gzip, id="garbled-gzip"),
        pytest.param(damage_middle, id="damaged"),
        pytest.param(cut_in_half, id="cut"),
        pytest.param(make_newer, id="newer"),
        pytest.param(lose_executions, id="miscounted"),
        pytest.param(lambda p: p.write_bytes(b"text"), id="text"),
        pytest.param(lambda p: p.write_bytes(gzip.compress(b"text" * 999)[:-9]), id="cut-gzip"),
        pytest.param(lambda p: p.write_bytes(b""), id="empty"),
    ],
)
async def test_a_copy_that_is_not_in_order_changes_nothing(
    tmp_path, path, copy, filled, spoil, force
):
    backed_up(path, copy)
    spoil(copy)
    target = path if force else tmp_path / "new.db"
    before = path.read_bytes()

    with pytest.raises((BackupFailed, IncompatibleDatabase)):
        maintenance_of(target).restore(copy, now=NOW, force=force)

    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copies", path.name]


ZEROS = 200 * 1024 * 1024
BOMB = gzip.compress(b"\0" * (ZEROS // 20), 9) * 20
"""A copy that unpacks to a thousand times its size, in several parts."""


@pytest.mark.parametrize("force", [False, True])
async def test_a_copy_that_gets_too_large_is_given_up_before_it_fills_the_disk(
    tmp_path, path, copy, filled, force, monkeypatch
):
    monkeypatch.setattr(backup_module, "LEAST_LIMIT_BYTES", 1024 * 1024)
    written: list[int] = []
    monkeypatch.setattr(backup_module, "remove_database", watching(written))
    copy.write_bytes(BOMB)
    target = path if force else tmp_path / "new.db"
    before = path.read_bytes()

    with pytest.raises(BackupFailed, match=f"unpacks to more than {len(BOMB) * 100} bytes"):
        maintenance_of(target).restore(copy, now=NOW, force=force)

    assert 0 < max(written) <= len(BOMB) * 100 < ZEROS
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copies", path.name]


def watching(written):
    """Return what removes databases, and notes how large they have been."""

    def measured(database):
        written.append(database.stat().st_size if database.exists() else 0)
        remove_database(database)

    return measured


async def test_the_limit_of_a_copy_can_be_set(tmp_path, path, copy, filled):
    backed_up(path, copy, compress=True)
    size = len(gzip.decompress(copy.read_bytes()))

    with pytest.raises(BackupFailed, match=f"unpacks to more than {size - 1} bytes"):
        maintenance_of(tmp_path / "small.db").restore(copy, now=NOW, max_bytes=size - 1)
    maintenance_of(tmp_path / "new.db").restore(copy, now=NOW, max_bytes=size)

    assert rows(tmp_path / "new.db", "SELECT id FROM functions") == [(filled.function_id,)]
    assert not (tmp_path / "small.db").exists()


async def test_a_damaged_database_can_be_replaced(path, copy, filled):
    backed_up(path, copy)
    damage_middle(path)

    restored = maintenance_of(path).restore(copy, now=NOW, force=True)

    assert restored.aside is not None and restored.aside.exists()
    assert maintenance_of(path).check() == []


async def test_a_log_left_by_a_crash_is_not_applied_to_the_restored_database(path, copy, filled):
    backed_up(path, copy)
    path.unlink()
    log = path.with_name(f"{path.name}-wal")
    log.write_bytes(b"\x37\x7f\x06\x82" + os.urandom(8192))

    maintenance_of(path).restore(copy, now=NOW)

    assert not log.exists()
    assert maintenance_of(path).check() == []


SERVING = """
import asyncio, sys
from pathlib import Path
from perilune.store import open_store

async def work():
    async with open_store(Path(sys.argv[1])) as store:
        await store.ping()
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(work())
"""


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda file, copy: file.restore(copy, now=NOW, force=True), id="restore"),
        pytest.param(lambda file, copy: file.vacuum(), id="vacuum"),
    ],
)
async def test_a_database_in_use_is_left_alone(path, copy, filled, change):
    backed_up(path, copy)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVING, str(path), stdin=-1, stdout=-1
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        assert await process.stdout.readline() == b"open\n"

        with pytest.raises(StoreInUse, match=f"process {process.pid}"):
            change(maintenance_of(path), copy)

        assert rows(path, "SELECT count(*) FROM functions") == [(1,)]
    finally:
        process.stdin.close()
        await process.wait()


async def test_vacuum_makes_an_old_file_small_and_able_to_shrink(path, clock):
    with other_connection(path) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("DROP TABLE t")
    async with open_store(path, clock=clock) as store:
        version = await some_version(store)
        add_executions(path, version, 2000, NOW - 8 * 86400, event="x" * 2000)
        await store.purge_expired(NOW)

    before, after = maintenance_of(path).vacuum()

    assert before > 20 * after
    assert after == path.stat().st_size
    assert rows(path, "PRAGMA auto_vacuum") == [(2,)]
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    async with open_store(path, clock=clock) as store:
        assert await store.get_active_version(version.function_id) == version
        assert await store.check_integrity() == []


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        pytest.param(lambda p: None, [], id="in-order"),
        pytest.param(
            lose_executions, ["version {version} has 0 executions, its counter says 2"], id="count"
        ),
    ],
)
async def test_a_check_names_the_fault(path, filled, spoil, found):
    spoil(path)

    assert maintenance_of(path).check() == [one.format(version=filled.id) for one in found]


async def test_a_check_finds_damage(path, filled):
    damage_middle(path)

    problems: list[str] = []
    with suppress(IncompatibleDatabase):
        problems = maintenance_of(path).check()

    assert problems and "damaged" in problems[0]


async def test_a_check_changes_nothing(path, filled):
    before = path.read_bytes()

    maintenance_of(path).check()

    assert path.read_bytes() == before
