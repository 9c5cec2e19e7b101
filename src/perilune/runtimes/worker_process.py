"""One worker process, as the host sees it: a stream of frames and a way to kill it."""

import asyncio
import signal
from collections import deque

from perilune.runtimes.contract import RuntimeFailure, WorkerDiedError
from perilune.runtimes.zygote_client import Spawned
from perilune.worker.frames import FrameError, FrameReader, FromWorker, ToWorker, encode

ENDED = "the worker process ended in the middle of the execution"
EXIT_STATUS_WAIT_S = 0.25
MAX_UNREAD_FRAMES = 256
"""Frames received ahead of their handling; then the socket is not read until they are handled."""


class WorkerProcess(asyncio.Protocol):
    """A locked-down process that runs one invocation at a time.

    Everything it sends is untrusted.  After any error it must be killed.
    """

    def __init__(self, spawned: Spawned) -> None:
        self.pid = spawned.pid
        self.version_id: str | None = None
        self.free_since = 0.0
        """Monotonic time since when it is idle."""
        self.busy_since = 0.0
        self.has_code = False
        """Whether it has been given the source of its version."""
        self._spawned = spawned
        self._reader: FrameReader[FromWorker] = FrameReader(FromWorker)
        self._frames: deque[FromWorker] = deque()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._failure: RuntimeFailure | None = None
        self._ended_by_itself = False
        self._paused = False

    @property
    def is_alive(self) -> bool:
        """Whether it can still be used."""
        return self._failure is None

    def send(self, message: ToWorker) -> None:
        """Queue one frame.

        Raises:
            FrameError: it is too long for the protocol.
        """
        data = encode(message)
        if self._transport is not None:
            self._transport.write(data)

    async def receive(self) -> FromWorker:
        """Return the next frame.

        Raises:
            RuntimeFailure: the process ended or broke the protocol.
        """
        frames = self._frames
        while not frames:
            if self._failure is not None:
                raise await self._described(self._failure)
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        frame = frames.popleft()
        if self._paused and not frames and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return frame

    def has_unread(self) -> bool:
        """Tell whether frames have arrived that nobody asked for."""
        return bool(self._frames)

    def kill(self, reason: RuntimeFailure | None = None) -> None:
        """End the process at once; *reason* is what `receive` reports."""
        if self._failure is None:
            self._failure = reason or WorkerDiedError("the worker process was stopped")
        self._spawned.kill()
        if self._transport is None:
            self._spawned.close()
        else:
            self._transport.abort()
        self._wake()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: the socket is connected."""
        self._transport = transport  # type: ignore[assignment]  # streams have stream transports

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have arrived."""
        try:
            self._frames.extend(self._reader.feed(data))
        except FrameError as error:
            self.kill(WorkerDiedError(f"the worker broke the protocol and was stopped: {error}"))
            return
        if len(self._frames) > MAX_UNREAD_FRAMES and not self._paused:
            self._paused = True
            if self._transport is not None:
                self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the other side is gone."""
        if self._failure is None:
            self._failure = WorkerDiedError(ENDED)
            self._ended_by_itself = True
        self._spawned.close()
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def _described(self, failure: RuntimeFailure) -> RuntimeFailure:
        """Name the signal that ended the process, if it was not ours."""
        if not self._ended_by_itself:
            return failure
        try:
            async with asyncio.timeout(EXIT_STATUS_WAIT_S):
                status = await asyncio.shield(self._spawned.exited)
        except TimeoutError:
            return failure
        return WorkerDiedError(f"{ENDED} ({describe_status(status)})")


def describe_status(status: int) -> str:
    """Return in words how a process ended; negative numbers are signals."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
