"""Backing up, restoring, checking and vacuuming, with a real server in the way."""

import gzip
import sqlite3
from contextlib import closing

import pytest

from tests.cli.command import run, serving


def functions_in(database) -> int:
    with closing(sqlite3.connect(database)) as connection:
        number: int = connection.execute("SELECT count(*) FROM functions").fetchone()[0]
        return number


@pytest.mark.slow
def test_a_copy_of_a_running_server_is_put_back(tmp_path):
    data, copy = tmp_path / "data", tmp_path / "copy.db.gz"
    with serving(data):
        backed_up = run("backup", str(copy), "--gzip", "--data-dir", str(data))
        checked = run("check", "--data-dir", str(data))
        refused = [
            run("restore", str(copy), "--force", "--data-dir", str(data)),
            run("vacuum", "--data-dir", str(data)),
        ]
    assert (backed_up.returncode, checked.returncode) == (0, 0), backed_up.stderr
    assert "in order" in checked.stderr
    assert gzip.decompress(copy.read_bytes()).startswith(b"SQLite format 3\0")
    for one in refused:
        assert one.returncode == 1
        assert "is in use by process" in one.stderr

    without_force = run("restore", str(copy), "--data-dir", str(data))
    forced = run("restore", str(copy), "--force", "--data-dir", str(data))
    elsewhere = run("restore", str(copy), "--data-dir", str(tmp_path / "other"))

    assert (without_force.returncode, forced.returncode, elsewhere.returncode) == (1, 0, 0)
    assert "exists already" in without_force.stderr
    assert "before-restore" in forced.stderr and "by Perilune" in forced.stderr
    for folder in (data, tmp_path / "other"):
        assert functions_in(folder / "lunar.db") == 1
    assert run("vacuum", "--data-dir", str(data)).returncode == 0
    assert run("check", "--data-dir", str(data)).returncode == 0


@pytest.mark.parametrize(
    ("size", "status", "text"),
    [
        ("1KiB", 1, "unpacks to more than 1024 bytes, which is the limit"),
        ("much", 2, "must be bytes or like 512KiB, 6MiB or 1GiB, not 'much'"),
        ("20MiB", 1, "no database"),
    ],
)
def test_how_large_a_copy_may_get_can_be_said(tmp_path, size, status, text):
    copy = tmp_path / "copy.db.gz"
    copy.write_bytes(gzip.compress(b"x" * 5000))

    done = run("restore", str(copy), "--max-size", size, "--data-dir", str(tmp_path / "data"))

    assert done.returncode == status
    assert text in done.stderr
    assert not (tmp_path / "data" / "lunar.db").exists()


@pytest.mark.parametrize("command", [("backup", "copy.db"), ("check",), ("vacuum",)])
def test_a_directory_without_a_database_is_named(tmp_path, command):
    name, *rest = command
    answer = run(name, *(str(tmp_path / one) for one in rest), "--data-dir", str(tmp_path))

    assert answer.returncode == 1
    assert f"there is no database in {tmp_path}" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_check_that_finds_something_fails(tmp_path):
    assert run("init", str(tmp_path)).returncode == 0
    with closing(sqlite3.connect(tmp_path / "lunar.db")) as connection, connection:
        connection.execute("UPDATE function_counters SET kv_bytes = 7")

    answer = run("check", "--data-dir", str(tmp_path))

    assert answer.returncode == 1
    assert "its counter says 7" in answer.stdout
