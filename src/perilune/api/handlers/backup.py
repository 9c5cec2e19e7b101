"""`GET /api/backup`: a copy of the database, compressed, as a download."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

from perilune.api.errors import ApiError, OperationFailed
from perilune.clock import WallClock, wall_clock
from perilune.store import StoreError

COPIED_AT_ONCE = 256 * 1024
MEDIA_TYPE = "application/gzip"

BackUp = Callable[[Path], Awaitable[object]]
"""Writes a complete, checked copy to a new file, or raises `StoreError`."""


class NotOffered(ApiError):
    """This server can't do it, whatever the request; the message says why."""

    code = "not_offered"
    status = 501


class Backups:
    """Makes copies and hands them out, one at a time: each takes as much room as the database."""

    def __init__(self, back_up: BackUp | None, folder: Path, clock: WallClock = wall_clock) -> None:
        """Make copies with *back_up*, in *folder*, where nothing of them stays; None: make none."""
        self._back_up = back_up
        self._folder = folder
        self._clock = clock
        self._making = asyncio.Lock()

    async def download(self) -> Response:
        """Return the answer that carries a copy.

        Raises:
            OperationFailed: the copy could not be made.
            NotOffered: the database is somebody else's to copy.
        """
        back_up = self._back_up
        if back_up is None:
            raise NotOffered("The database is backed up with its own programs")
        try:
            async with self._making:
                file, size = await self._make(back_up)
        except (StoreError, OSError) as error:
            raise OperationFailed("Failed to back up the database") from error
        moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(self._clock()))
        headers = {
            "Content-Length": str(size),
            "Content-Disposition": f'attachment; filename="perilune-{moment}.db.gz"',
        }
        return StreamingResponse(_content(file), media_type=MEDIA_TYPE, headers=headers)

    async def _make(self, back_up: BackUp) -> tuple[BinaryIO, int]:
        """Return a copy that has no name any more, so that it is gone when it is closed."""
        folder = Path(tempfile.mkdtemp(prefix="backup-", dir=self._folder))
        try:
            copy = folder / "copy.db.gz"
            await back_up(copy)
            file = copy.open("rb")
            return file, copy.stat().st_size
        finally:
            shutil.rmtree(folder)


async def _content(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while part := await asyncio.to_thread(file.read, COPIED_AT_ONCE):
            yield part
