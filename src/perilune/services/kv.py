"""The key-value store of functions.

Keys and values are byte strings to guest code.  They are given as `bytes`, or
as `str` whose surrogate escapes stand for bytes that are no UTF-8, and come
back as such `str`: every byte survives.
"""

import builtins
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Protocol

import msgspec

from perilune.clock import WallClock, wall_clock
from perilune.errors import PeriluneError
from perilune.store import KVQuotaExceeded, KVRows, StoreError, add_to_number

DEFAULT_LIST_LIMIT = 100
MAX_LIST_LIMIT = 1000
MAX_PAGE_BYTES = 4 * 1024 * 1024
"""A page ends before its keys and values pass this size; it has one pair at least."""
MAX_TTL_S = 100 * 365 * 24 * 3600
"""Longest life of a pair that expires: what is later than that was not meant."""
ROWS_PER_READ = 32
"""Rows of a page fetched at once; with values of full size this bounds the memory needed."""

Text = str | bytes
"""A key or value as callers may give it."""


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

    items: list[tuple[str, str]]
    """Pairs of key and value, ordered by the bytes of the key."""
    cursor: str | None
    """Where the next part starts; None at the end."""


class KVStore(Protocol):
    """Keys and values of each function; functions don't see each other's.

    Every method raises `KVError` when the store fails.
    """

    async def get(self, function_id: str, key: Text) -> str:
        """Return a value.  Raises `KVKeyNotFound`."""
        ...

    async def set(
        self, function_id: str, key: Text, value: Text, ttl_s: float | None = None
    ) -> None:
        """Write a value; it expires after *ttl_s* seconds if given.  Raises `KVLimitError`."""
        ...

    async def delete(self, function_id: str, key: Text) -> None:
        """Remove a key; a missing one is fine."""
        ...

    async def incr(self, function_id: str, key: Text, amount: float = 1) -> float:
        """Add to a number (missing: 0) and return the sum, atomically."""
        ...

    async def cas(self, function_id: str, key: Text, old: Text | None, new: Text) -> bool:
        """Write *new* only if the value is *old* (None: missing), atomically.

        Returns whether it was written.  Raises `KVLimitError`.
        """
        ...

    async def list(
        self,
        function_id: str,
        prefix: Text = "",
        limit: int = DEFAULT_LIST_LIMIT,
        cursor: Text | None = None,
    ) -> KVPage:
        """Return up to *limit* pairs (1 to `MAX_LIST_LIMIT`) whose key starts with *prefix*."""
        ...


class KV:
    """The key-value store that ships: rows of the store, within limits."""

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

    async def get(self, function_id: str, key: Text) -> str:
        """Return a value.  Raises `KVKeyNotFound`."""
        key_bytes = _to_bytes(key, "key")
        with _failing_as("failed to get value"):
            value = await self._rows.get(function_id, key_bytes)
        if value is None:
            raise KVKeyNotFound(key_bytes.decode("utf-8", "backslashreplace"))
        return _to_str(value)

    async def set(
        self, function_id: str, key: Text, value: Text, ttl_s: float | None = None
    ) -> None:
        """Write a value; it expires after *ttl_s* seconds if given.

        Raises:
            KVLimitError: key, value or the function's data are too large.
            KVError: *ttl_s* is none (see `ttl_problem`), or the store failed.
        """
        key_bytes = self._key(key)
        value_bytes = self._value(value)
        expires_at = None
        if ttl_s is not None:
            if (problem := ttl_problem(ttl_s)) is not None:
                raise KVError(f"KV error: {problem}")
            expires_at = self._clock() + ttl_s
        with _failing_as("failed to set value"):
            is_written = await self._rows.set(
                function_id, key_bytes, value_bytes, expires_at, self._limits.max_function_bytes
            )
        if not is_written:
            raise self._quota_error()

    async def delete(self, function_id: str, key: Text) -> None:
        """Remove a key; a missing one is fine."""
        key_bytes = _to_bytes(key, "key")
        with _failing_as("failed to delete value"):
            await self._rows.delete(function_id, key_bytes)

    async def incr(self, function_id: str, key: Text, amount: float = 1) -> float:
        """Add to a number (missing: 0) and return the sum, atomically.

        Raises:
            KVLimitError: the key is too long, or the function's data too large.
            KVError: the value or *amount* is no number, or the store failed.
        """
        key_bytes = self._key(key)
        if not math.isfinite(amount):
            raise KVError("KV error: amount must be a finite number")
        quota = self._limits.max_function_bytes
        with _failing_as("failed to increment value"):
            try:
                return await self._rows.incr(function_id, key_bytes, amount, quota)
            except KVQuotaExceeded as error:
                raise self._quota_error() from error
            except ValueError as error:
                raise KVError(f"failed to increment value: {error}") from error

    async def cas(self, function_id: str, key: Text, old: Text | None, new: Text) -> bool:
        """Write *new* only if the value is *old* (None: missing); return whether it was.

        Raises:
            KVLimitError: key, value or the function's data are too large.
            KVError: the store failed.
        """
        key_bytes = self._key(key)
        old_bytes = None if old is None else _to_bytes(old, "value")
        new_bytes = self._value(new)
        quota = self._limits.max_function_bytes
        with _failing_as("failed to set value"):
            try:
                return await self._rows.cas(function_id, key_bytes, old_bytes, new_bytes, quota)
            except KVQuotaExceeded as error:
                raise self._quota_error() from error

    async def list(
        self,
        function_id: str,
        prefix: Text = "",
        limit: int = DEFAULT_LIST_LIMIT,
        cursor: Text | None = None,
    ) -> KVPage:
        """Return pairs whose key starts with *prefix*, from *cursor* (of the last page) on.

        Raises:
            KVError: *limit* is not within 1 and `MAX_LIST_LIMIT`, or the store failed.
        """
        if not 1 <= limit <= MAX_LIST_LIMIT:
            raise KVError(f"KV error: limit must be between 1 and {MAX_LIST_LIMIT}")
        prefix_bytes = _to_bytes(prefix, "prefix")
        after = None if cursor is None else _to_bytes(cursor, "cursor")
        found: list[tuple[bytes, bytes]] = []
        size = 0
        while True:
            # One row more than asked for shows whether there is a next page.
            wanted = min(ROWS_PER_READ, limit + 1 - len(found))
            with _failing_as("failed to list values"):
                rows = await self._rows.list(function_id, prefix_bytes, wanted, after)
            for key, value in rows:
                size += len(key) + len(value)
                if found and (len(found) == limit or size > MAX_PAGE_BYTES):
                    return _page(found, has_more=True)
                found.append((key, value))
            if len(rows) < wanted:
                return _page(found, has_more=False)
            after = rows[-1][0]

    def _key(self, key: Text) -> bytes:
        """Return a key that may be written."""
        key_bytes = _to_bytes(key, "key")
        most = self._limits.max_key_bytes
        if len(key_bytes) > most:
            raise KVLimitError(
                f"key is too long: {len(key_bytes)} bytes, at most {most} are allowed",
                "max_key_bytes",
            )
        return key_bytes

    def _value(self, value: Text) -> bytes:
        """Return a value that may be written."""
        value_bytes = _to_bytes(value, "value")
        most = self._limits.max_value_bytes
        if len(value_bytes) > most:
            raise KVLimitError(
                f"value is too large: {len(value_bytes)} bytes, at most {most} are allowed",
                "max_value_bytes",
            )
        return value_bytes

    def _quota_error(self) -> KVLimitError:
        most = self._limits.max_function_bytes
        return KVLimitError(
            f"the function's data would pass its quota of {most} bytes", "max_function_bytes"
        )


def ttl_problem(ttl_s: float) -> str | None:
    """Return why a pair can't expire after *ttl_s* seconds; None if it can."""
    if 0 < ttl_s <= MAX_TTL_S:
        return None
    return f"ttl must be a positive number of seconds, at most {MAX_TTL_S} (100 years)"


class MemoryKV(KV):
    """A key-value store that keeps its data in memory, for tests and trials."""

    def __init__(self, *, limits: KVLimits | None = None, clock: WallClock = wall_clock) -> None:
        super().__init__(_MemoryRows(clock), limits=limits, clock=clock)


class _MemoryRows:
    """Key-value rows without a database."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._rows: dict[str, dict[bytes, tuple[bytes, float | None]]] = {}

    async def get(self, function_id: str, key: bytes) -> bytes | None:
        return self._live(function_id).get(key, (None, None))[0]

    async def set(
        self, function_id: str, key: bytes, value: bytes, expires_at: float | None, quota_bytes: int
    ) -> bool:
        rows = self._live(function_id)
        replaced = len(key) + len(rows[key][0]) if key in rows else 0
        growth = len(key) + len(value) - replaced
        used = sum(len(present) + len(rows[present][0]) for present in rows)
        if growth > 0 and used + growth > quota_bytes:
            return False
        rows[key] = (value, expires_at)
        return True

    async def delete(self, function_id: str, key: bytes) -> None:
        self._live(function_id).pop(key, None)

    async def incr(self, function_id: str, key: bytes, amount: float, quota_bytes: int) -> float:
        stored, expires_at = self._live(function_id).get(key, (b"0", None))
        total, text = add_to_number(stored, amount)
        if not await self.set(function_id, key, text, expires_at, quota_bytes):
            raise KVQuotaExceeded
        return total

    async def cas(
        self, function_id: str, key: bytes, old: bytes | None, new: bytes, quota_bytes: int
    ) -> bool:
        value, expires_at = self._live(function_id).get(key, (None, None))
        if value != old:
            return False
        if not await self.set(function_id, key, new, expires_at, quota_bytes):
            raise KVQuotaExceeded
        return True

    async def list(
        self, function_id: str, prefix: bytes, limit: int, after: bytes | None
    ) -> builtins.list[tuple[bytes, bytes]]:
        found = [
            (key, value)
            for key, (value, _) in sorted(self._live(function_id).items())
            if key.startswith(prefix) and (after is None or key > after)
        ]
        return found[:limit]

    def _live(self, function_id: str) -> dict[bytes, tuple[bytes, float | None]]:
        """Return the rows of a function after removing those that have expired."""
        rows = self._rows.setdefault(function_id, {})
        now = self._clock()
        for key, (_, expires_at) in list(rows.items()):
            if expires_at is not None and expires_at <= now:
                del rows[key]
        return rows


@contextmanager
def _failing_as(what: str) -> Iterator[None]:
    """Turn a failure of the store into a `KVError` that says what could not be done."""
    try:
        yield
    except StoreError as error:
        raise KVError(f"{what}: {error}") from error


def _page(found: list[tuple[bytes, bytes]], *, has_more: bool) -> KVPage:
    items = [(_to_str(key), _to_str(value)) for key, value in found]
    return KVPage(items, items[-1][0] if has_more else None)


def _to_bytes(text: Text, what: str) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise KVError(f"KV error: {what} is not valid text") from error


def _to_str(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
