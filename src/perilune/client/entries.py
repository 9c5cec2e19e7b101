"""What the API can do with the key-value pairs of a function."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from perilune.client.connection import PAGE, Connection, Json


class EntriesClient:
    """Pairs of one function; every method raises what `Connection.ask` raises."""

    def __init__(self, connection: Connection, function: str) -> None:
        self._connection = connection
        self._path = f"/api/functions/{quote(function, safe='')}/kv"

    async def every(self, prefix: str = "") -> AsyncIterator[Json]:
        """Yield the pairs whose keys begin with *prefix*, by key; long values are cut."""
        cursor: str | None = None
        while True:
            page = await self._connection.ask(
                "GET", self._path, params={"prefix": prefix, "cursor": cursor, "limit": PAGE}
            )
            for item in page["items"]:
                yield item
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    async def get(self, key: str) -> Json:
        """Return one pair, whole."""
        found: Json = await self._connection.ask("GET", self._of(key))
        return found

    async def put(self, key: str, value: str, *, base64: bool, ttl_s: float | None) -> Json:
        """Write one pair; *base64* says that *value* is base64 of what is meant."""
        body = {"value": value, "base64": base64, "ttl": ttl_s}
        written: Json = await self._connection.ask("PUT", self._of(key), body)
        return written

    async def delete(self, key: str) -> None:
        """Delete one pair."""
        await self._connection.ask("DELETE", self._of(key))

    def _of(self, key: str) -> str:
        return f"{self._path}/{quote(key, safe='')}"
