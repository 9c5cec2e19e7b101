"""Runs the `perilune` command for `bench.cost`, and counts the calls of its first thread.

Counting makes commits slow, but they stay in that thread.

If there is a variable `BENCH_COUNTS`, the file that it names gets two numbers of eight bytes: all
calls of Python and C functions so far, and those of the project's own functions.  With
`BENCH_NAMES`, a file gets a JSON object at the end: the number of calls of each own function.
"""

import atexit
import json
import math
import mmap
import os
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

import perilune
from perilune.cli import main
from perilune.store.sqlite.connection import writer

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


def count_names(file: Path) -> None:
    """Count from now on in this thread, and write *file* at the end."""
    names: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(OWN):
            names[f"{Path(code.co_filename).relative_to(OWN)}: {code.co_qualname}"] += 1

    atexit.register(lambda: file.write_text(json.dumps(names)))
    sys.setprofile(note)


if __name__ == "__main__":
    writer.SLOW_S = max(writer.SLOW_S, math.inf)
    if "BENCH_NAMES" in os.environ:
        count_names(Path(os.environ["BENCH_NAMES"]))
    if "BENCH_COUNTS" in os.environ:
        with Path(os.environ["BENCH_COUNTS"]).open("r+b") as file:
            count_into(memoryview(mmap.mmap(file.fileno(), 16)).cast("Q"))
    main()
