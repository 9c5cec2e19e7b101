"""Runs the `perilune` command and counts the calls of its first thread.

The file named by the variable `BENCH_COUNTS` gets two numbers of eight bytes: all calls of Python
and C functions so far, and those of the project's own functions.
"""

import mmap
import os
import sys
from pathlib import Path
from types import FrameType

import perilune
from perilune.cli import main

OWN = str(Path(perilune.__file__).parent)


def count_into(counts: memoryview) -> None:
    """Count from now on in this thread."""

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            counts[0] += 1
            counts[1] += frame.f_code.co_filename.startswith(OWN)
        elif event == "c_call":
            counts[0] += 1

    sys.setprofile(note)


if __name__ == "__main__":
    with Path(os.environ["BENCH_COUNTS"]).open("r+b") as file:
        count_into(memoryview(mmap.mmap(file.fileno(), 16)).cast("Q"))
    main()
