"""An interpreter that may turn into one other program, as Deno's launcher does."""

from perilune.worker.lockdown import Profile
from tests.worker.hostile_interpreter import serve as serve

PROFILE = Profile(
    overhead_bytes=1024 * 1024 * 1024,
    is_address_space_limited=False,
    open_files=64,
    readable=("/dev/null",),
    threads=True,
    executable=("/nonexistent",),
)
