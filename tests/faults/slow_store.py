"""Runs the `perilune` command on a disk on which each commit takes long.

`SLOW_COMMIT_MS` says how long, and `ONLY_THE_THREAD=1` leaves all commits to the store's thread.
"""

import os
import sqlite3
import time
from functools import partial

from perilune.cli import main
from perilune.store.sqlite.connection import writer

COMMIT_S = float(os.environ["SLOW_COMMIT_MS"]) / 1000


class SlowCursor(sqlite3.Cursor):
    def execute(self, sql, *arguments):
        if sql == "COMMIT":
            time.sleep(COMMIT_S)
        return super().execute(sql, *arguments)


class SlowConnection(sqlite3.Connection):
    def cursor(self, factory=SlowCursor):
        return super().cursor(factory)

    def execute(self, sql, *arguments):
        return self.cursor().execute(sql, *arguments)


if __name__ == "__main__":
    sqlite3.connect = partial(sqlite3.connect, factory=SlowConnection)  # type: ignore[assignment]  # for this process
    if os.environ.get("ONLY_THE_THREAD") == "1":
        assert writer.SLOW_S > 0
        writer.SLOW_S = -1.0  # every commit is slow
    main()
