"""The folder of the modules of JavaScript workers: when it is removed, and by whom."""

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from perilune.worker.javascript.folder import PREFIX, make_folder

PROGRAM = """
import sys, tempfile
from perilune.worker.javascript.folder import make_folder
tempfile.tempdir = sys.argv[1]
print(make_folder(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where folders are made; this process removes none at its end."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(atexit, "register", lambda *_, **__: None)
    before = set(os.listdir("/proc/self/fd"))
    yield tmp_path
    for descriptor in set(os.listdir("/proc/self/fd")) - before:
        if os.path.realpath(f"/proc/self/fd/{descriptor}").startswith(str(tmp_path)):
            os.close(int(descriptor))


def another(place: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that makes a folder, and return both."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


@pytest.mark.parametrize("ends_by_itself", [True, False])
def test_a_folder_is_gone_with_its_process_or_with_the_next(place, ends_by_itself):
    process, theirs = another(place)
    (theirs / "main.js").write_text("")
    if not ends_by_itself:
        process.kill()
    process.communicate("")

    assert theirs.exists() is not ends_by_itself
    ours = make_folder()

    assert [str(one) for one in place.iterdir()] == [ours]


def test_the_folder_of_a_process_that_lives_stays(place):
    process, theirs = another(place)

    ours = make_folder()

    assert sorted(map(str, place.iterdir())) == sorted([str(theirs), ours])
    process.communicate("")


def test_a_folder_that_is_taken_for_abandoned_before_it_is_locked_is_made_again(place, monkeypatch):
    make, made = tempfile.mkdtemp, []

    def make_and_lose(**options):
        made.append(make(**options))
        if len(made) == 1:
            shutil.rmtree(made[0])
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", make_and_lose)

    assert make_folder() == made[1]
    assert Path(made[1]).is_dir()


def test_a_folder_that_somebody_is_about_to_remove_is_made_again(place, monkeypatch):
    make, made = tempfile.mkdtemp, []

    def make_and_share(**options):
        made.append(make(**options))
        if len(made) == 1:
            fcntl.flock(os.open(made[0], os.O_DIRECTORY), fcntl.LOCK_EX)
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", make_and_share)

    assert make_folder() == made[1]


def test_nothing_else_is_removed(place, tmp_path_factory):
    precious = tmp_path_factory.mktemp("precious")
    (precious / "letter").write_text("")
    (place / f"{PREFIX}link").symlink_to(precious)
    (place / f"{PREFIX}file").write_text("")
    (place / "perilune-other").mkdir()

    make_folder()

    assert (precious / "letter").exists()
    assert (place / f"{PREFIX}link").is_symlink()
    assert (place / f"{PREFIX}file").exists()
    assert (place / "perilune-other").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders of others")
def test_folders_of_other_users_are_left_alone(place):
    theirs = place / f"{PREFIX}theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)

    make_folder()

    assert theirs.exists()
