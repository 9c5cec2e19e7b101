"""Rows of what functions keep: key-value pairs, environment variables, secrets."""

import builtins
from collections.abc import Iterable
from typing import Protocol

from perilune.store.records import EnvVariable, KVEntry, SigningSecret
from perilune.store.value_tables import ValueTables


class KVRows(Protocol):
    """Rows of the key-value store.  Keys and values are bytes.

    Writes for an unknown function raise `FunctionNotFound`.  A pair that has expired is treated
    as missing at once; it counts against the quota until it is purged or its room is needed.
    """

    tables: ValueTables | None
    """What is in memory of it; None within a transaction, and where others write, too."""

    async def get(self, function_id: str, key: bytes) -> bytes | None:
        """Return the value, or None if there is none or it has expired."""
        ...

    async def set(
        self, function_id: str, key: bytes, value: bytes, expires_at: float | None, quota_bytes: int
    ) -> None:
        """Write a value that expires at *expires_at*, in Unix seconds; None: never.

        Raises `KVQuotaExceeded` if the function's pairs would take more than *quota_bytes*; a
        write that does not make them larger always fits.
        """
        ...

    async def delete(self, function_id: str, key: bytes) -> None:
        """Remove the key; a missing one is fine."""
        ...

    async def incr(self, function_id: str, key: bytes, amount: float, quota_bytes: int) -> float:
        """Add *amount* to a numeric value (missing counts as 0) and return the sum, atomically.

        An expiry stays.  Raises `NotANumber` or `KVQuotaExceeded` (both are `ValueError`).
        """
        ...

    async def cas(
        self, function_id: str, key: bytes, old: bytes | None, new: bytes, quota_bytes: int
    ) -> bool:
        """Write *new* only if the value is *old* (None: missing), atomically; an expiry stays.

        False means that the value is another one.  Raises `KVQuotaExceeded`.
        """
        ...

    async def list(
        self, function_id: str, prefix: bytes, limit: int, after: bytes | None
    ) -> list[tuple[bytes, bytes]]:
        """Return up to *limit* pairs whose key has *prefix* and comes after *after*, by key.

        A limit of 0 or less gives nothing.
        """
        ...

    async def entries(
        self, function_id: str, prefix: bytes, limit: int, after: bytes | None, preview: int
    ) -> builtins.list[KVEntry]:
        """Return what `list` does, with the first *preview* bytes of the values only."""
        ...

    async def entry(self, function_id: str, key: bytes) -> KVEntry | None:
        """Return a pair, its value whole; None if there is none or it has expired."""
        ...

    async def used_bytes(self, function_id: str) -> int:
        """Return the bytes of all pairs of a function, those not purged yet included."""
        ...


class EnvRows(Protocol):
    """Rows of the functions' environment variables.

    Every change sets the function's `updated_at`; changes for an unknown function raise
    `FunctionNotFound`.
    """

    tables: ValueTables | None
    """See `KVRows.tables`."""

    async def get(self, function_id: str, key: str) -> str | None:
        """Return the value or None."""
        ...

    async def set(
        self,
        function_id: str,
        key: str,
        value: str,
        write_only: bool | None = None,
        *,
        most: int | None = None,
    ) -> None:
        """Write one variable; *write_only* None leaves its mark as it is.

        Raises `TooManyVariables` if it is a new one and the function has *most* already.
        """
        ...

    async def keep(self, function_id: str, key: str, write_only: bool | None) -> None:
        """Leave a variable's value, as *kept* of `replace`; None leaves its mark too."""
        ...

    async def delete(self, function_id: str, key: str) -> None:
        """Remove one variable; a missing one is fine."""
        ...

    async def all(self, function_id: str) -> dict[str, str]:
        """Return all variables; empty for unknown functions."""
        ...

    async def readable(self, function_id: str) -> list[EnvVariable]:
        """Return all variables, write-only ones without their values."""
        ...

    async def replace(
        self,
        function_id: str,
        values: dict[str, str],
        kept: Iterable[str] = (),
        write_only: Iterable[str] | None = None,
    ) -> None:
        """Make *values*, and the present values of *kept*, the whole set, in one transaction.

        With *write_only*, those become write-only and all others readable; without it, marks
        stay.  Raises `VariableNotKept` for one of *kept* that is missing, or write-only and would
        become readable.
        """
        ...


class SigningSecretRows(Protocol):
    """Rows of the secrets that signatures of calls are checked with."""

    async def add(self, function_id: str, secret_id: str, value: str) -> SigningSecret:
        """Store a secret.  Raises `FunctionNotFound` and `TooManySigningSecrets`."""
        ...

    async def list(self, function_id: str) -> list[SigningSecret]:
        """Return a function's secrets without their values, oldest first."""
        ...

    async def values(self, function_id: str) -> tuple[str, ...]:
        """Return the values of a function's secrets, in the order of `list`."""
        ...

    async def delete(self, function_id: str, secret_id: str) -> None:
        """Remove a secret.  Raises `SigningSecretNotFound`."""
        ...


class SecretRows(Protocol):
    """All values that are kept encrypted, whatever they belong to."""

    async def key_ids(self) -> set[str]:
        """Return the names of all keys that some value is encrypted with."""
        ...

    async def unknown_key_ids(self) -> set[str]:
        """Return the names of the keys that are needed and not there."""
        ...

    async def reseal(self) -> int:
        """Encrypt with the first key whatever is not; return how many values that were.

        Committed in batches: a crash loses nothing, and the next call goes on.  Raises
        `SecretUnreadable` for a value whose key is missing; it stays as it is.
        """
        ...
