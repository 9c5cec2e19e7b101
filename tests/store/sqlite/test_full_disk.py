"""A disk that gets full is survived, and left again without help."""

from pathlib import Path

import pytest

from tests.namespaces import UNSHARE, needs_namespaces, run_python


@needs_namespaces
@pytest.mark.parametrize(
    "what",
    ["by_executions", "by_another_program", "while_it_was_closed", "without_anything_to_delete"],
)
def test_a_disk_that_was_filled(tmp_path: Path, what: str) -> None:
    program = ("-m", "tests.store.sqlite.full_disk", f"test_{what}", str(tmp_path))

    run_python(*program, before=UNSHARE)
