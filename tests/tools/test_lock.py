"""The versions that every target and the image install."""

import re
import tomllib
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = dict(re.findall(r"^(\S+)==([^\s;]+)", TEXT, re.MULTILINE))


def test_each_package_of_the_server_is_held_to_a_version_it_allows():
    named = chain(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    wanted = [Requirement(one) for one in named]

    assert wanted
    for one in wanted:
        assert one.specifier.contains(PINS[canonicalize_name(one.name)]), f"run make lock: {one}"


def test_each_version_has_hashes_and_no_address():
    entries = re.split(r"^(?=[a-z])", TEXT, flags=re.MULTILINE)[1:]

    assert len(entries) == len(PINS)
    for entry in entries:
        assert "--hash=sha256:" in entry, entry
    assert "://" not in TEXT
