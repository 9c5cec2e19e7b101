"""Secrets at rest: what is stored encrypted, and with which keys.

A `KeyRing` encrypts with AES-256-GCM.  Each value is bound to its place, so that a value
moved to another row can't be read there.  `PlainVault` stores values as they are; it is what
a store without keys uses.
"""

from perilune.vault.cipher import (
    PLAIN,
    KeyRing,
    PlainVault,
    Sealed,
    SecretKey,
    UnreadableSecretError,
    Vault,
    VaultError,
)
from perilune.vault.keys import (
    SECRET_KEY_FILE,
    Decide,
    KeyFile,
    UnusableSecretKeyError,
    new_secret_key,
    parse_secret_keys,
)

__all__ = [
    "PLAIN",
    "SECRET_KEY_FILE",
    "Decide",
    "KeyFile",
    "KeyRing",
    "PlainVault",
    "Sealed",
    "SecretKey",
    "UnreadableSecretError",
    "UnusableSecretKeyError",
    "Vault",
    "VaultError",
    "new_secret_key",
    "parse_secret_keys",
]
