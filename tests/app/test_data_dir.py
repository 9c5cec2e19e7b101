"""One process has a data directory, until it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from perilune.app import DataDirInUse, hold_data_dir
from tests.cli.command import environment, run, run_process, serving

HOLD = """
import pathlib, sys, time
from perilune.app import hold_data_dir
with hold_data_dir(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@contextmanager
def holder(path) -> Iterator[subprocess.Popen[bytes]]:
    """Have another process hold the directory."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], env=environment(), stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_directory_that_is_held_is_refused_with_the_process_that_has_it(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "data")
    with holder(tmp_path / "data") as process:
        for path in (tmp_path / "data", link, tmp_path / "data" / ".." / "data"):
            with (
                pytest.raises(DataDirInUse, match=f"in use by process {process.pid} on .*, since"),
                hold_data_dir(path),
            ):
                pytest.fail("held twice")


def test_the_lock_ends_with_its_holder(tmp_path):
    with holder(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

        with hold_data_dir(tmp_path):
            assert f"process {os.getpid()} on " in (tmp_path / "server.lock").read_text()


def test_it_can_be_held_again_after_its_end(tmp_path):
    for _ in range(2):
        with hold_data_dir(tmp_path / "data"):
            pass


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["serve", "--port", "0"], id="serve"),
        pytest.param(["init"], id="init"),
        pytest.param(["vacuum"], id="vacuum"),
        pytest.param(["restore", "copy.db", "--force"], id="restore"),
        pytest.param(["import-lunar", "copy.db"], id="import-lunar"),
    ],
)
def test_commands_that_need_it_for_themselves_touch_nothing(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "lunar.db").write_bytes(b"as it is")
    (tmp_path / "copy.db").write_bytes(b"a copy")
    with holder(data) as process:
        refused = (run_process if command[0] == "serve" else run)(*command, DATA_DIR="data")

        assert refused.returncode == 1
        assert f"is in use by process {process.pid}" in refused.stderr
        assert {one.name for one in data.iterdir()} == {"lunar.db", "server.lock"}
        assert (data / "lunar.db").read_bytes() == b"as it is"


@pytest.mark.slow
def test_a_running_server_keeps_its_directory_and_others_may_still_read_it(tmp_path):
    with serving(tmp_path / "data") as (process, _):
        second = run_process("serve", "--port", "0", DATA_DIR=str(tmp_path / "data"))
        checked = run("check", DATA_DIR=str(tmp_path / "data"))
        listed = run("tokens", "list", "--data-dir", str(tmp_path / "data"))

        assert second.returncode == 1
        assert f"is in use by process {process.pid}" in second.stderr
        assert checked.returncode == 0, checked.stderr
        assert listed.returncode == 0, listed.stderr
        assert process.poll() is None
