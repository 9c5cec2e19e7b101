"""A worker process that has just been created, as its creator hands it over."""

import asyncio
import os
import signal
import socket
from contextlib import suppress

from perilune.runtimes.shared_log import SharedLog


class Spawned:
    """A worker process and the host's end of its connection.

    The first frame it sends is `Ready`; `perilune.worker.lockdown.grade` judges
    the layers in it.
    """

    def __init__(
        self, pid: int, pidfd: int, sock: socket.socket, values: SharedLog | None = None
    ) -> None:
        self.pid = pid
        self.pidfd = pidfd
        """Stands for this process even after its number was given to another; -1 once closed."""
        self.sock = sock
        """Non-blocking."""
        self.values = values
        """What it is shown of its function's values, if it can be."""
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """Exit status, or the negative number of the signal that killed it."""

    def kill(self) -> None:
        """Kill the process; does nothing when it has ended."""
        if self.pidfd < 0:
            return
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Kill the process, close both descriptors and what is shared with it."""
        self.kill()
        self.sock.close()
        if self.values is not None:
            self.values.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


def describe_status(status: int) -> str:
    """Return in words how a process ended; negative numbers are signals."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
