"""An interpreter that may read the standard library and start threads."""

import os
from pathlib import Path

from perilune.worker.lockdown import Profile
from tests.worker.hostile_interpreter import serve as serve

PROFILE = Profile(readable=(str(Path(os.__file__).parent), "/nonexistent"), threads=True)
