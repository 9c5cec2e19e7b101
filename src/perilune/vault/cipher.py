"""Encrypting and decrypting single values."""

import base64
import binascii
import hashlib
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from perilune.errors import PeriluneError

KEY_BYTES = 32
NONCE_BYTES = 12
"""Random per value: the chance of a repetition stays negligible for 2^32 values per key."""
KEY_ID_DIGITS = 16


class VaultError(PeriluneError):
    """A secret can't be stored or read; the text never has a part of it."""

    code = "vault_error"


class UnreadableSecretError(VaultError):
    """A stored secret can't be decrypted."""

    code = "unreadable_secret"


class Sealed(NamedTuple):
    """A value as it is stored."""

    text: str
    key_id: str | None
    """The key it is encrypted with; None says that *text* is the value itself."""


class SecretKey:
    """One key and the name that stored values know it by."""

    __slots__ = ("_key", "key_id")

    def __init__(self, key: bytes) -> None:
        """Take *key*, 32 bytes."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a secret key has {KEY_BYTES} bytes")
        self._key = key
        # A digest of a random key tells nothing about it, and a wrong key is known as such.
        self.key_id = hashlib.sha256(b"perilune secret key\0" + key).hexdigest()[:KEY_ID_DIGITS]

    def __eq__(self, other: object) -> bool:
        """Whether it is the same key."""
        return isinstance(other, SecretKey) and self.key_id == other.key_id

    def __hash__(self) -> int:
        """Return the hash of its name."""
        return hash(self.key_id)

    def __repr__(self) -> str:
        """Return the key's name, never the key."""
        return f"SecretKey({self.key_id})"

    def hex(self) -> str:
        """Return the key as it is written to a file."""
        return self._key.hex()

    def cipher(self) -> AESGCM:
        """Return what encrypts with it."""
        return AESGCM(self._key)


class Vault(Protocol):
    """Turns secrets into what may be stored, and back.  May be used by several threads."""

    def primary(self) -> str | None:
        """Return the name of the key that new values are encrypted with; None: they are not."""
        ...

    def knows(self, key_id: str) -> bool:
        """Whether values encrypted with this key can be read."""
        ...

    def seal(self, value: str, *place: str) -> Sealed:
        """Return *value* as it may be stored in *place*, and nowhere else."""
        ...

    def open(self, sealed: Sealed, *place: str) -> str:
        """Return the value.  Raises `UnreadableSecretError`."""
        ...


class PlainVault:
    """Stores secrets as they are, and can't read what a key is needed for."""

    def primary(self) -> str | None:
        """Return None."""
        return None

    def knows(self, key_id: str) -> bool:
        """Return False."""
        return False

    def seal(self, value: str, *place: str) -> Sealed:
        """Return *value* itself."""
        return Sealed(value, None)

    def open(self, sealed: Sealed, *place: str) -> str:
        """Return the value.  Raises `UnreadableSecretError` for an encrypted one."""
        if sealed.key_id is not None:
            raise UnreadableSecretError(f"it is encrypted with the key {sealed.key_id}")
        return sealed.text


PLAIN = PlainVault()

ReadAgain = Callable[[], Sequence[SecretKey] | None]
"""Returns the keys in force, or None if they have not changed since the last call."""


class KeyRing:
    """Encrypts with the first of its keys and reads what any of them has encrypted.

    Values that are not encrypted can be read too: they are from before there was a key.
    Without any key nothing can be sealed, so no value ever depends on a key that is not kept.
    """

    def __init__(self, keys: Sequence[SecretKey], read_again: ReadAgain = lambda: None) -> None:
        """Use *keys*; *read_again* is how a change of them becomes known."""
        self._read_again = read_again
        self.use(keys)

    def primary(self) -> str | None:
        """Return the name of the key that new values are encrypted with; None: there is none."""
        self._refresh()
        return self._first

    def knows(self, key_id: str) -> bool:
        """Whether values encrypted with this key can be read."""
        if key_id not in self._ciphers:
            self._refresh()
        return key_id in self._ciphers

    def seal(self, value: str, *place: str) -> Sealed:
        """Return *value* encrypted and bound to *place*.  Raises `VaultError` without a key."""
        # A key that is being replaced must not get new values: it may be thrown away next.
        self._refresh()
        key_id, ciphers = self._first, self._ciphers
        if key_id is None:
            raise VaultError("there is no key to encrypt it with")
        nonce = os.urandom(NONCE_BYTES)
        secret = ciphers[key_id].encrypt(nonce, value.encode(), _bound_to(place))
        return Sealed(base64.b64encode(nonce + secret).decode("ascii"), key_id)

    def open(self, sealed: Sealed, *place: str) -> str:
        """Return the value.

        Raises:
            UnreadableSecretError: its key is missing, or it was changed or moved.
        """
        if sealed.key_id is None:
            return sealed.text
        if not self.knows(sealed.key_id):
            raise UnreadableSecretError(f"its key {sealed.key_id} is missing")
        try:
            stored = base64.b64decode(sealed.text, validate=True)
            nonce, secret = stored[:NONCE_BYTES], stored[NONCE_BYTES:]
            return self._ciphers[sealed.key_id].decrypt(nonce, secret, _bound_to(place)).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise UnreadableSecretError("it was changed, or does not belong there") from None

    def use(self, keys: Sequence[SecretKey]) -> None:
        """Use *keys* from now on."""
        ciphers = {key.key_id: key.cipher() for key in keys}
        # In this order, another thread never finds a first key that has no cipher.
        self._ciphers = ciphers
        self._first = keys[0].key_id if keys else None

    def _refresh(self) -> None:
        keys = self._read_again()
        if keys:
            self.use(keys)


def _bound_to(place: tuple[str, ...]) -> bytes:
    # Names can't have a NUL, so two places never look the same.
    return "\0".join(place).encode()
