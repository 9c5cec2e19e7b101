"""One worker process, as the host sees it: invocations in order, their frames, a way to kill it."""

import asyncio
import time
from collections import deque
from contextlib import suppress

from perilune.runtimes.contract import MemoryLimitError, RuntimeFailure, WorkerDiedError
from perilune.runtimes.language import WorkerKind
from perilune.runtimes.limits import MIB
from perilune.runtimes.spawned import Spawned, describe_status
from perilune.runtimes.workers.frame_contents import refuse_bombs
from perilune.turns import Turns
from perilune.worker.frames import (
    MAX_FRAME_BYTES,
    Call,
    Failure,
    FrameError,
    FrameReader,
    FromWorker,
    Invoke,
    Reply,
    ToWorker,
    encode,
)

ENDED = "the worker process ended in the middle of the execution"
PAGE_BYTES = 4096
EXIT_STATUS_WAIT_S = 1.0
MAX_UNREAD_FRAMES = 64
"""Frames received ahead of their handling; then no more are taken until these are handled, which
leaves a moment to everybody else."""
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
LONG_BYTES = 64 * 1024
"""Who sends so much at once waits for its turn before more is taken."""
LONG_PER_TURN = 4
REST_S = 0.004
"""Between two turns, for everything else, when several workers send long frames."""


class NotStartedError(RuntimeFailure):
    """The worker went away before it began with this invocation: another one can have it."""

    code = "not_started"


class Invocation:
    """One invocation's place at a worker.

    It is reserved first and taken with `start`; from then on the worker has
    it, and runs it when those before it are done.
    """

    __slots__ = (
        "_failure",
        "_frames",
        "_waiter",
        "is_abandoned",
        "is_over",
        "is_started",
        "worker",
    )

    def __init__(self, worker: "WorkerProcess") -> None:
        self.worker = worker
        self.is_started = False
        """Whether the worker has been sent this invocation."""
        self.is_over = False
        """Whether the worker has given its outcome."""
        self.is_abandoned = False
        self._frames: deque[FromWorker] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._failure: RuntimeFailure | None = None

    def start(self, invoke: Invoke) -> None:
        """Send the invocation.

        Raises:
            FrameError: it is too long for the protocol; nothing was sent.
            NotStartedError: the worker is gone.
        """
        self.worker.take(self, invoke)

    def reply(self, reply: Reply) -> None:
        """Answer the call received last.  Raises `FrameError` when the answer is too long."""
        self.worker.answer(reply)

    async def receive(self) -> FromWorker:
        """Return the next frame that belongs to this invocation.

        Raises:
            NotStartedError: the worker is gone and never began with it.
            RuntimeFailure: the process ended or broke the protocol.
        """
        frames = self._frames
        while not frames:
            if self._failure is not None:
                raise await self.worker.describe(self._failure)
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        frame = frames.popleft()
        if not frames:
            self.worker.go_on()
        return frame

    def deliver(self, frame: FromWorker) -> int:
        """Add a frame; return how many are waiting now."""
        self._frames.append(frame)
        self._wake()
        return len(self._frames)

    def fail(self, failure: RuntimeFailure) -> None:
        """End the invocation without outcome."""
        if self._failure is None:
            self._failure = failure
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class WorkerProcess(asyncio.Protocol):
    """A locked-down process that runs one invocation at a time, in the order they were sent.

    Everything it sends is untrusted.  After any error it must be killed.
    """

    def __init__(self, spawned: Spawned, kind: WorkerKind, turns: Turns) -> None:
        self.pid = spawned.pid
        self.kind = kind
        self.owner: tuple[str, WorkerKind] | None = None
        """Whom it belongs to: a version, and its kind; None as long as it is anybody's."""
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
        self._reader: FrameReader[FromWorker] = FrameReader(FromWorker, refuse_bombs)
        self._line: deque[Invocation] = deque()
        self._reserved = 0
        self._transport: asyncio.Transport | None = None
        self._failure: RuntimeFailure | None = None
        self._ended_by_itself = False
        self._has_left_unread = False
        self.is_clogged = False
        """Whether much of what it was sent waits to be read by it."""
        self._drained = asyncio.Event()
        self._paused = False
        self._handled_bytes = 0
        self.idle_mark: tuple[float, float] = (0.0, 0.0)
        """Since when it had been idle, and the processor time it had used, when last looked at."""

    @property
    def is_alive(self) -> bool:
        """Whether it can still be used."""
        return self._failure is None

    @property
    def load(self) -> int:
        """Invocations it has or is about to get."""
        return len(self._line) + self._reserved

    def reserve(self) -> Invocation:
        """Return a place for one more invocation; it must be taken or released."""
        self._reserved += 1
        return Invocation(self)

    def take(self, invocation: Invocation, invoke: Invoke) -> None:
        """Send a reserved invocation; see `Invocation.start`."""
        if self._failure is not None:
            raise NotStartedError("the worker process is gone")
        self.send(invoke)
        self.has_code = True
        invocation.is_started = True
        self._reserved -= 1
        if not self._line:
            self.begun_at = time.monotonic()
        self._line.append(invocation)

    def release(self, invocation: Invocation) -> None:
        """Give a place back.

        An invocation that is not over is abandoned: if the worker is busy with
        it, the worker is killed, at once or when its turn comes.
        """
        if not invocation.is_started:
            self._reserved -= 1
        elif not invocation.is_over and self._failure is None:
            invocation.is_abandoned = True
            if self._line[0] is invocation:
                self.kill()

    def expect(self) -> Invocation:
        """Return an invocation that stands for what the worker does before the first one."""
        invocation = Invocation(self)
        invocation.is_started = True
        self._line.append(invocation)
        return invocation

    def send(self, message: ToWorker) -> None:
        """Queue one frame.

        Raises:
            FrameError: it is too long for the protocol.
        """
        data = encode(message)
        if self._transport is not None:
            self._transport.write(data)

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
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_WAIT_S):
                await self._drained.wait()

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
            asyncio.get_running_loop().call_soon(self._resume)

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
        """Return *failure*, or what is known of a process that has ended by itself."""
        if not self._ended_by_itself or isinstance(failure, NotStartedError):
            return failure
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
        self._reader.add(data)
        self._hand_out()
        if len(data) >= LONG_BYTES and not self._paused:
            # A frame that has begun goes first: few of them are in memory at a time.
            has_begun = self._reader.waiting_bytes > len(data)
            self._pause()
            self._turns.wait(self._take_turn, is_first=has_begun)

    def _hand_out(self) -> None:
        """Give the frames that are there to their invocations, until too many are unread."""
        try:
            while not self._paused and (frame := self._reader.take()) is not None:
                self._dispatch(frame)
        except FrameError as error:
            self.kill(WorkerDiedError(f"the worker broke the protocol and was stopped: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the other side is gone."""
        if self._failure is None:
            self._ended_by_itself = True
            self._has_left_unread = isinstance(exc, ConnectionResetError)
            self._fail(WorkerDiedError(ENDED))
        self._drained.set()
        self._spawned.close()

    def _dispatch(self, frame: FromWorker) -> None:
        """Give a frame to the invocation that the worker is busy with."""
        if not self._line:
            raise FrameError("a frame outside of any invocation")
        invocation = self._line[0]
        if isinstance(frame, Call):
            unread_bytes = self._reader.taken_bytes - self._handled_bytes
            frames, most_bytes = MAX_UNREAD_FRAMES, MAX_UNREAD_BYTES
            if self.is_clogged:
                frames, most_bytes = CLOGGED_FRAMES, MAX_FRAME_BYTES
            if invocation.deliver(frame) >= frames or unread_bytes > most_bytes:
                self._pause()
            return
        self._line.popleft()
        invocation.is_over = True
        invocation.deliver(frame)
        now = time.monotonic()
        self.held_s, self.begun_at = now - self.begun_at, now
        if isinstance(frame, Failure) and frame.fatal:
            # It ends without a look at those behind.
            self._fail(NotStartedError("the worker process is gone"))
            self.kill()
        elif self._line and self._line[0].is_abandoned:
            self.kill()

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
        self._failure = failure
        for position, invocation in enumerate(self._line):
            behind = NotStartedError("the worker process is gone")
            invocation.fail(behind if position else failure)
        self._line.clear()
