"""The text of API tokens.

`perilune_`, 43 digits for 32 random bytes, 6 digits for a checksum, digits
being those of base 62.  Prefix and checksum let anybody who scans for leaked
secrets recognise a token without asking this server.
"""

import hashlib
import secrets
import zlib

TOKEN_PREFIX = "perilune_"  # noqa: S105  # what every token begins with, no secret
RANDOM_BYTES = 32
RANDOM_DIGITS = 43
CHECK_DIGITS = 6

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH = len(TOKEN_PREFIX) + RANDOM_DIGITS + CHECK_DIGITS


def new_token() -> str:
    """Return a token that nobody can guess."""
    number = int.from_bytes(secrets.token_bytes(RANDOM_BYTES), "big")
    body = TOKEN_PREFIX + _written(number, RANDOM_DIGITS)
    return body + _checksum(body.encode("ascii"))


def is_token(text: bytes) -> bool:
    """Whether *text* has the form of a token; says nothing about whether it is in force."""
    if len(text) != _LENGTH or not text.startswith(TOKEN_PREFIX.encode("ascii")):
        return False
    return text[-CHECK_DIGITS:] == _checksum(text[:-CHECK_DIGITS]).encode("ascii")


def token_digest(text: bytes) -> bytes:
    """Return what is stored of a token; it is long and random, so one round of SHA-256 will do."""
    return hashlib.sha256(text).digest()


def _checksum(body: bytes) -> str:
    return _written(zlib.crc32(body), CHECK_DIGITS)


def _written(number: int, digits: int) -> str:
    found = []
    for _ in range(digits):
        number, digit = divmod(number, len(_DIGITS))
        found.append(_DIGITS[digit])
    return "".join(reversed(found))
