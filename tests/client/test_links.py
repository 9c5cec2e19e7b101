"""Folders of strangers: links, and what is no file, lead nowhere else."""

import os

import pytest

from perilune.client.folders import (
    REQUIREMENTS,
    FunctionFiles,
    read_folder,
    read_folders,
    write_folder,
)
from perilune.client.settings import FILE, UnusableFolder, settings_of

FILES = FunctionFiles(
    name="hello", settings={**settings_of({}), "runtime": "lua"}, code="x = 1", requirements="a==1"
)


@pytest.mark.parametrize("name", [FILE, "main.lua", REQUIREMENTS])
@pytest.mark.parametrize("is_there", [True, False])
def test_nothing_is_written_through_a_link(tmp_path, name, is_there):
    theirs = tmp_path / "theirs"
    if is_there:
        theirs.write_text("precious")
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / name).symlink_to(theirs)

    with pytest.raises(UnusableFolder, match=f"{name} is a symbolic link"):
        write_folder(folder, FILES)

    assert theirs.exists() is is_there
    assert not is_there or theirs.read_text() == "precious"
    assert [one.name for one in folder.iterdir()] == [name]


def test_a_folder_that_is_a_link_is_not_written(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "main.js").write_text("precious")
    (tmp_path / "hello").symlink_to(theirs)

    with pytest.raises(UnusableFolder, match="hello is a symbolic link"):
        write_folder(tmp_path / "hello", FILES)

    assert [one.name for one in theirs.iterdir()] == ["main.js"]


def test_other_code_that_is_a_link_loses_its_name_only(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.write_text("precious")
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "main.js").symlink_to(theirs)

    write_folder(folder, FILES)

    assert sorted(one.name for one in folder.iterdir()) == ["main.lua", FILE, REQUIREMENTS]
    assert theirs.read_text() == "precious"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_only_regular_files_are_written_and_read(tmp_path, make):
    write_folder(tmp_path, FILES)
    (tmp_path / "main.lua").unlink()
    make(tmp_path / "main.lua")

    with pytest.raises(UnusableFolder, match="is in the way"):
        write_folder(tmp_path, FILES)
    with pytest.raises(UnusableFolder, match="is no file"):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", [FILE, "main.lua", REQUIREMENTS])
@pytest.mark.parametrize("target", ["../secret", "/dev/zero", "missing", "loop"])
def test_a_link_that_leads_out_is_not_read(tmp_path, name, target):
    root = tmp_path / "functions"
    write_folder(root / "hello", FILES)
    (tmp_path / "secret").write_text((root / "hello" / name).read_text())
    (root / "loop").symlink_to("loop")
    (root / "hello" / name).unlink()
    (root / "hello" / name).symlink_to(target if target == "/dev/zero" else f"../{target}")

    with pytest.raises(UnusableFolder, match=f"{name}"):
        read_folder(root / "hello", root)


def test_a_whole_folder_that_leads_out_is_not_read(tmp_path):
    write_folder(tmp_path / "theirs", FILES)
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "hello").symlink_to(tmp_path / "theirs")

    with pytest.raises(UnusableFolder, match="leads out of"):
        read_folders(tmp_path / "functions")


def test_links_within_the_folders_are_followed(tmp_path):
    """Functions may share files, and the folders themselves be reached by a link."""
    write_folder(tmp_path / "real" / "hello", FILES)
    (tmp_path / "real" / "shared.txt").write_text("b==2")
    (tmp_path / "real" / "hello" / REQUIREMENTS).unlink()
    (tmp_path / "real" / "hello" / REQUIREMENTS).symlink_to("../shared.txt")
    (tmp_path / "functions").symlink_to(tmp_path / "real")

    (found,) = read_folders(tmp_path / "functions").values()

    assert (found.code, found.requirements) == ("x = 1", "b==2")
    with pytest.raises(UnusableFolder, match="leads out of"):
        read_folder(tmp_path / "functions" / "hello")


def test_a_file_that_no_server_takes_is_not_read_to_its_end(tmp_path):
    write_folder(tmp_path, FILES)
    with (tmp_path / "main.lua").open("wb") as file:
        file.truncate(1024**4)

    with pytest.raises(UnusableFolder, match="is larger than"):
        read_folder(tmp_path)
