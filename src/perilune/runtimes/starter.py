"""Starts workers: forks them from the zygote, checks their lock-down, hands them their set-up."""

import asyncio
import os
import socket

from perilune.runtimes.contract import SandboxUnavailableError, WorkerDiedError
from perilune.runtimes.guest_api import HOST_FUNCTIONS
from perilune.runtimes.limits import WorkerLimits
from perilune.runtimes.worker_process import WorkerProcess
from perilune.runtimes.zygote_client import Zygote
from perilune.worker.frames import Failure, HostFunction, Ready, Setup
from perilune.worker.lockdown import Grade, grade

READY_LIMIT_S = 10.0


class WorkerStarter:
    """Starts workers of one interpreter."""

    def __init__(self, zygote: Zygote, module: str, limits: WorkerLimits) -> None:
        self._zygote = zygote
        self._module = module
        self._limits = limits
        # Set for the whole process, as the C library reads it: workers show the same zone.
        self._time_zone = os.environ.get("TZ")
        self.grade: Grade | None = None
        """How well the worker started last is locked down."""
        self._setup = Setup(
            memory_bytes=limits.memory_bytes,
            response_body_bytes=limits.response_body_bytes,
            log_line_bytes=limits.log_line_bytes,
            host_functions=[
                HostFunction(
                    function.module,
                    function.name,
                    [(str(argument.type), argument.optional) for argument in function.args],
                    function.has_reply,
                    function.fails_with_false,
                )
                for function in HOST_FUNCTIONS.values()
            ],
        )

    async def start(self) -> WorkerProcess:
        """Return a worker that is locked down and ready for its first invocation.

        Raises:
            SandboxUnavailableError: layers are missing and the limits are not relaxed.
            WorkerDiedError: the process ended before it was ready.
            ZygoteFailed: the process can't be created.
        """
        spawned = await self._zygote.spawn(
            self._module,
            self._limits.memory_bytes,
            relaxed=self._limits.relaxed,
            time_zone=self._time_zone,
        )
        worker = WorkerProcess(spawned)
        try:
            greeting = worker.expect()
            await _connect(worker, spawned.sock)
            async with asyncio.timeout(READY_LIMIT_S):
                first = await greeting.receive()
            self._check(first)
            worker.send(self._setup)
        except TimeoutError as error:
            worker.kill()
            raise WorkerDiedError(f"a worker was not ready after {READY_LIMIT_S:g} s") from error
        except BaseException:
            worker.kill()
            raise
        return worker

    def _check(self, first: object) -> None:
        if isinstance(first, Failure):
            raise WorkerDiedError(f"a worker could not be set up: {first.message}")
        if not isinstance(first, Ready):
            raise WorkerDiedError("a worker broke the protocol before it was ready")
        self.grade = grade(first.layers)
        if self.grade.missing and not self._limits.relaxed:
            raise SandboxUnavailableError(self.grade.missing)


async def _connect(worker: WorkerProcess, sock: socket.socket) -> None:
    await asyncio.get_running_loop().create_unix_connection(lambda: worker, sock=sock)
