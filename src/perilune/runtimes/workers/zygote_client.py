"""The host's handle on the zygote, which forks locked-down workers.

Open it before databases and sockets: nothing of them can then be inherited by
accident.  See `perilune.worker.zygote` for the other end.
"""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from perilune.errors import PeriluneError
from perilune.import_path import import_path
from perilune.runtimes.shared_log import SharedLog, create_log
from perilune.runtimes.spawned import Spawned
from perilune.waiting import is_done_within
from perilune.worker import zygote as protocol

START_TIMEOUT_S = 10.0
SPAWN_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
MAX_RESTARTS = 5
"""How often a dead zygote is replaced within `RESTART_WINDOW_S`."""
RESTART_WINDOW_S = 60.0

OnExit = Callable[[int, int], None]
"""Called with process id and status; negative statuses are signal numbers."""

_PLACE_OF_SOCKET = 4  # in the command line, after the script

_log = logging.getLogger(__name__)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(protocol.FromZygote).decode


class ZygoteFailed(PeriluneError):
    """No worker can be had from the zygote."""

    code = "zygote_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the process that starts workers failed: {reason}")


@asynccontextmanager
async def open_zygote(
    preload: Sequence[str],
    *,
    search_path: Sequence[str | Path] = (),
    on_exit: OnExit | None = None,
    without: Collection[str] = (),
) -> AsyncIterator["Zygote"]:
    """Start the zygote; on leaving, it and every worker are killed.

    Args:
        preload: interpreter modules to import, the only ones to spawn.
        search_path: directories to import from, besides this process's own.
        on_exit: told of each worker that has ended, after `spawn` has returned it.
        without: layers that every worker leaves out, for tests and diagnosis.

    Raises:
        ZygoteFailed: it did not start.
    """
    zygote = Zygote(_build_command(preload, search_path, without), on_exit)
    try:
        await zygote.start()
        yield zygote
    finally:
        await zygote.close()


@dataclass(slots=True)
class _Asked:
    """A worker that has been asked for: who waits for it, and our ends of what it gets."""

    answer: asyncio.Future[Spawned]
    sock: socket.socket
    values: SharedLog | None

    def refuse(self, reason: str) -> None:
        """Say that it does not come."""
        self.close()
        if not self.answer.done():
            self.answer.set_exception(ZygoteFailed(reason))

    def close(self) -> None:
        """Close what it would have got."""
        self.sock.close()
        if self.values is not None:
            self.values.close()


class Zygote:
    """Spawns workers; use `open_zygote`."""

    def __init__(self, command: Sequence[str], on_exit: OnExit | None) -> None:
        self._command = command
        self._on_exit = on_exit
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # The zygote answers in the order it was asked.
        self._asked: deque[_Asked] = deque()
        self._workers: dict[int, Spawned] = {}
        self._restarts: deque[float] = deque(maxlen=MAX_RESTARTS)
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of the zygote, None while there is none."""
        return self._process.pid if self._process is not None else None

    async def spawn(
        self,
        module: str,
        memory_bytes: int,
        *,
        relaxed: bool = False,
        without: Collection[str] = (),
        time_zone: str | None = None,
        packages: str | None = None,
        shares_values: bool = False,
    ) -> Spawned:
        """Fork a worker that serves *module*, replacing a zygote that has died.

        The caller must `close` what it gets.

        Args:
            module: one of the preloaded modules.
            memory_bytes: memory for guest code.
            relaxed: let it serve although layers are missing; the default makes it end after
                it has reported them.
            without: layers to leave out besides, but for the zygote's namespaces.
            time_zone: the server's zone as in the variable `TZ`; None for the machine's.
            packages: a file with packages, for modules that have `open_packages`.
            shares_values: give it memory for its function's values, for modules whose `serve`
                takes it.

        Raises:
            ZygoteFailed: the worker could not be forked.
        """
        request = protocol.Spawn(module, memory_bytes, relaxed, tuple(without), time_zone, packages)
        async with self._turn:
            if self._control is None:
                await self._restart()
            if self._control is None:
                raise ZygoteFailed("it ended at once")
            answer = self._ask(self._control, request, create_log() if shares_values else None)
            try:
                has_come = await is_done_within(answer, SPAWN_TIMEOUT_S)
            except asyncio.CancelledError:
                if not answer.cancel():
                    _discard(answer)
                raise
            if has_come:
                return answer.result()
            answer.cancel()
            _log.warning(
                "the process that starts workers has not answered for %g s and is ended",
                SPAWN_TIMEOUT_S,
            )
            await self._stop()
            raise ZygoteFailed(f"no answer within {SPAWN_TIMEOUT_S:g} s")

    async def start(self) -> None:
        """Start the process and wait until it has imported everything.

        Raises:
            ZygoteFailed: it ended, or took longer than `START_TIMEOUT_S`.
        """
        loop = asyncio.get_running_loop()
        self._process, control = _start_process(self._command)
        self._control = control
        self._started = loop.create_future()
        loop.add_reader(control, self._receive)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._started
        except TimeoutError:
            await self._stop()
            raise ZygoteFailed(f"not ready within {START_TIMEOUT_S:g} s") from None

    async def close(self) -> None:
        """End the zygote and every worker.  It must not be used afterwards."""
        await self._stop()

    async def _restart(self) -> None:
        now = asyncio.get_running_loop().time()
        if len(self._restarts) == MAX_RESTARTS and now - self._restarts[0] < RESTART_WINDOW_S:
            raise ZygoteFailed(f"it died {MAX_RESTARTS} times within {RESTART_WINDOW_S:g} s")
        self._restarts.append(now)
        await self._stop()
        _log.warning("the process that starts workers has died; starting another")
        await self.start()

    async def _stop(self) -> None:
        self._lose("stopped")
        process, self._process = self._process, None
        if process is None:
            return
        try:
            # It ends by itself, since its socket has; but it may be stuck.
            await asyncio.to_thread(process.wait, STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)

    def _ask(
        self, control: socket.socket, request: protocol.Spawn, shared: tuple[SharedLog, int] | None
    ) -> asyncio.Future[Spawned]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        answer: asyncio.Future[Spawned] = asyncio.get_running_loop().create_future()
        asked = _Asked(answer, ours, shared and shared[0])
        memory = [] if shared is None else [shared[1]]
        try:
            with theirs:
                socket.send_fds(control, [_encode(request)], [theirs.fileno(), *memory])
        except OSError as error:
            asked.close()
            if not isinstance(error, BlockingIOError):
                self._lose(str(error))
            raise ZygoteFailed(str(error)) from error
        finally:
            for descriptor in memory:
                os.close(descriptor)
        self._asked.append(asked)
        return answer

    def _receive(self) -> None:
        """Read every message that is there."""
        while self._control is not None:
            try:
                packet, descriptors, _, _ = socket.recv_fds(
                    self._control, protocol.MAX_MESSAGE_BYTES, 1, socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                return
            except OSError as error:
                self._lose(str(error))
                return
            if not packet:
                self._lose("it has ended")
                return
            self._handle(_decode(packet), descriptors)

    def _handle(self, message: protocol.FromZygote, descriptors: list[int]) -> None:
        match message:
            case protocol.Started():
                if not self._started.done():
                    self._started.set_result(None)
            case protocol.Refused(reason) if not self._asked:
                self._lose(reason)
            case protocol.Refused(reason):
                self._asked.popleft().refuse(reason)
            case protocol.Forked(pid):
                asked = self._asked.popleft()
                worker = Spawned(pid, descriptors[0], asked.sock, asked.values)
                self._workers[pid] = worker
                if asked.answer.done():  # nobody waits for it any more
                    worker.close()
                else:
                    asked.answer.set_result(worker)
            case protocol.Exited(pid, status):
                self._note_exit(self._workers.pop(pid), status)

    def _note_exit(self, worker: Spawned, status: int) -> None:
        worker.exited.set_result(status)
        if self._on_exit is not None:
            # Later, so that the caller of `spawn` knows the worker by then.
            asyncio.get_running_loop().call_soon(self._on_exit, worker.pid, status)

    def _lose(self, reason: str) -> None:
        """Settle everything that was expected of the zygote: it is gone."""
        if self._control is None:
            return
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        self._control = None
        if not self._started.done():
            self._started.set_exception(ZygoteFailed(reason))
        while self._asked:
            self._asked.popleft().refuse(reason)
        workers, self._workers = self._workers, {}
        for worker in workers.values():
            worker.kill()  # it dies with the zygote anyway
            self._note_exit(worker, -signal.SIGKILL)


def _start_process(command: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Return the zygote and this end of its control socket."""
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.setblocking(False)
    with theirs:
        process = subprocess.Popen(
            [*command[:_PLACE_OF_SOCKET], str(theirs.fileno()), *command[_PLACE_OF_SOCKET:]],
            pass_fds=(theirs.fileno(),),
            # Guest code can read its memory, so it gets no secrets and no working directory.
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # A Ctrl-C in the terminal is for the server alone.
            start_new_session=True,
        )
    return process, control


def _discard(answer: asyncio.Future[Spawned]) -> None:
    """Close a worker that arrived in the same moment as its waiter was cancelled."""
    if answer.done() and not answer.cancelled() and answer.exception() is None:
        answer.result().close()


def _build_command(
    preload: Sequence[str], given: Sequence[str | Path], without: Collection[str]
) -> list[str]:
    """Return the zygote's command line, without the number of its socket."""
    start = Path(protocol.__file__).with_name("__main__.py")
    command = [sys.executable, "-I", "-S", str(start)]
    for directory in import_path(given):
        command += ["--path", directory]
    for module in preload:
        command += ["--preload", module]
    for layer in without:
        command += ["--without", layer]
    return command
