"""Key-value pairs of functions, for people who look after them.

Keys and values are bytes.  Where they are UTF-8 they are shown as text, otherwise as base64.
"""

import base64
import math

import msgspec

from perilune.api.errors import EntryNotFound, InvalidRequest, OperationFailed
from perilune.api.failures import Json, failing_as
from perilune.services.kv import KV, KVError, KVLimitError, ttl_problem
from perilune.store import DB, KVEntry

PREVIEW_BYTES = 1024
"""Of each value in a list."""


class PairBody(msgspec.Struct, frozen=True, kw_only=True):
    """What to write under a key."""

    value: str
    base64: bool = False
    """Whether `value` is base64 of what is meant."""
    ttl: float | None = None
    """Seconds after which it expires; without it, never."""


class Entries:
    """Shows and changes the pairs of functions, within the limits that functions have.

    Methods raise `FunctionNotFound`, and `OperationFailed` when the store itself fails.
    """

    def __init__(self, db: DB, writer: KV) -> None:
        self._db = db
        self._rows = db.kv
        self._writer = writer

    async def page(self, function_id: str, prefix: str, cursor: str | None, limit: int) -> Json:
        """Return a part of a function's pairs by key, and how much of its quota is used.

        Raises:
            InvalidRequest: the cursor is none.
        """
        after = None if not cursor else _from_cursor(cursor)
        with failing_as("Failed to list values"):
            await self._db.get_function(function_id)
            found = await self._rows.entries(
                function_id, prefix.encode("utf-8"), limit + 1, after, PREVIEW_BYTES
            )
            used = await self._rows.used_bytes(function_id)
        shown = found[:limit]
        answer: Json = {
            "items": [_shown(one) for one in shown],
            "used_bytes": used,
            "quota_bytes": self._writer.limits.max_function_bytes,
        }
        if len(found) > limit:
            answer["next_cursor"] = _to_cursor(shown[-1].key)
        return answer

    async def get(self, function_id: str, key: bytes) -> Json:
        """Return a pair, its value whole.  Raises `EntryNotFound`."""
        with failing_as("Failed to get value"):
            await self._db.get_function(function_id)
            found = await self._rows.entry(function_id, key)
        if found is None:
            raise EntryNotFound
        return _shown(found)

    async def put(self, function_id: str, key: bytes, body: PairBody) -> Json:
        """Write a pair and return it.

        Raises:
            InvalidRequest: it is no value, or the function may not store it.
        """
        value = _value(body)
        if body.ttl is not None and (problem := ttl_problem(body.ttl)) is not None:
            raise InvalidRequest(f"ttl: {problem}")
        with failing_as("Failed to set value"):
            await self._db.get_function(function_id)
        try:
            await self._writer.set(function_id, key, value, body.ttl)
        except KVLimitError as error:
            raise InvalidRequest(str(error)) from error
        except KVError as error:
            raise OperationFailed("Failed to set value") from error
        return await self.get(function_id, key)

    async def delete(self, function_id: str, key: bytes) -> None:
        """Remove a pair; a missing one is fine."""
        with failing_as("Failed to delete value"):
            await self._db.get_function(function_id)
        try:
            await self._writer.delete(function_id, key)
        except KVError as error:
            raise OperationFailed("Failed to delete value") from error


def _shown(entry: KVEntry) -> Json:
    key, is_key_base64 = _text(entry.key, is_cut=False)
    is_cut = len(entry.value) < entry.size
    value, is_base64 = _text(entry.value, is_cut=is_cut)
    item: Json = {"key": key, "value": value, "size": entry.size}
    flags = {"key_base64": is_key_base64, "base64": is_base64, "truncated": is_cut}
    item |= {name: True for name, is_set in flags.items() if is_set}
    if entry.expires_at is not None:
        item["expires_at"] = math.ceil(entry.expires_at)
    return item


def _text(data: bytes, *, is_cut: bool) -> tuple[str, bool]:
    """Return *data* as text, or as base64 and True."""
    # The cut may have gone through a character, which has 4 bytes at most.
    for missing in range(4 if is_cut else 1):
        try:
            return data[: len(data) - missing].decode("utf-8"), False
        except UnicodeDecodeError:
            continue
    return base64.b64encode(data).decode("ascii"), True


def _value(body: PairBody) -> bytes:
    if not body.base64:
        return body.value.encode("utf-8")
    try:
        return base64.b64decode(body.value, validate=True)
    except ValueError:
        raise InvalidRequest("value: value is not base64") from None


def _to_cursor(key: bytes) -> str:
    # A mark in front, since an empty key is a key too, and an empty cursor is none.
    return "-" + base64.urlsafe_b64encode(key).decode("ascii")


def _from_cursor(text: str) -> bytes:
    try:
        if text[:1] != "-":
            raise ValueError
        return base64.b64decode(text[1:], altchars=b"-_", validate=True)
    except ValueError:
        raise InvalidRequest("cursor: cursor must come from an earlier answer") from None
