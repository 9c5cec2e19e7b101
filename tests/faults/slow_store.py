"""Runs the `perilune` command on a disk on which each commit takes long.

`SLOW_COMMIT_MS` says how long, and `ONLY_THE_THREAD=1` leaves all commits to the store's thread.
"""

import os
import sqlite3
import time

from perilune.cli import main
from perilune.store.sqlite.connection import connect, writer
from perilune.store.sqlite.connection.connection import FileConnection

COMMIT_S = float(os.environ["SLOW_COMMIT_MS"]) / 1000


class SlowCursor(sqlite3.Cursor):
    def execute(self, sql, *arguments):
        if sql == "COMMIT":
            time.sleep(COMMIT_S)
        return super().execute(sql, *arguments)


class SlowConnection(FileConnection):
    def cursor(self, factory=SlowCursor):
        return super().cursor(factory)

    def execute(self, sql, *arguments):
        return self.cursor().execute(sql, *arguments)


if __name__ == "__main__":
    connect.FileConnection = SlowConnection  # type: ignore[attr-defined]  # for this process
    if os.environ.get("ONLY_THE_THREAD") == "1":
        assert writer.SLOW_S > 0
        writer.SLOW_S = -1.0  # every commit is slow
    main()
