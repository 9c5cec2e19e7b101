"""What the management API does with versions of functions' code."""

import asyncio

import msgspec

from perilune.api.errors import ComparedVersionNotFound
from perilune.api.failures import Json, failing_as, page_info
from perilune.api.handlers.diff import diff_lines
from perilune.api.handlers.packages import VersionPackages
from perilune.store import DB, FunctionVersion, PaginationParams, VersionNotFound, to_json

LINES_AT_ONCE = 10_000


class Versions:
    """Shows versions, says which one is active, removes old ones.

    Every method raises the store's not-found errors, and `OperationFailed`
    when the store itself fails.
    """

    def __init__(self, db: DB, packages: VersionPackages | None = None) -> None:
        self._db = db
        self._packages = packages or VersionPackages()
        self._comparing = asyncio.Semaphore(1)
        """One comparison at a time: each may take a whole processor for seconds."""

    async def page(self, function_id: str, params: PaginationParams, *, with_code: bool) -> Json:
        """Return one part of a function's versions, the highest number first.

        Without *with_code* they come with their size and figures instead.
        """
        with failing_as("Failed to list versions"):
            await self._db.get_function(function_id)
            read = self._db.list_versions if with_code else self._db.summarize_versions
            found, total = await read(function_id, params)
        return {
            "versions": [to_json(one) for one in found],
            "pagination": page_info(total, params),
        }

    async def get(self, function_id: str, version: int) -> Json:
        """Return one version."""
        with failing_as("Failed to get version"):
            return to_json(await self._db.get_version(function_id, version))

    async def build_log(self, function_id: str, version: int) -> Json:
        """Return what was said when the packages of a version were installed."""
        with failing_as("Failed to get version"):
            found = await self._db.get_version(function_id, version)
        return {"log": self._packages.log_of(found.requirements)}

    async def activate(self, function_id: str, version: str) -> Json:
        """Make the version of this id its function's active one; return it."""
        with failing_as("Failed to activate version"):
            async with self._db.transaction() as transaction:
                await transaction.activate_version(version, function_id)
                return to_json(await transaction.get_version_by_id(version))

    async def delete(
        self, function_id: str, version: str, *, keep_executions: bool = False
    ) -> None:
        """Remove the version of this id and, unless they are kept, its executions."""
        with failing_as("Failed to delete version"):
            await self._db.delete_version(version, function_id, keep_executions=keep_executions)

    async def diff(self, function_id: str, v1: int, v2: int) -> bytes:
        """Return, as JSON, what changed from one version to another.

        Comparing large texts takes seconds, so it is not done in the event loop.
        """
        old = await self._compared(function_id, v1, "v1")
        new = await self._compared(function_id, v2, "v2")
        async with self._comparing:
            return await asyncio.to_thread(_diff, old, new)

    async def _compared(self, function_id: str, number: int, side: str) -> FunctionVersion:
        try:
            with failing_as("Failed to get version"):
                return await self._db.get_version(function_id, number)
        except VersionNotFound as problem:
            raise ComparedVersionNotFound(side) from problem


def _diff(old: FunctionVersion, new: FunctionVersion) -> bytes:
    """Return a `VersionDiff` as JSON, encoded in parts: all at once would stop other threads."""
    lines = diff_lines(old.code, new.code)
    parts = [
        msgspec.json.encode(lines[start : start + LINES_AT_ONCE])[1:-1]
        for start in range(0, len(lines), LINES_AT_ONCE)
    ]
    head = b'{"old_version":%d,"new_version":%d,"diff":[' % (old.version, new.version)
    return b"".join((head, b",".join(parts), b"]}\n"))
