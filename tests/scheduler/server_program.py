"""A server's scheduler in a process of its own, on a clock of its own; see `test_servers.py`.

usage: server_program.py DATABASE FIRST LAST [kill]

Lives through the minutes from FIRST to LAST, Unix seconds, as fast as it can.  With `kill` it
is killed between taking its first tick and the beginning of the execution.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from perilune.engine import ExecutionRequest, ExecutionResult
from tests.scheduler.world import open_world


class Killed:
    """An engine that does not live to see an execution."""

    async def execute(self, req: ExecutionRequest) -> ExecutionResult:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError(req)


async def main(path: Path, first: int, last: int, *, is_killed: bool) -> None:
    more = {"engine": Killed()} if is_killed else {}
    async with open_world(path, now=first, **more) as world:
        await world.scheduler.turn()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for minute in range(first, last + 1, 60):
            await world.pass_time(minute)


if __name__ == "__main__":
    asyncio.run(
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), is_killed="kill" in sys.argv)
    )
