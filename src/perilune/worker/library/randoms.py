"""Random values from the generator of the system, and identifiers that sort by time."""

import itertools
import os
import secrets
import string
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

_CHARACTERS = (string.ascii_letters + string.digits).encode()
# Bytes that would make some characters likelier than others are drawn again.
_SURPLUS = bytes(range(256 - 256 % len(_CHARACTERS), 256))
_CHARACTER_OF = bytes(_CHARACTERS[byte % len(_CHARACTERS)] for byte in range(256))
_ID_DIGITS = b"0123456789abcdefghijklmnopqrstuv"


def random_int(low: float, high: float) -> float:
    """Draw an integer from *low* to *high*, both included; beyond 2^53 it is rounded."""
    return float(int(low) + secrets.randbelow(int(high) - int(low) + 1))


def random_float() -> float:
    """Draw one of the 2^53 multiples of 2^-53 in [0, 1)."""
    return secrets.randbits(53) / 2**53


def random_string(length: float) -> bytes:
    """Draw *length* letters and digits."""
    drawn = b""
    while missing := int(length) - len(drawn):
        drawn += os.urandom(missing).translate(_CHARACTER_OF, _SURPLUS)
    return drawn


def random_base64(size_bytes: float) -> bytes:
    """Draw bytes and return them as standard base64."""
    return b64encode(os.urandom(int(size_bytes)))


def random_hex(size_bytes: float) -> bytes:
    """Draw bytes and return them as lower-case hexadecimal digits."""
    return os.urandom(int(size_bytes)).hex().encode()


def xids(clock: Callable[[], float] = time.time) -> Iterator[bytes]:
    """Yield xids: second, five bytes that name the source, a counter of three bytes.

    The source's name is drawn at random, with the first id: a worker knows no
    machine id, a process number means nothing outside, and what is drawn before
    a fork would be the same in all workers.
    """
    source = os.urandom(5)
    for number in itertools.count(secrets.randbits(24)):
        second = int(clock()) & 0xFFFF_FFFF
        yield encode_id(
            second.to_bytes(4, "big") + source + (number & 0xFF_FFFF).to_bytes(3, "big")
        )


def encode_id(raw: bytes) -> bytes:
    """Write twelve bytes as 20 base-32 "hex" digits, most significant bits first."""
    bits = int.from_bytes(raw, "big") << 4
    return bytes(_ID_DIGITS[bits >> shift & 31] for shift in range(95, -1, -5))


NATIVE: dict[str, Callable[..., Any]] = {
    "random_int": random_int,
    "random_float": random_float,
    "random_string": random_string,
    "random_base64": random_base64,
    "random_hex": random_hex,
    "random_id": partial(next, xids()),
}
