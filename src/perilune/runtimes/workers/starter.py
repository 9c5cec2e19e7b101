"""Starts workers: has them created, checks their lock-down, hands them their set-up."""

import asyncio
import logging
import socket
from collections.abc import Iterable
from contextlib import AsyncExitStack
from types import TracebackType

from perilune.runtimes.contract import SandboxUnavailableError, WorkerDiedError
from perilune.runtimes.guest.api import HOST_FUNCTIONS
from perilune.runtimes.language import Language, OpenSpawner, Spawner, WorkerKind
from perilune.runtimes.limits import WorkerLimits
from perilune.runtimes.workers.awaited import AwaitedInvocation
from perilune.runtimes.workers.process import REST_S, WorkerProcess
from perilune.turns import Turns
from perilune.waiting import is_done_within
from perilune.worker.frames import Failure, HostFunction, Ready, Setup
from perilune.worker.lockdown import Grade, grade

READY_LIMIT_S = 10.0

_log = logging.getLogger(__name__)


class WorkerStarter:
    """Starts workers of any kind; an async context manager.

    The spawner of a language is opened when the first worker is
    needed, and closed with the starter.
    """

    def __init__(self, limits: WorkerLimits) -> None:
        self._limits = limits
        # By what opens them: languages may share one.
        self._spawners: dict[OpenSpawner, Spawner] = {}
        self._grades: dict[Language, Grade] = {}
        self._said_missing: set[str] = set()
        self._rooms = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._turns = Turns(REST_S, rests_alone=False)
        self._host_functions = [
            HostFunction(
                function.module,
                function.name,
                [(str(argument.type), argument.optional) for argument in function.args],
                function.has_reply,
                function.fails_with_false,
                [argument.name for argument in function.args],
            )
            for function in HOST_FUNCTIONS.values()
        ]

    async def __aenter__(self) -> "WorkerStarter":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._rooms.aclose()

    @property
    def grades(self) -> Iterable[Grade]:
        """How well the worker started last is locked down, for each language in use."""
        return self._grades.values()

    async def prepare(self, language: Language) -> None:
        """Open what creates the workers of a language, if that has not been done.

        Raises:
            PeriluneError: it can't be opened.
        """
        if language.open_spawner not in self._spawners:
            await self._open(language)

    async def start(self, kind: WorkerKind) -> WorkerProcess:
        """Return a worker that is locked down and ready for its first invocation.

        Raises:
            SandboxUnavailableError: layers are missing and the limits are not relaxed.
            WorkerDiedError: the process ended before it was ready.
            PeriluneError: the process can't be created.
        """
        spawner = self._spawners.get(kind.language.open_spawner) or await self._open(kind.language)
        spawned = await spawner.spawn(kind, relaxed=self._limits.relaxed)
        worker = WorkerProcess(spawned, kind, self._turns)
        starting = asyncio.ensure_future(self._set_up(worker, spawned.sock))
        try:
            if not await is_done_within(starting, READY_LIMIT_S):
                raise WorkerDiedError(f"a worker was not ready after {READY_LIMIT_S:g} s")
            starting.result()
        except BaseException:
            starting.cancel()
            worker.kill()
            raise
        return worker

    async def _set_up(self, worker: WorkerProcess, sock: socket.socket) -> None:
        """Check its lock-down and hand it its set-up."""
        kind = worker.kind
        greeting = _expected(worker)
        await _connect(worker, sock)
        self._check(await greeting.receive(), kind.language)
        booted = _expected(worker) if kind.language.boots else None
        worker.send(self._setup(kind))
        if booted is not None:
            _check_ready(await booted.receive())

    async def _open(self, language: Language) -> Spawner:
        async with self._opening:
            wanted = language.open_spawner
            if wanted not in self._spawners:
                self._spawners[wanted] = await self._rooms.enter_async_context(wanted())
            return self._spawners[wanted]

    def _setup(self, kind: WorkerKind) -> Setup:
        return Setup(
            memory_bytes=kind.memory_bytes,
            response_body_bytes=self._limits.response_body_bytes,
            log_line_bytes=self._limits.log_line_bytes,
            host_functions=self._host_functions,
            language=kind.language.name,
            host_calls=self._limits.host_calls,
        )

    def _check(self, first: object, language: Language) -> None:
        required = self._limits.required_layers
        found = self._grades[language] = grade(_check_ready(first).layers, required)
        refused = [
            entry
            for entry in found.missing
            if not self._limits.relaxed or entry.partition(":")[0] in required
        ]
        if refused:
            raise SandboxUnavailableError(tuple(refused))
        if unsaid := [one for one in found.optional_missing if one not in self._said_missing]:
            self._said_missing.update(unsaid)
            _log.warning("optional layers of the sandbox are missing: %s", "; ".join(unsaid))


def _expected(worker: WorkerProcess) -> AwaitedInvocation:
    invocation = AwaitedInvocation()
    worker.expect(invocation)
    return invocation


def _check_ready(frame: object) -> Ready:
    if isinstance(frame, Failure):
        raise WorkerDiedError(f"a worker could not be set up: {frame.message}")
    if not isinstance(frame, Ready):
        raise WorkerDiedError("a worker broke the protocol before it was ready")
    return frame


async def _connect(worker: WorkerProcess, sock: socket.socket) -> None:
    await asyncio.get_running_loop().create_unix_connection(lambda: worker, sock=sock)
