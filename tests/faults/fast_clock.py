"""The server on a machine whose clock is ahead by `CLOCK_AHEAD_S` seconds."""

import os
import time

_right = time.time
_ahead_s = float(os.environ["CLOCK_AHEAD_S"])
time.time = lambda: _right() + _ahead_s

if __name__ == "__main__":
    from perilune.cli import main

    main()
