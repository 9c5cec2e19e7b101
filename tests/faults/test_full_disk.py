"""A full disk, a lock and a file that can't grow lose nothing, and are left again without help."""

from pathlib import Path

import pytest

from tests.faults.full_disk import CHECKS
from tests.namespaces import UNSHARE, needs_namespaces, run_python


@needs_namespaces
@pytest.mark.soak
@pytest.mark.parametrize("fault", list(CHECKS))
def test_nothing_is_lost_and_the_server_recovers_by_itself(tmp_path: Path, fault: str) -> None:
    program = ("-m", "tests.faults.full_disk", fault, str(tmp_path))

    print(run_python(*program, before=UNSHARE, timeout_s=400))
