"""The worker's end of its socket: invocations in order, calls and their replies.

`serve_invocations` is the loop of every interpreter that stays in this process.
"""

import os
import socket
import time
from collections import deque
from collections.abc import Callable
from resource import RUSAGE_SELF, getrusage
from typing import Protocol

from perilune.worker.frames import (
    Call,
    Failure,
    FrameError,
    FrameReader,
    Invoke,
    Reply,
    Result,
    Setup,
    ToWorker,
    encode,
)
from perilune.worker.shared_values import SharedValues

EXIT_HOST_GONE = 4
"""Exit status of a worker whose host is gone in the middle of a call."""
RECEIVE_BYTES = 16 * 1024
"""Read at once; much more would have the allocator map and unmap memory each time."""
MAX_HELD_S = 0.0003
"""How long what may wait is held back, to be sent with what follows it."""
MAX_HELD_BYTES = 4096
"""The most of it."""


class Channel(Protocol):
    """The way to the host while guest code runs."""

    def send(self, call: Call, *, has_reply: bool = True) -> bool:
        """Hand *call* over.

        Returns:
            Whether it is held back, see `may_hold`.

        Raises:
            FrameError: it is too large to be sent; nothing was.
        """
        ...

    def receive(self) -> Reply:
        """Wait for the reply to the last call that has one."""
        ...

    def look_up(self, name: bytes) -> tuple[bytes | None] | None:
        """Return a value from shared memory, see `SharedValues.read`; None: make the call."""
        ...

    def may_hold(self, allowed: bool) -> bool:
        """Say whether frames that the host does not wait for may be sent with later ones.

        These are outcomes with invocations lined up behind them, and calls without a reply.  Who
        allows it calls `flush` before guest code goes on for long, or could end the process.

        Returns:
            Whether some are held back now.
        """
        ...

    def flush(self) -> None:
        """Send the frames that are held back."""
        ...


class Interpreter(Protocol):
    """Runs the versions of one function."""

    def execute(self, invoke: Invoke) -> Result | Failure:
        """Run one invocation to its end.  Never raises for what guest code does."""
        ...

    def tidy(self) -> bool:
        """Free what the last invocation left behind; its outcome is sent by now.

        Returns:
            Whether that has taken time.
        """
        ...


class _Meter:
    """Says in outcomes what their executions have used."""

    def __init__(self) -> None:
        self._began_s = 0.0
        self.skip()

    def begin(self) -> None:
        """Note that an execution begins."""
        self._began_s = time.monotonic()

    def skip(self) -> None:
        """Leave out what has been used since the last outcome."""
        self._used_us = _usage()[0]

    def note(self, outcome: Result | Failure) -> None:
        """Fill in what has been used since the outcome before: reading the invocation counts."""
        before_us = self._used_us
        self._used_us, outcome.peak_memory_kib = _usage()
        outcome.cpu_us = self._used_us - before_us
        outcome.held_us = int((time.monotonic() - self._began_s) * 1e6)


def _usage() -> tuple[int, int]:
    """Return the processor time of this process, in microseconds, and its peak memory, in KiB."""
    used = getrusage(RUSAGE_SELF)
    return round((used.ru_utime + used.ru_stime) * 1e6), used.ru_maxrss


def serve_invocations(
    connection: socket.socket,
    start: Callable[[Setup, Channel], Interpreter],
    values: SharedValues | None = None,
    invoke_type: type[Invoke] = Invoke,
) -> None:
    """Run invocations from the host until it closes *connection*.

    Also returns after a failure that leaves the interpreter unusable.

    Args:
        connection: the worker's end of the socket, blocking.
        start: makes the interpreter; called once the set-up has come.
        values: what the host shares of the function's values.
        invoke_type: how invocations are read.

    Raises:
        FrameError: the host broke the protocol.
    """
    channel = SocketChannel(connection, values, invoke_type)
    setup = channel.next_message()
    if setup is None:
        return
    if not isinstance(setup, Setup):
        raise FrameError(f"expected setup, got {type(setup).__name__}")
    interpreter = start(setup, channel)
    meter = _Meter()
    while (message := channel.next_message()) is not None:
        if not isinstance(message, Invoke):
            raise FrameError(f"expected invoke, got {type(message).__name__}")
        channel.begin(message, setup.host_calls)
        meter.begin()
        outcome = interpreter.execute(message)
        meter.note(outcome)
        channel.finish(outcome)
        if isinstance(outcome, Failure) and outcome.fatal:
            channel.flush()
            return
        if interpreter.tidy():
            meter.skip()


class SocketChannel:
    """Frames over the worker's blocking socket."""

    def __init__(
        self,
        connection: socket.socket,
        values: SharedValues | None = None,
        invoke_type: type[Invoke] = Invoke,
    ) -> None:
        self._connection = connection
        self._values = values
        self._reads = 0
        self._lookups_left = 0
        self._reader: FrameReader[ToWorker] = FrameReader(Setup | invoke_type | Reply)
        self._lined_up: deque[ToWorker] = deque()
        self._replies: deque[Reply] = deque()
        self._is_set_up = False
        self._may_hold = False
        self._held = bytearray()
        self._held_since = 0.0

    def next_message(self) -> ToWorker | None:
        """Wait for the next message; None when the host has closed the connection."""
        while not self._lined_up:
            if not self._read():
                return None
            if self._replies:
                raise FrameError("a reply without a call")
        return self._lined_up.popleft()

    def _read(self) -> bool:
        """Wait for data and sort the messages in it; False when the connection is closed.

        Invocations may come while one is in progress; they wait for its end.
        """
        data = self._connection.recv(RECEIVE_BYTES)
        for message in self._reader.feed(data):
            if isinstance(message, Reply):
                self._replies.append(message)
            elif isinstance(message, Setup) and self._is_set_up:
                raise FrameError("a second setup")
            else:
                self._is_set_up = True
                self._lined_up.append(message)
        return bool(data)

    def begin(self, invoke: Invoke, host_calls: int) -> None:
        """Begin an invocation, in which *host_calls* calls and reads are allowed."""
        self._reads = 0
        self._lookups_left = 0 if self._values is None or invoke.calls_only else host_calls

    def look_up(self, name: bytes) -> tuple[bytes | None] | None:
        """See `Channel.look_up`; beyond the limit the host is asked, which refuses."""
        if self._lookups_left <= 0 or self._values is None:
            return None
        found = self._values.read(name)
        if found is not None:
            self._reads += 1
            self._lookups_left -= 1
        return found

    def finish(self, outcome: Result | Failure) -> None:
        """Send the outcome of an invocation; one that is too large becomes a failure."""
        outcome.reads = self._reads
        try:
            frame = encode(outcome)
        except FrameError as error:
            frame = encode(Failure("runtime", f"the response is too large: {error}"))
        # The host waits for the last one of a line.
        self._send(frame, may_wait=bool(self._lined_up))

    def send(self, call: Call, *, has_reply: bool = True) -> bool:
        """Send a call made by guest code; see `Channel`."""
        call.reads = self._reads
        self._send(encode(call), may_wait=not has_reply)
        return bool(self._held)

    def may_hold(self, allowed: bool) -> bool:
        """Say whether frames may be held back; see `Channel`."""
        self._may_hold = allowed
        if not allowed:
            self.flush()
        return bool(self._held)

    def flush(self) -> None:
        """Send the frames that are held back."""
        if self._held:
            self._send(b"", may_wait=False)

    def _send(self, frame: bytes, *, may_wait: bool) -> None:
        """Send *frame* behind those that are held back, or hold it back, too."""
        held = self._held
        if may_wait and self._may_hold and len(held) + len(frame) <= MAX_HELD_BYTES:
            now = time.monotonic()
            if not held:
                self._held_since = now
            if now - self._held_since < MAX_HELD_S:
                held += frame
                return
        if held:
            frame = bytes(held) + frame
            held.clear()
        try:
            self._connection.sendall(frame)
        except OSError:
            os._exit(EXIT_HOST_GONE)

    def receive(self) -> Reply:
        """Wait for the reply to a call made by guest code.

        Without a host, or with one that breaks the protocol, the process ends
        right here: guest code on the stack could swallow any error.
        """
        self._lookups_left -= 1
        try:
            while not self._replies:
                if not self._read():
                    os._exit(EXIT_HOST_GONE)
        except (OSError, FrameError):
            os._exit(EXIT_HOST_GONE)
        return self._replies.popleft()
