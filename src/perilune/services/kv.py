"""The key-value store of functions; keys and values are bytes."""

import math
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from perilune.clock import WallClock, wall_clock
from perilune.errors import PeriluneError
from perilune.store import KVQuotaExceeded, KVRows, StoreError, ValueTables

DEFAULT_LIST_LIMIT = 100
MAX_LIST_LIMIT = 1000
MAX_PAGE_BYTES = 4 * 1024 * 1024
"""A page ends before its keys and values pass this size; it has one pair at least."""
MAX_TTL_S = 100 * 365 * 24 * 3600
"""Longest life of a pair that expires: what is later than that was not meant."""
ROWS_PER_READ = 32
"""Rows of a page fetched at once; with values of full size this bounds the memory needed."""


class KVError(PeriluneError):
    """A failure of the key-value store; the message may be shown to guest code."""

    code: ClassVar[str] = "kv_error"


class KVKeyNotFound(KVError):
    """The function has no such key."""

    code = "kv_key_not_found"

    def __init__(self, key: str) -> None:
        super().__init__(f"KV error: key not found: {key}")
        self.key = key


class KVLimitError(KVError):
    """A key, a value or all of a function's data would be too large; nothing was written."""

    code = "kv_limit_exceeded"

    def __init__(self, message: str, limit: str) -> None:
        super().__init__(f"KV error: {message} (limit {limit})")
        self.limit = limit
        """Name of the member of `KVLimits`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KVLimits:
    """What a function may store."""

    max_key_bytes: int = 512
    max_value_bytes: int = 1024 * 1024
    max_function_bytes: int = 100 * 1024 * 1024
    """Keys and values of one function together."""


class KVPage(msgspec.Struct, frozen=True):
    """A part of a listing."""

    items: list[tuple[bytes, bytes]]
    """Pairs of key and value, ordered by the bytes of the key."""
    cursor: bytes | None
    """Where the next part starts; None at the end."""


class KV:
    """Keys and values of each function, within limits; functions don't see each other's.

    Every method raises `KVError` when the store fails.
    """

    def __init__(
        self, rows: KVRows, *, limits: KVLimits | None = None, clock: WallClock = wall_clock
    ) -> None:
        self._rows = rows
        self._limits = limits or KVLimits()
        self._clock = clock

    @property
    def limits(self) -> KVLimits:
        """What a function may store."""
        return self._limits

    @property
    def tables(self) -> ValueTables | None:
        """What is in memory of the pairs of functions, if anything can be.

        Nothing for a subclass, whose `get` may have another answer.
        """
        return self._rows.tables if type(self) is KV else None

    async def get(self, function_id: str, key: bytes) -> bytes:
        """Return a value.  Raises `KVKeyNotFound`."""
        try:
            value = await self._rows.get(function_id, key)
        except StoreError as error:
            raise self._failure("failed to get value", error) from error
        if value is None:
            raise KVKeyNotFound(key.decode("utf-8", "backslashreplace"))
        return value

    async def set(
        self, function_id: str, key: bytes, value: bytes, ttl_s: float | None = None
    ) -> None:
        """Write a value; it expires after *ttl_s* seconds if given.

        Raises:
            KVLimitError: key, value or the function's data are too large.
            KVError: *ttl_s* is none (see `ttl_problem`), or the store failed.
        """
        self._check(key, value)
        expires_at = None
        if ttl_s is not None:
            if (problem := ttl_problem(ttl_s)) is not None:
                raise KVError(f"KV error: {problem}")
            expires_at = self._clock() + ttl_s
        quota = self._limits.max_function_bytes
        try:
            await self._rows.set(function_id, key, value, expires_at, quota)
        except StoreError as error:
            raise self._failure("failed to set value", error) from error

    async def delete(self, function_id: str, key: bytes) -> None:
        """Remove a key; a missing one is fine."""
        try:
            await self._rows.delete(function_id, key)
        except StoreError as error:
            raise self._failure("failed to delete value", error) from error

    async def incr(self, function_id: str, key: bytes, amount: float = 1) -> float:
        """Add to a number (missing: 0) and return the sum, atomically.

        Raises:
            KVLimitError: the key is too long, or the function's data too large.
            KVError: the value or *amount* is no number, or the store failed.
        """
        self._check(key)
        if not math.isfinite(amount):
            raise KVError("KV error: amount must be a finite number")
        quota = self._limits.max_function_bytes
        try:
            return await self._rows.incr(function_id, key, amount, quota)
        except StoreError as error:
            raise self._failure("failed to increment value", error) from error

    async def cas(self, function_id: str, key: bytes, old: bytes | None, new: bytes) -> bool:
        """Write *new* only if the value is *old* (None: missing); return whether it was.

        Raises:
            KVLimitError: key, value or the function's data are too large.
            KVError: the store failed.
        """
        self._check(key, new)
        quota = self._limits.max_function_bytes
        try:
            return await self._rows.cas(function_id, key, old, new, quota)
        except StoreError as error:
            raise self._failure("failed to set value", error) from error

    async def list(
        self,
        function_id: str,
        prefix: bytes = b"",
        limit: int = DEFAULT_LIST_LIMIT,
        cursor: bytes | None = None,
    ) -> KVPage:
        """Return pairs whose key starts with *prefix*, from *cursor* (of the last page) on.

        Raises:
            KVError: *limit* is not within 1 and `MAX_LIST_LIMIT`, or the store failed.
        """
        if not 1 <= limit <= MAX_LIST_LIMIT:
            raise KVError(f"KV error: limit must be between 1 and {MAX_LIST_LIMIT}")
        after = cursor
        found: list[tuple[bytes, bytes]] = []
        size = 0
        while True:
            # One row more than asked for shows whether there is a next page.
            wanted = min(ROWS_PER_READ, limit + 1 - len(found))
            try:
                rows = await self._rows.list(function_id, prefix, wanted, after)
            except StoreError as error:
                raise self._failure("failed to list values", error) from error
            for key, value in rows:
                size += len(key) + len(value)
                if found and (len(found) == limit or size > MAX_PAGE_BYTES):
                    return KVPage(found, found[-1][0])
                found.append((key, value))
            if len(rows) < wanted:
                return KVPage(found, None)
            after = rows[-1][0]

    def _check(self, key: bytes, value: bytes = b"") -> None:
        """Raise `KVLimitError` for a key or a value that is too large to be written."""
        limits = self._limits
        _check_size("key is too long", key, limits.max_key_bytes, "max_key_bytes")
        _check_size("value is too large", value, limits.max_value_bytes, "max_value_bytes")

    def _failure(self, what: str, error: StoreError) -> KVError:
        """Return the error of a call that the store has failed, which says *what* was not done."""
        if isinstance(error, KVQuotaExceeded):
            most = self._limits.max_function_bytes
            return KVLimitError(
                f"the function's data would pass its quota of {most} bytes", "max_function_bytes"
            )
        return KVError(f"{what}: {error}")


def ttl_problem(ttl_s: float) -> str | None:
    """Return why a pair can't expire after *ttl_s* seconds; None if it can."""
    if 0 < ttl_s <= MAX_TTL_S:
        return None
    return f"ttl must be a positive number of seconds, at most {MAX_TTL_S} (100 years)"


def _check_size(problem: str, data: bytes, most: int, limit: str) -> None:
    if len(data) > most:
        raise KVLimitError(f"{problem}: {len(data)} bytes, at most {most} are allowed", limit)
