"""An interpreter that may read `/usr/lib` and start threads."""

from perilune.worker.lockdown import Profile
from tests.worker.hostile_interpreter import serve as serve

PROFILE = Profile(readable=("/usr/lib", "/nonexistent"), threads=True)
