"""Identifiers: 20 characters, sortable by time, made without asking anyone.

An id is twelve bytes written in base-32 "hex" digits.  Records (executions,
log rows, AI and e-mail rows, `random.id()`) use the xid layout: seconds,
machine, process, counter.  Functions do not: their id is part of a public
address, and who has seen one xid can guess its neighbours, so function ids are
seconds and 64 random bits in the same text form.
"""

import hashlib
import os
import re
import secrets
import socket
import time
import zlib
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

from perilune.errors import PeriluneError

__all__ = [
    "IdGenerator",
    "WrongIdLength",
    "Xids",
    "encode_id",
    "has_id_form",
    "new_function_id",
    "new_id",
    "use_server",
    "version_id",
]

IdGenerator = Callable[[], str]
"""Returns a new id, different from every id returned before."""

ID_BYTES: Final = 12

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuv"
_ID: Final = re.compile(f"[{_DIGITS}]{{20}}")
_PAIRS: Final = tuple(high + low for high in _DIGITS for low in _DIGITS)
_COUNTER_MASK: Final = 0xFF_FFFF
_SECOND_MASK: Final = 0xFFFF_FFFF
_MACHINE_ID_FILES: Final = (Path("/etc/machine-id"), Path("/sys/class/dmi/id/product_uuid"))
_CPUSET_FILE: Final = Path("/proc/self/cpuset")


class WrongIdLength(PeriluneError):
    """Something other than twelve bytes was to be written as an id."""

    code = "wrong_id_length"

    def __init__(self, length: int) -> None:
        super().__init__(f"an id has {ID_BYTES} bytes, not {length}")
        self.length = length


def encode_id(raw: bytes) -> str:
    """Write twelve bytes as 20 base-32 "hex" digits, most significant bits first.

    Text order equals byte order.

    Raises:
        WrongIdLength: `raw` does not have twelve bytes.
    """
    if len(raw) != ID_BYTES:
        raise WrongIdLength(len(raw))
    bits = int.from_bytes(raw, "big") << 4  # 96 bits in 20 digits of five: four to spare
    return "".join(_PAIRS[bits >> shift & 1023] for shift in range(90, -1, -10))


class Xids:
    """A source of xids for one process.  Thread-safe; renew it after a fork.

    What stays the same for a second (the first 14 digits) is computed once per
    second, which leaves about half a microsecond of work per id.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        *,
        machine: bytes | None = None,
        process: int | None = None,
        first: int | None = None,
    ) -> None:
        """Make a source; whatever is not given is found out at the first id.

        Args:
            clock: returns Unix seconds.
            machine: three bytes that name this machine.
            process: a 16-bit number that names this process.
            first: the first counter value; random by default.
        """
        self._clock = clock
        self._machine = machine
        self._process = process
        self._first = first
        self._mixed = b""
        self.renew()

    def renew(self) -> None:
        """Forget what was found out about this process; a forked child calls it."""
        first = secrets.randbits(24) if self._first is None else self._first
        # next() on a C iterator is atomic: no two threads get the same number.
        self._numbers = count(first)
        # Second, its 14 digits and the tail of the process number: one tuple,
        # replaced as a whole, so that threads never see a mixture.
        self._stem: tuple[int, str, int] = (-1, "", 0)

    def mix(self, name: bytes) -> None:
        """Let the bytes of the machine depend on *name* too."""
        self._mixed = name
        self.renew()

    def __call__(self) -> str:
        """Return a new id."""
        second = int(self._clock())
        stem = self._stem
        if stem[0] != second:
            stem = self._stem = self._stem_of(second)
        tail = stem[2] | (next(self._numbers) & _COUNTER_MASK) << 4
        return f"{stem[1]}{_PAIRS[tail >> 20]}{_PAIRS[tail >> 10 & 1023]}{_PAIRS[tail & 1023]}"

    def _stem_of(self, second: int) -> tuple[int, str, int]:
        machine = _machine_id() if self._machine is None else self._machine
        if self._mixed:
            machine = hashlib.sha256(machine + self._mixed).digest()[:3]
        process = _process_id() if self._process is None else self._process
        head = (second & _SECOND_MASK).to_bytes(4, "big") + machine + process.to_bytes(2, "big")
        # Digits 15 to 20 hold the last two bits of the process and the counter.
        return second, encode_id(head + bytes(3))[:14], (process & 3) << 28


def use_server(server_id: str) -> None:
    """Let the ids of this process tell it from those of other servers.

    Containers of one image may have the same machine id and process number.
    """
    _own_ids.mix(server_id.encode())


def new_id() -> str:
    """Return a new xid, for everything but functions."""
    return _own_ids()


def new_function_id() -> str:
    """Return a new function id: seconds and 64 unguessable bits."""
    second = int(time.time()) & _SECOND_MASK
    return encode_id(second.to_bytes(4, "big") + secrets.token_bytes(8))


def has_id_form(text: str) -> bool:
    """Return whether *text* could be an id."""
    return _ID.fullmatch(text) is not None


def version_id(function_id: str, number: int) -> str:
    """Return the id of version `number` of a function."""
    return f"ver_{function_id}_v{number}"


def _machine_id() -> bytes:
    for file in _MACHINE_ID_FILES:
        name = _read_text(file).strip()
        if name:
            return hashlib.sha256(name.encode()).digest()[:3]
    host = socket.gethostname()
    return hashlib.sha256(host.encode()).digest()[:3] if host else secrets.token_bytes(3)


def _process_id() -> int:
    # Processes in different containers often share a number; their cpuset differs.
    cpuset = _read_text(_CPUSET_FILE)
    process = os.getpid()
    if len(cpuset) > 1:
        process ^= zlib.crc32(cpuset.encode())
    return process & 0xFFFF


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


_own_ids = Xids()
os.register_at_fork(after_in_child=_own_ids.renew)
