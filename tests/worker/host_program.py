"""A host to be killed, or run as another user: spawns workers and says what it has.

Prints one line of JSON, then waits for ever.
"""

import asyncio
import json
import os

from perilune.runtimes.workers.zygote_client import open_zygote
from perilune.worker import frames
from perilune.worker.lockdown import grade
from tests.worker.conftest import HOSTILE, MEMORY_BYTES, REPOSITORY, Worker

PROBES = ("read_passwd", "read_server_environ", "kill_server", "fork", "udp_send", "compute")


async def _main() -> None:
    async with open_zygote([HOSTILE], search_path=[REPOSITORY]) as zygote:
        worker, busy = [Worker(await zygote.spawn(HOSTILE, MEMORY_BYTES)) for _ in range(2)]
        ready = await worker.receive()
        assert isinstance(ready, frames.Ready)
        targets = {"server": os.getpid(), "udp": 9}
        outcomes = {probe: await worker.attempt(probe, targets) for probe in PROBES}
        spin = frames.encode(frames.Invoke("v_probe", "spin", {}, {}, 10.0))
        await asyncio.get_running_loop().sock_sendall(busy.spawned.sock, spin)
        print(
            json.dumps(
                {
                    "zygote": zygote.pid,
                    "workers": [worker.spawned.pid, busy.spawned.pid],
                    "grade": grade(ready.layers).name,
                    "missing": grade(ready.layers).missing,
                    "optional_missing": grade(ready.layers).optional_missing,
                    "outcomes": outcomes,
                    "user": os.getuid(),
                }
            ),
            flush=True,
        )
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
