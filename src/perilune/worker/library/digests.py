"""Digests, message authentication and random identifiers."""

import hashlib
import hmac
import uuid
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import Any

_DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512")
_HMAC_DIGESTS = ("sha1", "sha256", "sha512")


def _hex(raw: bytes) -> bytes:
    return raw.hex().encode()


_FORMS: dict[str, Callable[[bytes], bytes]] = {"": _hex, "_base64": b64encode, "_raw": bytes}
"""How a message authentication code is written, by the ending of the function's name."""


def _digest(algorithm: str, data: bytes) -> bytes:
    # Guests compute checksums with md5 and sha1 too: not for us to forbid.
    return _hex(hashlib.new(algorithm, data, usedforsecurity=False).digest())


def _hmac(algorithm: str, form: Callable[[bytes], bytes], message: bytes, key: bytes) -> bytes:
    return form(hmac.digest(key, message, algorithm))


def _uuid4() -> bytes:
    return str(uuid.uuid4()).encode()


NATIVE: dict[str, Callable[..., Any]] = {
    **{algorithm: partial(_digest, algorithm) for algorithm in _DIGESTS},
    **{
        f"hmac_{algorithm}{ending}": partial(_hmac, algorithm, form)
        for algorithm in _HMAC_DIGESTS
        for ending, form in _FORMS.items()
    },
    "equal_bytes": hmac.compare_digest,
    "uuid4": _uuid4,
}
