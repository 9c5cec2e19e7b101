"""A small Debian, and what tests make of it once: the image and a machine."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import container, image
from tests.deploy.machine import Machine

NEEDED = ("mmdebstrap", "unshare", "ip")


@pytest.fixture(scope="package")
def base(tmp_path_factory) -> Iterator[Path]:
    missing = [one for one in NEEDED if shutil.which(one) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root and {', '.join(NEEDED)}; missing: {missing}")
    folder: Path = tmp_path_factory.mktemp("debian")
    image.make_base(folder / "base")
    yield folder / "base"
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def built_image(base, tmp_path_factory) -> Iterator[image.Image]:
    if shutil.which("runc") is None or not container.PROFILE.exists():
        pytest.skip(f"needs runc and {container.PROFILE}")
    folder: Path = tmp_path_factory.mktemp("image")
    if reason := container.why_not(base, folder / "bundle"):
        pytest.skip(f"runc can't start here: {reason}")
    yield image.build(folder, base)
    shutil.rmtree(folder)  # half a gigabyte


@pytest.fixture(scope="package")
def machine(base, tmp_path_factory) -> Iterator[Machine]:
    folder: Path = tmp_path_factory.mktemp("machine")
    subprocess.run(["cp", "-a", base, folder / "root"], check=True)
    made = Machine(folder / "root")
    made.prepare()
    yield made
    shutil.rmtree(folder)
