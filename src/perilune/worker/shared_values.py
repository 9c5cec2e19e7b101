"""A function's values in memory that server and worker share: read here, written by the server.

The memory holds a word and a log.  The word says which log it is and how long; the server appends
an entry for each change, then stores the new word, and begins another log when there is no more
room.  A word of 0 means that there is no log, so that the host has to be asked.

Entries may be seen before the word, after it or half written, depending on the processor.  Each
has a checksum, so the worst that a reader can come across is an entry it can't use yet.
"""

import mmap
import struct
import zlib
from time import time
from typing import Final

SIZE: Final = 1024 * 1024
"""Bytes of the memory: the word and the longest log."""
START: Final = 8
"""Where the log begins.  The word before it is copied by one instruction, as it is aligned."""
LENGTH_BITS: Final = 32
"""The word is the number of the log, shifted by so many bits, and the place of its end."""
NEVER: Final = float("inf")
"""When a value expires that does not."""

PAIR: Final = b"k"
"""Before the key of a pair: its name in the table."""
VARIABLE: Final = b"e"
"""Before the name of an environment variable."""
READS: Final = {"kv.get": PAIR, "env.get": VARIABLE}
"""The host functions that a table answers, and what stands before their argument."""

_CHECKSUM = struct.Struct("<I")
_HEAD = struct.Struct("<IId")
_DELETED = 0xFFFFFFFF
ENTRY_BYTES: Final = _CHECKSUM.size + _HEAD.size
"""What an entry takes besides its name and its value."""

Value = tuple[bytes, float]
"""A value, and the time at which it expires, in Unix seconds."""


def encode_entry(name: bytes, value: Value | None) -> bytes:
    """Return the entry that sets a value, or deletes it (None)."""
    text, expires_at = value or (b"", 0.0)
    length = _DELETED if value is None else len(text)
    content = b"%b%b%b" % (_HEAD.pack(len(name), length, expires_at), name, text)
    return _CHECKSUM.pack(zlib.crc32(content)) + content


def _read_entries(log: bytes, values: dict[bytes, Value]) -> bool:
    """Apply the entries of *log* in order; False if one of them can't be used (yet)."""
    at, end = 0, len(log)
    while at < end:
        if at + ENTRY_BYTES > end:
            return False
        (checksum,) = _CHECKSUM.unpack_from(log, at)
        start = at + _CHECKSUM.size
        name_bytes, value_bytes, expires_at = _HEAD.unpack_from(log, start)
        name_start = start + _HEAD.size
        value_start = name_start + name_bytes
        at = value_start if value_bytes == _DELETED else value_start + value_bytes
        if at > end or zlib.crc32(log[start:at]) != checksum:
            return False
        name = log[name_start:value_start]
        if value_bytes == _DELETED:
            values.pop(name, None)
        else:
            values[name] = (log[value_start:at], expires_at)
    return True


class SharedValues:
    """What a worker knows of its function's values; each read sees the server's latest."""

    def __init__(self, memory: mmap.mmap) -> None:
        """Read *memory*, which nothing here can write."""
        self._memory = memory
        self._word = memoryview(memory)[:START].cast("Q")
        self._seen = 0
        self._values: dict[bytes, Value] = {}

    def read(self, name: bytes) -> tuple[bytes | None] | None:
        """Return the value, None for one that is not there; without the tuple, ask the host."""
        word = self._word[0]
        if word != self._seen and not self._follow(word):
            return None
        if not word:
            return None
        found = self._values.get(name)
        if found is None or found[1] <= time():
            return (None,)
        return (found[0],)

    def _follow(self, word: int) -> bool:
        """Read what has been appended, or another log from its beginning."""
        number, end = divmod(word, 1 << LENGTH_BITS)
        seen_number, at = divmod(self._seen, 1 << LENGTH_BITS)
        if number == seen_number and at <= end:
            values = self._values
        else:
            values, at = {}, START
        log = self._memory[at:end] if word else b""
        if self._word[0] >> LENGTH_BITS != number:
            return False  # the server has begun another one meanwhile
        if not _read_entries(log, values):
            self._seen, self._values = 0, {}
            return False
        self._seen, self._values = word, values
        return True


def map_values(descriptor: int) -> SharedValues:
    """Map the memory behind *descriptor* for reading; it may be closed afterwards.

    Raises:
        OSError: it can't be mapped.
        ValueError: it is too small.
    """
    return SharedValues(mmap.mmap(descriptor, SIZE, mmap.MAP_SHARED, mmap.PROT_READ))
