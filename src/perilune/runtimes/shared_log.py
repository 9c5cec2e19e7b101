"""The host's end of the memory in which a worker reads its function's values.

Each worker has memory of its own, which holds values of one function or nothing.  The host never
reads it.  The worker gets it before its lock-down, can't write it and keeps no descriptor of it.
See `perilune.worker.shared_values` for what is in it.
"""

import fcntl
import logging
import mmap
import os
from collections.abc import Mapping
from contextlib import suppress

from perilune.worker.shared_values import LENGTH_BITS, SIZE, START, Value, encode_entry

LEAST_ROOM_BYTES = 64 * 1024
ROOM_FACTOR = 4
"""A log has room for so many times what was in it at first, so that it is seldom begun anew."""
_SEAL_FUTURE_WRITE = 0x10  # linux/fcntl.h; the mappings that exist stay writable
_SEALS = _SEAL_FUTURE_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL

_log = logging.getLogger(__name__)


class SharedLog:
    """A copy of a function's table that one worker reads; see `perilune.store.TableCopy`."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._word = memoryview(memory)[:START].cast("Q")
        self._number = 0
        self._end = self._room = 0
        self.function_id: str | None = None
        """The function that the worker has got invocations of."""
        self._is_of_one = True
        self.is_filled = False
        """Whether the worker can read from it."""
        self.is_closed = False

    @property
    def copied_bytes(self) -> int:
        """The memory that it takes or is going to take."""
        return self._room

    def serve(self, function_id: str) -> None:
        """Note that the worker gets an invocation of a function.

        A worker is for one version, and a version of one function: where it is not, nothing is
        shared with it any more.
        """
        if function_id == self.function_id:
            return
        if self.function_id is not None:
            self._is_of_one = False
            self.empty()
        self.function_id = function_id

    def is_wanted(self, function_id: str) -> bool:
        """Whether it could be filled for this function, and is not."""
        is_of_this = self._is_of_one and function_id == self.function_id
        return is_of_this and not (self.is_filled or self.is_closed)

    def fill(self, values: Mapping[bytes, Value]) -> None:
        """Begin another log with *values*."""
        self.empty()
        if self.is_closed:
            return
        log = b"".join([encode_entry(name, value) for name, value in values.items()])
        self._number += 1
        self._end = START + len(log)
        # What has been written once stays in memory.
        self._room = max(
            self._room, min(SIZE, max(LEAST_ROOM_BYTES, ROOM_FACTOR * len(log))), self._end
        )
        self._memory[START : self._end] = log
        self._publish()
        self.is_filled = True

    def append(self, entry: bytes) -> bool:
        """Append a change (`encode_entry`); False if there is no room."""
        if not self.is_filled:
            return True
        end = self._end + len(entry)
        if end > self._room:
            return False
        self._memory[self._end : end] = entry
        self._end = end
        self._publish()
        return True

    def empty(self) -> None:
        """Have the worker ask the host from now on."""
        self.is_filled = False
        if not self.is_closed:
            self._word[0] = 0

    def close(self) -> None:
        """Give the memory back; the worker is gone, or the host is done with it."""
        if self.is_closed:
            return
        self.is_closed, self.is_filled = True, False
        self._word.release()
        self._memory.close()

    def _publish(self) -> None:
        self._word[0] = (self._number << LENGTH_BITS) | self._end


def create_log() -> tuple[SharedLog, int] | None:
    """Return a log, and the descriptor of its memory for a worker; the caller closes both.

    None where the kernel has no such memory (before Linux 5.1): then all reads are calls.
    """
    try:
        descriptor = os.memfd_create("perilune", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError as error:
        _log.debug("no memory is shared with workers: %s", error)
        return None
    try:
        os.ftruncate(descriptor, SIZE)
        memory = mmap.mmap(descriptor, SIZE)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except OSError as error:
        _log.debug("no memory is shared with workers: %s", error)
        with suppress(OSError):
            os.close(descriptor)
        return None
    return SharedLog(memory), descriptor
