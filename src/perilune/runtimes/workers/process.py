"""One worker process, as the host sees it: invocations in order, their frames, a way to kill it."""

import asyncio
import time
from collections import deque

from perilune.runtimes.contract import MemoryLimitError, RuntimeFailure, WorkerDiedError
from perilune.runtimes.language import WorkerKind
from perilune.runtimes.limits import MIB
from perilune.runtimes.spawned import Spawned, describe_status
from perilune.runtimes.workers.frame_contents import refuse_bombs
from perilune.turns import Turns
from perilune.worker.frames import (
    MAX_FRAME_BYTES,
    Call,
    Ending,
    FrameError,
    FrameReader,
    FromWorker,
    Invoke,
    Reply,
    Setup,
    encode,
)

ENDED = "the worker process ended in the middle of the execution"
PAGE_BYTES = 4096
EXIT_STATUS_WAIT_S = 1.0
MAX_UNREAD_FRAMES = 64
"""Frames taken in one go, or received ahead of their handling; then no more are taken until these
are handled, which leaves a moment to everybody else."""
MAX_UNREAD_BYTES = 64 * 1024
"""The same for their size."""
CLOGGED_BYTES = 4 * MIB
"""With so much on its way to a worker, the answer to its next call waits a little."""
UNCLOGGED_BYTES = MIB
CLOGGED_FRAMES = 4096
"""Frames that are taken ahead meanwhile: a worker that waits until its calls are taken would not
read its answers."""
DRAIN_WAIT_S = 0.1
"""How long the next answer waits.  Not for ever, since even that may be too few."""
MAX_UNREAD_REPLY_BYTES = 48 * MIB
"""Answers to calls that a worker may leave unread, beyond one frame for each in its line."""
MOST_UNSENT_BYTES = 64 * 1024
"""Frames of one turn that are longer together are sent at once."""
LONG_BYTES = 64 * 1024
"""Who sends so much at once waits for its turn before more is taken."""
LONG_PER_TURN = 4
REST_S = 0.004
"""Between two turns, for everything else, when several workers send long frames."""


Owner = tuple[str, str, int | None, str | None]
"""Whom a worker belongs to: a version, and what the kind of its workers depends on, which are
language, limit of memory in MiB and packages."""


class NotStartedError(RuntimeFailure):
    """The worker went away before it began with this invocation: another one can have it."""

    code = "not_started"


class Invocation:
    """One invocation, from asking for a worker to its outcome.

    It gets a place at a worker first and takes it with `WorkerProcess.take`; from then on the
    worker has it, and runs it when those before it are done.  What happens to it is told by calls
    of its methods, which each user of workers has in a class of its own.
    """

    worker: "WorkerProcess | None" = None
    """The one at which it has a place."""
    since = 0.0
    """When it began to wait for a place."""
    is_started = False
    """Whether the worker has been sent this invocation."""
    is_over = False
    """Whether the worker has given its outcome."""
    is_abandoned = False

    def placed(self, worker: "WorkerProcess") -> None:
        """It has a place at *worker*, which it must take or release."""
        raise NotImplementedError

    def refused(self, error: BaseException) -> None:
        """There will be no place for it."""
        raise NotImplementedError

    def called(self, call: Call) -> int:
        """The guest calls the host; return how many frames wait to be handled now."""
        raise NotImplementedError

    def ended(self, frame: Ending) -> None:
        """The worker is done with it."""
        raise NotImplementedError

    def fail(self, failure: RuntimeFailure) -> None:
        """The worker is gone; `NotStartedError`: it never began with this invocation."""
        raise NotImplementedError


class WorkerProcess(asyncio.Protocol):
    """A locked-down process that runs one invocation at a time, in the order they were sent.

    Everything it sends is untrusted.  After any error it must be killed.
    """

    def __init__(self, spawned: Spawned, kind: WorkerKind, turns: Turns) -> None:
        self.pid = spawned.pid
        self.kind = kind
        self.values = spawned.values
        self.owner: Owner | None = None
        """Whom it belongs to; None as long as it is anybody's."""
        self.free_since = 0.0
        """Monotonic time since when it has nothing to do."""
        self.begun_at = 0.0
        """Monotonic time at which the invocation it is busy with came first in line."""
        self.held_s = 0.0
        """How long the invocation before had it."""
        self.has_code = False
        """Whether it has been given the source of its version."""
        self._spawned = spawned
        self._turns = turns
        self._loop = asyncio.get_running_loop()
        self._unsent = bytearray()
        self._will_flush = False
        self._reader: FrameReader[FromWorker] = FrameReader(FromWorker, refuse_bombs)
        self._line: deque[Invocation] = deque()
        self.load = 0
        """Invocations it has or is about to get."""
        self.is_alive = True
        """Whether it can still be used."""
        self._transport: asyncio.Transport | None = None
        self._failure: RuntimeFailure | None = None
        self.has_ended_by_itself = False
        """Whether nobody has stopped it."""
        self._has_left_unread = False
        self.is_clogged = False
        """Whether much of what it was sent waits to be read by it."""
        self._drained = asyncio.Event()
        self._paused = False
        self._handled_bytes = 0
        self.idle_mark: tuple[float, float] = (0.0, 0.0)
        """Since when it had been idle, and the processor time it had used, when last looked at."""

    def take(self, invocation: Invocation, invoke: Invoke) -> None:
        """Send an invocation that has a place.

        One that the worker does not wait for goes together with others of the same turn of the
        loop, which takes one system call and wakes the worker once.

        Raises:
            FrameError: it is too long for the protocol; nothing was sent.
            NotStartedError: the worker is gone.
        """
        if self._failure is not None:
            raise NotStartedError("the worker process is gone")
        self._unsent += encode(invoke)
        self.has_code = invocation.is_started = True
        line = self._line
        if not line:
            self.begun_at = time.monotonic()
        line.append(invocation)
        if len(line) == 1 or len(self._unsent) > MOST_UNSENT_BYTES:
            self._flush()
        elif not self._will_flush:
            self._will_flush = True
            self._loop.call_soon(self._flush)

    def release(self, invocation: Invocation) -> None:
        """Give a place back.

        An invocation that is not over is abandoned: if the worker is busy with
        it, the worker is killed, at once or when its turn comes.
        """
        if not invocation.is_started:
            self.load -= 1
        elif not invocation.is_over and self._failure is None:
            invocation.is_abandoned = True
            if self._line[0] is invocation:
                self.kill()

    def expect(self, invocation: Invocation) -> None:
        """Have *invocation* stand for what the worker does before the first one."""
        invocation.worker = self
        invocation.is_started = True
        self.load += 1
        self._line.append(invocation)

    def send(self, message: Setup | Reply) -> None:
        """Send one frame that the worker waits for.

        Raises:
            FrameError: it is too long for the protocol.
        """
        self._unsent += encode(message)
        self._flush()

    def _flush(self) -> None:
        self._will_flush = False
        if self._unsent and self._transport is not None:
            self._transport.write(self._unsent)
            self._unsent = bytearray()

    def answer(self, reply: Reply) -> None:
        """Queue the answer to a call; a worker that lets too many of them pile up is killed.

        Raises:
            FrameError: it is too long for the protocol.
        """
        if self._failure is not None:
            return
        self.send(reply)
        if not self.is_clogged or self._transport is None:
            return
        most = MAX_UNREAD_REPLY_BYTES + len(self._line) * MAX_FRAME_BYTES
        if self._transport.get_write_buffer_size() > most:
            self.kill(
                MemoryLimitError(
                    f"memory limit exceeded: answers of more than {most // MIB} MiB "
                    "wait for the function to read them"
                )
            )

    async def drained(self) -> None:
        """Wait until the worker has read most of what it was sent, but not for long."""
        if self._paused:
            self._resume()
        # No `asyncio.timeout`, which needs a task.
        drained = asyncio.ensure_future(self._drained.wait())
        await asyncio.wait([drained], timeout=DRAIN_WAIT_S)
        drained.cancel()

    def kill(self, reason: RuntimeFailure | None = None) -> None:
        """End the process at once; *reason* is what the invocation it is busy with reports."""
        self._fail(reason or WorkerDiedError("the worker process was stopped"))
        self._spawned.kill()
        if self._transport is None:
            self._spawned.close()
        else:
            self._transport.abort()

    def go_on(self) -> None:
        """Note that all frames have been handled; if that was waited for, there will be more."""
        self._handled_bytes = self._reader.taken_bytes
        if self._paused:
            # In a turn of its own: a worker that sends without end must not block others.
            self._loop.call_soon(self._resume)

    def _pause(self) -> None:
        self._paused = True
        if self._transport is not None:
            self._transport.pause_reading()

    def _take_turn(self) -> None:
        self._turns.spend(1 / LONG_PER_TURN)
        self._resume()

    def _resume(self) -> None:
        if self._paused and self._failure is None and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
            self._hand_out()

    async def describe(self, failure: RuntimeFailure) -> RuntimeFailure:
        """Return what is known of a process that has ended by itself, *failure* if nothing is."""
        try:
            async with asyncio.timeout(EXIT_STATUS_WAIT_S):
                status = await asyncio.shield(self._spawned.exited)
        except TimeoutError:
            return failure
        how_ended = self.kind.language.how_ended
        # A program that could not be started has read nothing, and ends with a status of its own.
        if how_ended is None or not self.has_code or (status >= 0 and self._has_left_unread):
            known = None
        else:
            known = how_ended(status, self.kind.memory_bytes)
        return known or WorkerDiedError(f"{ENDED} ({describe_status(status)})")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: the socket is connected."""
        self._transport = transport  # type: ignore[assignment]  # streams have stream transports
        self._transport.set_write_buffer_limits(CLOGGED_BYTES, UNCLOGGED_BYTES)  # type: ignore[union-attr]

    def pause_writing(self) -> None:
        """Asyncio: much waits to be read by the other side."""
        self.is_clogged = True
        self._drained.clear()

    def resume_writing(self) -> None:
        """Asyncio: most of it has been read."""
        self.is_clogged = False
        self._drained.set()

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have arrived."""
        self._reader.buffer += data
        self._hand_out()
        if len(data) >= LONG_BYTES and not self._paused:
            # A frame that has begun goes first: few of them are in memory at a time.
            has_begun = len(self._reader.buffer) > len(data)
            self._pause()
            self._turns.wait(self._take_turn, is_first=has_begun)

    def _hand_out(self) -> None:
        """Give the frames that are there to their invocations, until that has been long enough."""
        left, reader = MAX_UNREAD_FRAMES, self._reader
        try:
            while reader.buffer and not self._paused and self._failure is None:
                frame = reader.take()
                if frame is None:
                    break
                self._dispatch(frame)
                left -= 1
                if not left:
                    self._pause()
                    self._loop.call_soon(self._resume)
        except FrameError as error:
            self.kill(WorkerDiedError(f"the worker broke the protocol and was stopped: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the other side is gone."""
        if self._failure is None:
            self.has_ended_by_itself = True
            self._has_left_unread = isinstance(exc, ConnectionResetError)
            self._fail(WorkerDiedError(ENDED))
        self._drained.set()
        self._spawned.close()

    def _dispatch(self, frame: FromWorker) -> None:
        """Give a frame to the invocation that the worker is busy with."""
        line = self._line
        if not line:
            raise FrameError("a frame outside of any invocation")
        if isinstance(frame, Call):
            self._called(line[0], frame)
            return
        invocation = line.popleft()
        self.load -= 1
        invocation.is_over = True
        now = time.monotonic()
        held_s, self.begun_at = now - self.begun_at, now
        claimed_us = frame.held_us
        # A busy host sees it late.  Who claims too little makes its own line too long.
        if claimed_us is not None and claimed_us < held_s * 1e6:
            held_s = claimed_us / 1e6
        self.held_s = held_s
        if frame.fatal:
            # It ends without a look at those behind.
            self._fail(NotStartedError("the worker process is gone"))
            self.kill()
        elif line and line[0].is_abandoned:
            self.kill()
        invocation.ended(frame)

    def _called(self, invocation: Invocation, call: Call) -> None:
        waiting = invocation.called(call)
        frames, most_bytes = MAX_UNREAD_FRAMES, MAX_UNREAD_BYTES
        if self.is_clogged:
            frames, most_bytes = CLOGGED_FRAMES, MAX_FRAME_BYTES
        unread_bytes = self._reader.taken_bytes - self._handled_bytes
        if waiting >= frames or (waiting and unread_bytes > most_bytes):
            self._pause()

    def resident_bytes(self) -> int:
        """Return the memory the process holds; 0 when it is gone."""
        return self._pages()[0] * PAGE_BYTES

    def own_bytes(self) -> int:
        """Return the memory it holds that is no file's; 0 when it is gone.

        What it still shares with the process it was forked from counts too.
        """
        resident, of_files = self._pages()
        return (resident - of_files) * PAGE_BYTES

    def _pages(self) -> tuple[int, int]:
        """Return how many pages are resident, and how many of them belong to files."""
        try:
            with open(f"/proc/{self.pid}/statm", "rb") as statm:
                members = statm.read().split()
            return int(members[1]), int(members[2])
        except (OSError, IndexError, ValueError):
            return 0, 0

    def _fail(self, failure: RuntimeFailure) -> None:
        if self._failure is not None:
            return
        self._failure, self.is_alive = failure, False
        line = list(self._line)
        self._line.clear()
        self.load -= len(line)
        for position, invocation in enumerate(line):
            behind = NotStartedError("the worker process is gone")
            invocation.fail(behind if position else failure)
