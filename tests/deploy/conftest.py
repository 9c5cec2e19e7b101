"""The image, built once for the tests that run it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import container, image

NEEDED = ("mmdebstrap", "runc", "unshare")


@pytest.fixture(scope="package")
def built_image(tmp_path_factory) -> Iterator[image.Image]:
    missing = [one for one in NEEDED if shutil.which(one) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root and {', '.join(NEEDED)}; missing: {missing}")
    if not container.PROFILE.exists():
        pytest.skip(f"needs {container.PROFILE}")
    folder: Path = tmp_path_factory.mktemp("image")
    image.make_base(folder / "base")
    if reason := container.why_not(folder / "base", folder / "bundle"):
        pytest.skip(f"runc can't start here: {reason}")
    yield image.build(folder, folder / "base")
    shutil.rmtree(folder)  # most of a gigabyte
