"""What the server's process asks of the system before it serves."""

import resource
import subprocess
import sys

from perilune.app.process import SPARE_DESCRIPTORS

CONNECTIONS = 100
NEEDED = CONNECTIONS + SPARE_DESCRIPTORS
PROGRAM = f"""
import logging, os, resource, sys
from perilune.app.process import raise_descriptor_limit
logging.basicConfig(stream=sys.stdout, format="%(message)s")
for soft in {(64, NEEDED + 1)}:
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, {NEEDED + 9}))
    raise_descriptor_limit({CONNECTIONS})
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
resource.setrlimit(resource.RLIMIT_NOFILE, (64, {NEEDED - 9}))
raise_descriptor_limit({CONNECTIONS})
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_there_are_descriptors_for_all_connections_or_it_is_said() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= NEEDED + 9

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    raised, never_lowered, warning, as_far_as_permitted = done.stdout.splitlines()
    assert raised == f"{NEEDED} {NEEDED + 9}"
    assert never_lowered == f"{NEEDED + 1} {NEEDED + 9}"
    assert as_far_as_permitted == f"{NEEDED - 9} {NEEDED - 9}"
    assert f"{CONNECTIONS} connections need {NEEDED}: raise it" in warning
