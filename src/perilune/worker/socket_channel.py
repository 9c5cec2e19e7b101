"""The worker's end of its socket: invocations in order, calls and their replies."""

import os
import socket
from collections import deque

from perilune.worker.frames import (
    Call,
    Failure,
    FrameError,
    FrameReader,
    Reply,
    Result,
    Setup,
    ToWorker,
    encode,
)

EXIT_HOST_GONE = 4
"""Exit status of a worker whose host is gone in the middle of a call."""
RECEIVE_BYTES = 16 * 1024
"""Read at once; much more would have the allocator map and unmap memory each time."""


class SocketChannel:
    """Frames over the worker's blocking socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._reader: FrameReader[ToWorker] = FrameReader(ToWorker)
        self._lined_up: deque[ToWorker] = deque()
        self._replies: deque[Reply] = deque()
        self._is_set_up = False

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

    def finish(self, outcome: Result | Failure) -> None:
        """Send the outcome of an invocation; one that is too large becomes a failure."""
        try:
            frame = encode(outcome)
        except FrameError as error:
            frame = encode(Failure("runtime", f"the response is too large: {error}"))
        self._connection.sendall(frame)

    def send(self, call: Call) -> None:
        """Send a call made by guest code."""
        frame = encode(call)
        try:
            self._connection.sendall(frame)
        except OSError:
            os._exit(EXIT_HOST_GONE)

    def receive(self) -> Reply:
        """Wait for the reply to a call made by guest code.

        Without a host, or with one that breaks the protocol, the process ends
        right here: guest code on the stack could swallow any error.
        """
        try:
            while not self._replies:
                if not self._read():
                    os._exit(EXIT_HOST_GONE)
        except (OSError, FrameError):
            os._exit(EXIT_HOST_GONE)
        return self._replies.popleft()
