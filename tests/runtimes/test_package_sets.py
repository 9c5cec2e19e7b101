"""Sets of packages that no version requires: how long they stay, and what is safe from removal."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from perilune.runtimes import Packages, remove_leftovers
from perilune.runtimes.packages.sets import UNUSED_KEPT_S

NOW = 1_700_000_000.0
OLD = NOW - UNUSED_KEPT_S - 1


def requirement(name: str) -> str:
    return f"{name}==1.0 --hash=sha256:{'0' * 64}"


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    return Packages(tmp_path, {}, python="/bin/false", clock=lambda: NOW)


def put(packages: Packages, name: str, changed_at: float) -> Path:
    """Write a set of packages, with its log, as if it had been installed; return its file."""
    path = packages.path_of(requirement(name))
    for each in (path, path.with_suffix(".log")):
        each.write_text(name)
        os.utime(each, (changed_at, changed_at))
    path.chmod(0o444)
    return path


def names(directory: Path) -> list[str]:
    return sorted(one.read_text() + one.suffix for one in directory.iterdir())


async def test_only_old_and_unused_sets_are_removed(packages, tmp_path):
    put(packages, "used", OLD)
    put(packages, "young", OLD + 2)
    put(packages, "old", OLD)

    removed = await packages.remove_unused([requirement("used"), "no requirements at all"])

    assert removed == 1
    assert names(tmp_path) == ["used.log", "used.packages", "young.log", "young.packages"]


async def test_a_set_stays_for_a_while_after_it_was_last_seen_in_use(packages, tmp_path):
    put(packages, "set", OLD)

    await packages.remove_unused([requirement("set")])
    removed = await packages.remove_unused([])

    assert removed == 0
    assert names(tmp_path) == ["set.log", "set.packages"]


async def test_a_set_that_is_wanted_again_stays_before_its_version_is_stored(packages, tmp_path):
    put(packages, "set", OLD)

    await packages.install(requirement("set"))  # pip would fail: nothing is installed anew
    removed = await packages.remove_unused([])

    assert removed == 0
    assert names(tmp_path) == ["set.log", "set.packages"]


async def test_a_set_that_is_wanted_in_the_moment_of_its_removal_stays(
    packages, tmp_path, monkeypatch
):
    path = put(packages, "set", OLD)
    rename: Callable[[Path, Path], Path] = Path.rename

    def claim_first(self: Path, target: Path) -> Path:
        if self == path:
            os.utime(path)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", claim_first)

    assert await packages.remove_unused([]) == 0
    assert names(tmp_path) == ["set.log", "set.packages"]


async def test_a_worker_keeps_what_it_reads(packages):
    path = put(packages, "set", OLD)
    with path.open() as opened:
        assert await packages.remove_unused([]) == 1

        assert opened.read() == "set"
    assert not path.exists()


async def test_logs_of_sets_that_were_never_installed_go_too(packages, tmp_path):
    put(packages, "failed", OLD).unlink()
    put(packages, "recent", NOW).unlink()

    await packages.remove_unused([])

    assert names(tmp_path) == ["recent.log"]


async def test_without_a_directory_there_is_nothing_to_do(tmp_path):
    packages = Packages(tmp_path / "none", {})

    assert await packages.remove_unused([]) == 0
    assert not (tmp_path / "none").exists()


def test_a_removal_that_was_interrupted_is_finished_at_the_next_start(packages, tmp_path):
    path = put(packages, "set", OLD)
    path.rename(path.with_suffix(".unused"))

    remove_leftovers(tmp_path)

    assert names(tmp_path) == ["set.log"]
